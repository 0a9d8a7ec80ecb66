"""The official zip at its real size: its directory, the memory of a process, and rates per core.

`onet preprocess` reads the data set of the paper's authors, a zip of 73 GB with 1.2 million
members, in place. Two zips are generated here: one with a directory of that size, whose members
are empty, and one with few objects of real size (100 000 points, 24 views), which are converted in
this process, in turns with plain inflation of the same members; their times are the processor's.

    python bench/official_zip.py
"""

import gc
import hashlib
import io
import pickle
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from itertools import count as numbers_from_0
from pathlib import Path

import numpy as np
from harness import Row, arguments, publish
from PIL import Image

from onet_cli.archives.zip_part import ZipPart
from onet_cli.files import search_folders_once, write_bytes
from onet_cli.malloc import keep_some_freed_memory
from onet_cli.preprocessing.packer import Packer
from onet_cli.preprocessing.sources.archive import SYNSETS, ArchiveSource, open_archive
from onet_cli.preprocessing.workers import Converter
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.shape_bytes import shape_bytes
from onet_cli.shapes.store import DatasetInfo, ShapeStore

VIEWS, POINTS = 24, 100_000
FILES = ("points.npz", "pointcloud.npz", "model.binvox", "img_choy2016/cameras.npz")

PEAK = """
def peak():
    # Not that of getrusage, which a process inherits from the one that started it.
    from pathlib import Path
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
"""
START = """
import pickle, sys, time
began = time.perf_counter()
from pathlib import Path
from onet_cli.preprocessing.sources.archive import open_archive
source = open_archive(Path(sys.argv[1]))
ids = source.ids()
source.splits(), source.categories()
part = pickle.dumps(source.part(ids[len(ids) // 2]))
seconds = time.perf_counter() - began
print(seconds, time.process_time(), peak(), len(ids), len(part))
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


def directory_zip(path: Path, members: int) -> int:
    """Write a zip of empty members, named as the official ones; return how many there are."""
    models = max(1, members // (VIEWS + len(FILES)))
    names = [f"{number:03d}.jpg" for number in range(VIEWS)]
    below = [*FILES, *(f"img_choy2016/{name}" for name in names)]
    keys = list(SYNSETS)
    directory, count = bytearray(), 0
    with path.open("wb") as file:
        for number in range(models):
            folder = f"ShapeNet/{keys[number % len(keys)]}/{number * 2654435761 % 2**64:032x}"
            for name in below:
                text = f"{folder}/{name}".encode()
                facts = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, 0, 0, 0, len(text), 0)
                directory += b"PK\x01\x02\x14\x03" + facts
                directory += struct.pack("<HHHII", 0, 0, 0, 0, file.tell()) + text
                file.write(b"PK\x03\x04" + facts + text)
                count += 1
        _end(file, directory, count)
    return count


def _end(file: io.BufferedWriter, directory: bytes, count: int) -> None:
    start, size = file.tell(), len(directory)
    file.write(directory)
    end = file.tell()
    file.write(
        b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
    )
    file.write(b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1))
    file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0))


def objects_zip(path: Path, objects: int) -> None:
    """Write a zip of `objects` spheres of the real size."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(objects):
            folder = f"ShapeNet/{list(SYNSETS)[number % 13]}/{number:032x}"
            points = rng.random((POINTS, 3)) - 0.5
            inside = np.linalg.norm(points, axis=1) < 0.5
            normals = rng.normal(size=(POINTS, 3))
            normals /= np.linalg.norm(normals, axis=1, keepdims=True)
            cube = {"loc": np.zeros(3, np.float32), "scale": np.float32(1)}
            points = points.astype(np.float16)
            _npz(
                archive,
                f"{folder}/points.npz",
                cube | {"points": points, "occupancies": np.packbits(inside)},
            )
            _npz(
                archive,
                f"{folder}/pointcloud.npz",
                cube
                | {
                    "points": (normals / 2).astype(np.float32),
                    "normals": normals.astype(np.float32),
                },
            )
            for view in range(VIEWS):
                picture = Image.fromarray(_picture(rng))
                data = io.BytesIO()
                picture.save(data, "JPEG", quality=90)
                archive.writestr(f"{folder}/img_choy2016/{view:03d}.jpg", data.getvalue())


def _picture(rng: np.random.Generator) -> np.ndarray:
    rows, columns = np.mgrid[:137, :137]
    picture = np.full((137, 137, 3), 255, np.uint8)
    disc = (rows - 68) ** 2 + (columns - 68) ** 2 < 50**2
    picture[disc] = rng.integers(40, 200, (int(disc.sum()), 3), dtype=np.uint8)
    return picture


