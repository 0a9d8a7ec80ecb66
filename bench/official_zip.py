"""The official zip at its real size: its directory, the memory of a process, and rates per core.

`onet preprocess` reads the data set of the paper's authors, a zip of 73 GB with 1.2 million
members, in place. Two zips are generated here: one with a directory of that size, without what the
members hold, and one with few objects of real size (100 000 points, 24 views), which are converted
in this process, in turns with plain inflation of the same members; their times are the processor's.
Below is what a conversion consists of, each step measured alone.

    python bench/official_zip.py
"""

import gc
import hashlib
import io
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from itertools import count as numbers_from_0
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from deflate import crc32, deflate_decompress
from harness import Row, arguments, publish
from zip_files import directory_zip, objects_zip, require_holes

from onet_cli.archives.zip_directory import entries_in
from onet_cli.archives.zip_member import packed_start
from onet_cli.archives.zip_part import ZipPart
from onet_cli.files import search_folders_once, write_bytes
from onet_cli.malloc import keep_some_freed_memory
from onet_cli.preprocessing.packer import Packer
from onet_cli.preprocessing.sources.archive import ArchiveSource, open_archive
from onet_cli.preprocessing.workers import Converter
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.shape_bytes import _arrays, shape_bytes
from onet_cli.shapes.shuffle import permutation, take_rows
from onet_cli.shapes.store import DatasetInfo, ShapeStore
from onet_cli.shapes.stored import checksum

_CAMERAS = "cameras.npz"

PEAK = """
def peak():
    # Not that of getrusage, which a process inherits from the one that started it.
    from pathlib import Path
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
"""
START = """
import pickle, sys, time
from pathlib import Path
from onet_cli.preprocessing.sources.archive import open_archive
source = open_archive(Path(sys.argv[1]))
ids = source.ids()
source.splits(), source.categories()
part = pickle.dumps(source.part(ids[len(ids) // 2]))
print(time.process_time(), peak(), len(ids), len(part))
"""
ZIPFILE = """
import sys, time, zipfile
archive = zipfile.ZipFile(sys.argv[1])
print(time.process_time(), peak(), len(archive.infolist()), 0)
"""
CONVERT = """
import pickle, sys
from pathlib import Path
from onet_cli.preprocessing.workers import Converter
from onet_cli.files import search_folders_once
from onet_cli.malloc import keep_some_freed_memory
from onet_cli.shapes.store import ShapeStore
keep_some_freed_memory()
search_folders_once()
store = ShapeStore.open(Path(sys.argv[2]))
for name in Path(sys.argv[1]).glob("*.part"):
    source, shape_id = pickle.loads(name.read_bytes())
    assert Converter(store, 0)(source, shape_id)[1] is None
print(peak())
"""


def start_rows(folder: Path, members: int) -> list[Row]:
    """Measure the start on a directory of `members`, and Python's zipfile, in processes."""
    path = folder / "directory.zip"
    require_holes(folder)
    count, wide = directory_zip(path, members)
    rows: list[Row] = []
    for program in (START, ZIPFILE):
        command = [sys.executable, "-c", PEAK + program, str(path)]
        began = time.perf_counter()
        found = subprocess.run(command, check=True, capture_output=True, text=True)
        wall = time.perf_counter() - began
        busy, peak, ids, sent = found.stdout.split()
        what = f"start: {count} members, {ids} objects"
        note = f"{wide} offsets need zip64; {sent} bytes are sent to a worker for an object"
        if program is ZIPFILE:
            what, note = "Python's `zipfile`, the directory alone", ""
        row = {"what": what, "wall s": wall, "processor ms": 1000 * float(busy)}
        rows.append(row | {"rate of inflation": "", "peak MiB": float(peak), "note": note})
    return rows


