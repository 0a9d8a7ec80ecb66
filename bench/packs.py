"""Packed data sets beside unpacked ones: training samples per second, files and bytes.

    python bench/packs.py --objects 512 --pack 256

The objects are one generated shape of the real size (100 000 points and surface samples, 24
views), stored under different names. Samples are drawn in random order, as in training, from both
data sets in turns, by a reader that has seen every object once. Reads are the system's, counted by
Linux: those of a sample, and those by which a file's arrays are found when it is first opened. Each
would be a request to an object store.
"""

import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from harness import Row, arguments, interleave, publish

from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.packer import Packer
from onet_cli.preprocessing.sources.resolve import open_source
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.shape_bytes import shape_bytes
from onet_cli.shapes.store import DatasetInfo, ShapeStore
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.dataset import OccupancyDataset


def make(root: Path, objects: int) -> ShapeStore:
    """Store one generated shape `objects` times."""
    source = open_source("procedural", PreprocessOptions(count=1))
    shape = source.read(source.ids()[0])
    store = ShapeStore.create(root, DatasetInfo("procedural"))
    ids = [ShapeId("chair", f"{number:06d}") for number in range(objects)]
    (root / "shapes" / "chair").mkdir()
    for shape_id in ids:
        data = shape_bytes(replace(shape, id=shape_id), np.random.default_rng(0))
        store.path(shape_id).write_bytes(data)
    store.set_split("train", ids)
    return store


def counted_reads() -> tuple[int, int]:
    """Return how often this process has read, and bytes, from files and the like."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    facts = dict(line.split(": ") for line in lines)
    return int(facts["syscr"]), int(facts["rchar"])


def reads_of(work: Callable[[], object], samples: int) -> tuple[float, float]:
    """Return reads and bytes a sample of `work`."""
    counted_reads()
    before = counted_reads()
    own = counted_reads()  # what counting itself reads
    work()
    after = counted_reads()
    reads, size = (c - b - (b - a) for a, b, c in zip(before, own, after, strict=True))
    return reads / samples, size / samples


def main() -> None:
    """Make both data sets, draw from them in turns, print the table."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=512)
    parser.add_argument("--pack", type=int, default=256)
    parser.add_argument("--samples", type=int, default=1000, help="in a turn")
    asked = parser.parse_args()
    config = TrainingConfig(Budget(steps=1), points=2048)
    with tempfile.TemporaryDirectory() as name:
        stores = {kind: make(Path(name) / kind, asked.objects) for kind in ("unpacked", "packed")}
        packed = stores["packed"]
        Packer(packed, "procedural", packed.ids(), asked.pack).finish()
        sets = {kind: OccupancyDataset(store.root, config) for kind, store in stores.items()}
        first = {
            kind: reads_of(lambda data=data: [data[i, 0] for i in range(len(data))], len(data))
            for kind, data in sets.items()
        }
        order = random.Random(0)

        def draw(data: OccupancyDataset) -> None:
            for _ in range(asked.samples):
                data[order.randrange(asked.objects), order.randrange(1000)]

        turns = {kind: (lambda data=data: draw(data)) for kind, data in sets.items()}
        seconds = interleave(turns, asked.rounds)
        reads = {kind: reads_of(turn, asked.samples) for kind, turn in turns.items()}
        rows: list[Row] = []
        for kind, store in stores.items():
            files = list(store.root.rglob("*.h5"))
            rows.append(
                {
                    "data set": kind,
                    "samples/s": asked.samples / seconds[kind],
                    "of unpacked": seconds["unpacked"] / seconds[kind],
                    "reads/sample": reads[kind][0],
                    "kB/sample": reads[kind][1] / 1000,
                    "reads/object, at first": first[kind][0],
                    "files/object": len(files) / asked.objects,
                    "bytes/object": sum(path.stat().st_size for path in files) / asked.objects,
                }
            )
    publish(f"{asked.objects} objects, packs of {asked.pack}", rows, asked.json, ["h5py"])


if __name__ == "__main__":
    main()