def _npz(archive: zipfile.ZipFile, name: str, arrays: dict[str, np.ndarray]) -> None:
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    archive.writestr(name, data.getvalue())


def start_row(folder: Path, members: int) -> Row:
    """Measure the start on a directory of `members` in a process of its own."""
    path = folder / "directory.zip"
    count = directory_zip(path, members)
    found = subprocess.run(
        [sys.executable, "-c", PEAK + START, str(path)], check=True, capture_output=True, text=True
    )
    seconds, busy, peak, ids, part = found.stdout.split()
    return {
        "what": f"start on {count} members, {ids} objects",
        "seconds": float(seconds),
        "processor ms": 1000 * float(busy),
        "peak MiB": float(peak),
        "note": f"{part} bytes are sent to a worker for an object",
    }


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
    left, other, third = iter(parts), iter(parts), iter(parts)

    def convert() -> None:
        part, shape_id = next(left)
        assert converter(part, shape_id)[1] is None

    def inflate() -> None:
        _inflate(next(other)[0])

    steps = Steps(folder / "steps")

    def read() -> None:
        steps.read(*next(third))

    # Processor time, not that of the disk, which differs between file systems.
    turns = {"convert": convert, "inflate": inflate, "read": read, **steps.others()}
    seconds = interleave_processor_time(turns, objects)
    packing = _pack(store, pack)
    for number, part in enumerate(parts[:10]):
        (folder / f"{number}.part").write_bytes(pickle.dumps(part))
    command = [sys.executable, "-c", PEAK + CONVERT, str(folder), str(folder / "data")]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    inflation = seconds.pop("inflate")
    rows: list[Row] = [
        {"what": "plain inflation", "processor ms": 1000 * inflation, "note": "also of .npz"}
    ]
    for name, peak in (("convert", float(found.stdout)), ("convert and pack", "")):
        taken = seconds["convert"] + (packing if name != "convert" else 0)
        note = f"{inflation / taken:.2f} of the rate of inflation"
        rows.append({"what": name, "processor ms": 1000 * taken, "peak MiB": peak, "note": note})
    for name, taken in seconds.items():
        if name != "convert":
            rows.append({"what": f"  of it {name}", "processor ms": 1000 * taken})
    return rows


class Steps:
    """What a conversion consists of, one by one, each with the result of the one before."""

    def __init__(self, folder: Path) -> None:
        self._paths = (folder / f"{number}.h5" for number in numbers_from_0())
        self._rng = np.random.default_rng(0)

    def read(self, part: ArchiveSource, shape_id: ShapeId) -> None:
        """Read a shape."""
        self._members = part._members
        self._shape = part.read(shape_id)

    def others(self) -> dict[str, Callable[[], None]]:
        """Return the other steps by name."""
        return {
            "SHA-256 of source and arrays": self._hash,
            "shuffling": self._shuffle,
            "file in memory, with shuffling and a SHA-256": self._make,
            "write, flush, rename": self._write,
        }

    def _hash(self) -> None:
        # As many bytes: the arrays and pictures, once as they are and once as in the zip.
        shape, digest = self._shape, hashlib.sha256()
        surface = shape.surface.points.data, shape.surface.normals.data
        for data in (shape.occupancy.points.data, *surface, *shape.views.images):
            digest.update(data)
        for entry in self._members.entries.values():  # type: ignore[attr-defined]
            digest.update(bytes(entry.bytes))

    def _shuffle(self) -> None:
        samples = self._shape.occupancy
        order = self._rng.permutation(len(samples.points))
        samples.points.take(order, axis=0)
        np.packbits(samples.occupancies.take(order))

    def _make(self) -> None:
        self._data = shape_bytes(self._shape, self._rng)

    def _write(self) -> None:
        write_bytes(next(self._paths), self._data)


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


def _inflate(part: ArchiveSource) -> None:
    """Inflate all members of a shape, and what is packed in its .npz files, by Python's zlib."""
    members = part._members
    assert isinstance(members, ZipPart)
    for name, entry in members.entries.items():
        data = zlib.decompress(members._packed(name, entry), -zlib.MAX_WBITS, entry.bytes)
        assert zlib.crc32(data) == entry.checksum
        if name.endswith(".npz"):
            with zipfile.ZipFile(io.BytesIO(data)) as inner:
                for each in inner.namelist():
                    inner.read(each)


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=1_200_000, help="of the directory")
    parser.add_argument("--objects", type=int, default=50, help="of real size")
    parser.add_argument("--pack", type=int, default=25, help="shapes of a pack")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows = [start_row(Path(name), options.members)]
        rows += object_rows(Path(name), options.objects, options.pack)
    publish("The official zip", rows, options.json)


if __name__ == "__main__":
    main()