def object_rows(folder: Path, objects: int, pack: int) -> list[Row]:
    """Measure the conversion of `objects` beside plain inflation, and the memory of a worker."""
    path = folder / "objects.zip"
    objects_zip(path, objects)
    source = open_archive(path)
    assert source is not None
    # As a worker does.
    keep_some_freed_memory()
    search_folders_once()
    gc.freeze()
    store = ShapeStore.create(folder / "data", DatasetInfo("shapenet"))
    converter = Converter(store, 0)
    parts = [(source.part(shape_id), shape_id) for shape_id in source.ids()]
    left, steps = iter(parts), Steps(iter(parts), folder / "steps", ZipFile(path))

    def convert() -> None:
        part, shape_id = next(left)
        assert converter(part, shape_id)[1] is None

    # Processor time, not that of the disk, which differs between file systems.
    turns = {"convert": convert, "prepare": steps.prepare, **steps.turns()}
    turns["release"] = steps.release
    seconds = interleave_processor_time(turns, objects)
    packing = _pack(store, pack)
    for number, part in enumerate(parts[:10]):
        (folder / f"{number}.part").write_bytes(pickle.dumps(part))
    command = [sys.executable, "-c", PEAK + CONVERT, str(folder), str(folder / "data")]
    peak = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    inflation, conversion = seconds["plain inflation"], seconds["convert"]
    usual = {"what": "the same by `zipfile` and `np.load`", "processor ms": 1000 * seconds["usual"]}
    rows: list[Row] = [
        {"what": "plain inflation of an object", "processor ms": 1000 * inflation},
        usual,
        {"what": "conversion of an object", "processor ms": 1000 * conversion, "peak MiB": peak},
        {"what": f"with `--pack {pack}`", "processor ms": 1000 * (conversion + packing)},
    ]
    for row in rows:
        row["rate of inflation"] = 1000 * inflation / row["processor ms"]
    return rows + steps.rows(seconds, packing)


class Stream(NamedTuple):
    """Bytes packed by deflate, how many they unpack to, and their checksum."""

    packed: memoryview
    bytes: int
    checksum: int


