"""Memory and processor time of the main process of `onet preprocess` for each object.

    python bench/ids.py --objects 100000

A data set of so many objects is generated whose files are one byte each, in packs of 256, and then
preprocessed again: the command finds all of them stored, and writes lists and description anew, as
it does at the end of each run and with `--merge`. Processes of their own do this for the objects
and for half of them; the figures are the differences.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from harness import Row, arguments, publish

from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.pipeline import preprocess
from onet_cli.shapes.pack import FOLDER, Located, write_pack
from onet_cli.shapes.shape import Shape, ShapeId
from onet_cli.shapes.store import DatasetInfo, ShapeStore

PACK, CATEGORIES = 256, 13


class Names:
    """A source of names alone, as long as those of ShapeNet."""

    name, licence, attribution = "names", "", ""

    def __init__(self, count: int) -> None:
        digests = (hashlib.md5(str(number).encode()).hexdigest() for number in range(count))
        keys = [f"{number:08d}" for number in range(CATEGORIES)]
        self._ids = sorted(ShapeId(keys[n % CATEGORIES], d) for n, d in enumerate(digests))

    def ids(self) -> list[ShapeId]:
        """Return the names, sorted."""
        return self._ids

    def categories(self) -> dict[str, str]:
        """Return no readable names."""
        return {}

    def splits(self) -> None:
        """Return no lists."""

    def part(self, shape_id: ShapeId) -> "Names":
        """Return `self`."""
        return self

    def read(self, shape_id: ShapeId) -> Shape:
        """Never called: all are stored."""
        raise NotImplementedError


def make(root: Path, count: int) -> None:
    """Store objects of one byte each."""
    store = ShapeStore.create(root, DatasetInfo(Names.name))
    byte = root / "byte"
    byte.write_bytes(b"0")
    (root / FOLDER).mkdir()
    ids = Names(count).ids()
    for number, first in enumerate(range(0, count, PACK)):
        shapes = [(shape_id, Located(byte)) for shape_id in ids[first : first + PACK]]
        write_pack(store.root / FOLDER / f"{Names.name}-{number:06d}.h5", shapes)


def preprocess_again(root: Path, count: int) -> None:
    """Print the peak in bytes, and processor seconds, of a run that finds all objects stored."""
    start = time.process_time()
    result = preprocess(Names(count), root, PreprocessOptions(pack=PACK))
    assert result.already == count
    taken = time.process_time() - start
    # Not by getrusage, which counts the parent's, too.
    peak = Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1].split()[0]
    print(json.dumps([1024 * int(peak), taken]))


def difference(counts: Sequence[int], folder: Path) -> tuple[float, float]:
    """Return bytes and processor seconds an object, from runs with two numbers of objects."""
    found = []
    for count in counts:
        root = folder / str(count)
        make(root, count)
        command = [sys.executable, __file__, "--again", str(root), "--objects", str(count)]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append(json.loads(run.stdout))
    more = counts[1] - counts[0]
    return (found[1][0] - found[0][0]) / more, (found[1][1] - found[0][1]) / more


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--again", type=Path, help="only preprocess what is in this folder again")
    options = parser.parse_args()
    if options.again is not None:
        preprocess_again(options.again, options.objects)
        return
    with tempfile.TemporaryDirectory() as name:
        memory, seconds = difference((options.objects // 2, options.objects), Path(name))
    row: Row = {"objects": options.objects, "bytes an object": memory}
    row["processor ms an object"] = 1000 * seconds
    publish("The main process of onet preprocess", [row], options.json, ["h5py"])


if __name__ == "__main__":
    main()
