"""Data sets written by noisypixel: `hdf_data/<category>_<id>.h5` with decoded images."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.errors import SourceError, StoreError
from onet_cli.preprocessing.convert import occupancy_samples, require, surface_samples, unit_cube
from onet_cli.preprocessing.sources.archive import SYNSETS, ArchiveSource
from onet_cli.shapes.hdf5 import read_hdf5
from onet_cli.shapes.shape import Shape, ShapeId, Views
from onet_cli.shapes.split import SPLITS


class NoisypixelSource:
    """Source for a folder of noisypixel's files; samples are kept, images are encoded as PNG.

    Cameras are dropped: images were stored in directory order, so their cameras are unknown.
    """

    name = "noisypixel"
    licence = ArchiveSource.licence
    attribution = ArchiveSource.attribution

    def __init__(self, folder: Path) -> None:
        found = find_folder(folder)
        if found is None:
            raise SourceError(
                f"{folder} contains no noisypixel files",
                hint="expected hdf_data/<category>_<id>.h5 inside",
            )
        self._folder = found

    def categories(self) -> dict[str, str]:
        """Return the readable name of every category, by synset."""
        keys = sorted({shape_id.category for shape_id in self.ids()})
        return {key: SYNSETS.get(key, key) for key in keys}

    def splits(self) -> dict[str, list[ShapeId]] | None:
        """Return the splits from the lists of file names, or None if there are no lists."""
        splits = {}
        for split in SPLITS:
            path = self._folder / f"{split}.lst"
            if path.is_file():
                names = path.read_text(encoding="utf-8", errors="replace").split()
                splits[split] = [_parse_id(name) for name in names if "_" in name]
        return splits or None

    def ids(self) -> list[ShapeId]:
        """Return every shape that has a file or is in a list, sorted."""
        found = {_parse_id(path.name) for path in self._folder.glob("[!.]*_*.h5")}
        return sorted(found.union(*(self.splits() or {}).values()))

    def part(self, shape_id: ShapeId) -> "NoisypixelSource":
        """Return `self`, which is cheap to pickle."""
        return self

    def read(self, shape_id: ShapeId) -> Shape:
        """Return one shape."""
        path = self._folder / f"{shape_id.category}_{shape_id.name}.h5"
        if not path.is_file():
            raise SourceError(f"{path.name} is missing")
        try:
            arrays = read_hdf5(path)
        except StoreError as error:
            raise SourceError(str(error)) from error
        points, cloud = _group(arrays, "points"), _group(arrays, "pointcloud")
        images = tuple(_encode(image) for image in np.atleast_1d(require(arrays, "images")))
        if not images:
            raise SourceError("it has no images")
        return Shape(
            id=shape_id,
            unit_cube=unit_cube(points),
            occupancy=occupancy_samples(points),
            surface=surface_samples(cloud),
            views=Views(images),
            source_hash=hashlib.sha256(path.read_bytes()).hexdigest(),
            licence=self.licence,
        )


def find_folder(folder: Path) -> Path | None:
    """Return `folder` or its `hdf_data`, whichever contains noisypixel's files, or None."""
    for candidate in (folder, folder / "hdf_data"):
        if next(candidate.glob("[!.]*_*.h5"), None) is not None:
            return candidate
    return None


def _parse_id(file_name: str) -> ShapeId:
    category, _, name = file_name.removesuffix(".h5").partition("_")
    return ShapeId(category, name)


def _group(arrays: dict[str, NDArray[Any]], group: str) -> dict[str, NDArray[Any]]:
    prefix = f"{group}/"
    return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}


def _encode(image: NDArray[Any]) -> bytes:
    """Return a decoded image (H, W, 3) or (H, W) as PNG, which is lossless."""
    fits = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
    if image.dtype != np.uint8 or not fits or image.size == 0:
        raise SourceError(f"an image is {image.shape} {image.dtype}, not (H, W, 3) uint8")
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG")
    return stream.getvalue()