class Steps:
    """What the conversions of `parts` consist of; `prepare` takes the next, untimed."""

    def __init__(
        self, parts: Iterator[tuple[ArchiveSource, ShapeId]], folder: Path, archive: ZipFile
    ) -> None:
        self._parts, self._archive = parts, archive
        self._paths = (folder / f"{number}.h5" for number in numbers_from_0())
        self._rng = np.random.default_rng(0)

    def prepare(self) -> None:
        """Read what the steps take of the next object."""
        part, shape_id = next(self._parts)
        members = part._members
        assert isinstance(members, ZipPart)
        self._part, self._members, self._shape = part, members, part.read(shape_id)
        self._blind = copy(part)
        self._blind._members = ZipPart(
            members.path, {k: v for k, v in members.entries.items() if not k.endswith(_CAMERAS)}
        )
        self._read = {name: members.read(name) or b"" for name in members.entries}
        self._arrays = _arrays(self._shape, np.random.default_rng(0))
        self._data = shape_bytes(self._shape, np.random.default_rng(0))
        self._outer = [
            Stream(members._packed(name, entry), entry.bytes, entry.checksum)
            for name, entry in members.entries.items()
        ]
        self._inner = [
            stream for name, data in self._read.items() for stream in _streams(name, data)
        ]

        sizes = [sum(stream.bytes for stream in own) / 1e6 for own in (self._outer, self._inner)]
        self._notes = {
            "inflation by libdeflate": f"{len(self._outer)} members of {sizes[0]:.1f} MB, "
            f"and in them {len(self._inner)} arrays of {sizes[1]:.1f} MB",
            "shuffling": f"{len(self._shape.occupancy.points)} points",
            "writing, flush, rename": f"{len(self._data) / 1e6:.1f} MB",
        }

    def release(self) -> None:
        """Free what was read, which a worker does not have."""
        for name in ("part", "members", "shape", "blind", "read", "arrays", "data"):
            delattr(self, f"_{name}")
        self._outer, self._inner = [], []

    def turns(self) -> dict[str, Callable[[], None]]:
        """Return plain inflation, and the steps by name."""
        return {
            "plain inflation": self._inflate_plainly,
            "usual": self._read_as_usual,
            "inflation": self._inflate,
            "read": lambda: self._part.read(self._shape.id) and None,
            "read without cameras": lambda: self._blind.read(self._shape.id) and None,
            "SHA-256": self._hash,
            "checksum": lambda: checksum(self._arrays) and None,
            "shuffling": self._shuffle,
            "file": lambda: shape_bytes(self._shape, self._rng) and None,
            "write": lambda: write_bytes(next(self._paths), self._data),
        }

    def rows(self, seconds: Mapping[str, float], packing: float) -> list[Row]:
        """Return the table of the steps; those in between are differences."""
        kept = seconds["checksum"] + seconds["shuffling"]
        found = {
            "inflation by libdeflate": seconds["inflation"],
            "two SHA-256": seconds["SHA-256"] + seconds["checksum"],
            "shuffling": seconds["shuffling"],
            "writing, flush, rename": seconds["write"],
            "HDF5 in memory": seconds["file"] - kept,
            "cameras": seconds["read"] - seconds["read without cameras"],
        }
        found["heads, reads, checks, calls"] = seconds["convert"] - sum(found.values())
        found["packing, in the command's own process"] = packing
        return [
            {"what": name, "processor ms": 1000 * taken, "note": self._notes.get(name, "")}
            for name, taken in found.items()
        ]

    def _inflate_plainly(self) -> None:
        for name, entry in self._members.entries.items():
            packed = self._members._packed(name, entry)
            data = zlib.decompress(packed, -zlib.MAX_WBITS, entry.bytes)
            assert zlib.crc32(data) == entry.checksum
        for packed, size, check in self._inner:
            assert zlib.crc32(zlib.decompress(packed, -zlib.MAX_WBITS, size)) == check

    def _read_as_usual(self) -> None:
        for name in self._members.entries:
            data = self._archive.read(name)
            if name.endswith(".npz"):
                dict(np.load(io.BytesIO(data)))

    def _inflate(self) -> None:
        for packed, size, check in (*self._outer, *self._inner):
            assert crc32(deflate_decompress(packed, size + 1)) == check

    def _hash(self) -> None:
        digest = hashlib.sha256()
        for name, data in self._read.items():
            if not name.endswith(_CAMERAS):
                digest.update(data)

    def _shuffle(self) -> None:
        samples = self._shape.occupancy
        order = permutation(len(samples.points), self._rng)
        take_rows(samples.points, order)
        np.packbits(take_rows(samples.occupancies, order))


def _streams(name: str, data: bytes) -> list[Stream]:
    """Return the arrays that are packed in an .npz file, none of other files."""
    found = []
    for path, entry in entries_in(data) if name.endswith(".npz") else ():
        if entry.method == ZIP_DEFLATED:
            here = memoryview(data)[entry.offset :]
            start = packed_start(here, path)
            packed = here[start : start + entry.packed_bytes]
            found.append(Stream(packed, entry.bytes, entry.checksum))
    return found


def _pack(store: ShapeStore, size: int) -> float:
    """Return the processor time to move a shape to a pack."""
    ids = store.ids()
    start = time.process_time()
    Packer(store, "shapenet", ids, size).finish()
    return (time.process_time() - start) / len(ids)


def interleave_processor_time(
    contestants: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, float]:
    """Return the median processor time of each contestant; they take turns, in `rounds` rounds."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            start = time.process_time()
            work()
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=1_200_000, help="of the directory")
    parser.add_argument("--objects", type=int, default=50, help="of real size")
    parser.add_argument("--pack", type=int, default=25, help="shapes of a pack")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows = start_rows(Path(name), options.members)
        rows += object_rows(Path(name), options.objects, options.pack)
    publish("The official zip", rows, options.json)


if __name__ == "__main__":
    main()
