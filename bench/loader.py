"""Training samples a second, of one process: ours beside two older ways to store the same data.

All three give one picture and 2 048 labelled points of a shape, drawn at random, from files that
the system has in its cache. The older two are written here, plainly, from their description:

* `npz`: as the authors' code. A folder a shape: a JPEG for each view, and all points with packed
  occupancies in one .npz, which is read whole for each sample; the picture is resized to 224 x 224
  and becomes float32.
* `hdf5 whole`: as noisypixel. One HDF5 file a shape, its pictures as pixels; every view and all
  points are read for each sample, of which one view, resized likewise, and 2 048 points are kept.
* `h5py`: our files, read chunk by chunk through h5py.
* `ours`: our files, read by the places of the bytes; pictures stay uint8 at their size, and are
  resized in the batch, which is no loader's work.
* `ours, --cache ram`: the same samples, bit for bit, in batches of 32 from memory.

Usage: python bench/loader.py [--data STORE] [--samples 400] [--rounds 5] [--json FILE]
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch
from harness import Row, arguments, interleave, publish
from numpy.typing import NDArray
from PIL import Image

from onet_cli.preprocessing.sources.procedural import ProceduralSource
from onet_cli.shapes.info import CategoryInfo, DatasetInfo
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.cache import ShapeCache, plan_cache
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.dataset import OccupancyDataset, draw_points

POINTS, SIZE, BATCH = 2048, 224, 32
MADE = 24
"""Shapes of the set that is made where none is given."""

Sample = tuple[NDArray[np.generic], NDArray[np.float32], NDArray[np.float32]]
Draw = Callable[[int, np.random.Generator], Sample]


def make_store(folder: Path) -> ShapeStore:
    """Return a data set of a few generated shapes with 24 views and 100 000 points each."""
    source = ProceduralSource(count=MADE, seed=0, views=24, points=100_000)
    shapes = [source.read(shape) for shape in source.ids()]
    categories = {shape.id.category: CategoryInfo(shape.id.category, 1) for shape in shapes}
    store = ShapeStore.create(folder, DatasetInfo("bench", categories))
    for shape in shapes:
        store.write(shape, np.random.default_rng(0))
    store.set_split("train", [shape.id for shape in shapes])
    return store


def write_npz(store: ShapeStore, ids: list[ShapeId], folder: Path) -> None:
    for shape_id in ids:
        shape, place = store.read(shape_id), folder / shape_id.category / shape_id.name
        place.mkdir(parents=True)
        for number, picture in enumerate(shape.views.images):
            (place / f"{number:03}.jpg").write_bytes(picture)
        occupancies = np.packbits(shape.occupancy.occupancies)
        np.savez(place / "points.npz", points=shape.occupancy.points, occupancies=occupancies)


def write_whole(store: ShapeStore, ids: list[ShapeId], folder: Path) -> None:
    for shape_id in ids:
        shape, path = store.read(shape_id), folder / shape_id.category / f"{shape_id.name}.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file["images"] = np.stack([decode_view(picture) for picture in shape.views.images])
            file["points"] = shape.occupancy.points
            file["occupancies"] = np.packbits(shape.occupancy.occupancies)


def as_input(picture: Image.Image) -> NDArray[np.float32]:
    """Return `picture` as these networks take it, (3, 224, 224) in [0, 1]."""
    resized = picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32).transpose(2, 0, 1) / 255


def npz(ids: list[ShapeId], folder: Path) -> Draw:
    def draw(index: int, rng: np.random.Generator) -> Sample:
        place = folder / ids[index].category / ids[index].name
        views = sorted(place.glob("*.jpg"))
        pixels = as_input(Image.open(views[rng.integers(len(views))]).convert("RGB"))
        with np.load(place / "points.npz") as arrays:
            points = arrays["points"].astype(np.float32)
            points += 1e-4 * rng.standard_normal(points.shape).astype(np.float32)
            inside = np.unpackbits(arrays["occupancies"])[: len(points)].astype(np.float32)
        rows = rng.integers(len(points), size=POINTS)
        return pixels, points[rows], inside[rows]

    return draw


def whole(ids: list[ShapeId], folder: Path) -> Draw:
    def draw(index: int, rng: np.random.Generator) -> Sample:
        with h5py.File(folder / ids[index].category / f"{ids[index].name}.h5") as file:
            pictures, points = file["images"][:], file["points"][:]
            packed = file["occupancies"][:]
        rows = rng.integers(len(points), size=POINTS)
        inside = np.unpackbits(packed)[: len(points)]
        picture = as_input(Image.fromarray(pictures[rng.integers(len(pictures))]))
        return picture, points[rows].astype(np.float32), inside[rows].astype(np.float32)

    return draw


def by_h5py(store: ShapeStore, ids: list[ShapeId]) -> Draw:
    def draw(index: int, rng: np.random.Generator) -> Sample:
        shape = ids[index]
        picture = decode_view(store.read_view(shape, rng.integers(store.view_count(shape))))
        samples = store.read_chunk(shape, rng.integers(store.chunk_count(shape)))
        rows = draw_points(samples.occupancies, POINTS, "uniform", rng).rows
        return (
            picture,
            samples.points[rows].astype(np.float32),
            samples.occupancies[rows].astype(np.float32),
        )

    return draw


def main() -> None:
    """Write the older files, draw from all in turns, print samples a second."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, help="a data set; its first 200 training shapes")
    parser.add_argument("--samples", type=int, default=400, help="drawn in each turn")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        store = ShapeStore.open(asked.data) if asked.data else make_store(folder / "store")
        ids = store.ids("train")[:200]
        write_npz(store, ids, folder / "npz")
        write_whole(store, ids, folder / "whole")
        ours = OccupancyDataset(store.root, TrainingConfig(Budget(steps=1), points=POINTS))
        passes = iter(range(10**9))

        def turn(draw: Draw) -> None:
            rng = np.random.default_rng(next(passes))
            for _ in range(asked.samples):
                draw(int(rng.integers(len(ids))), rng)

        def own(index: int, rng: np.random.Generator) -> Sample:
            sample = ours[index, int(rng.integers(1000))]
            return sample.images.numpy(), sample.points.numpy(), sample.occupancies.numpy()

        contestants: dict[str, Draw] = {
            "npz": npz(ids, folder / "npz"),
            "hdf5 whole": whole(ids, folder / "whole"),
            "h5py": by_h5py(store, ids),
            "ours": own,
        }
        runs = {name: (lambda draw=draw: turn(draw)) for name, draw in contestants.items()}
        ours.ids = ids
        cache = ShapeCache(ours, plan_cache(ours), torch.device("cpu"))

        def batches() -> None:
            rng = np.random.default_rng(next(passes))
            for _ in range(max(1, asked.samples // BATCH)):
                cache.batch([(int(rng.integers(len(ids))), next(passes)) for _ in range(BATCH)])

        runs["ours, --cache ram"] = batches
        seconds = interleave(runs, asked.rounds)
    drawn = dict.fromkeys(seconds, asked.samples)
    drawn["ours, --cache ram"] = max(1, asked.samples // BATCH) * BATCH
    each = {name: taken / drawn[name] for name, taken in seconds.items()}
    rows: list[Row] = [
        {
            "files": name,
            "samples a second": 1 / taken,
            "ms a sample": 1000 * taken,
            "ours / theirs": taken / each["ours"],
        }
        for name, taken in each.items()
    ]
    publish("Training samples of one process", rows, asked.json, ("h5py", "pillow"))


if __name__ == "__main__":
    main()
