"""The official ShapeNet data set of Occupancy Networks, as a zip or as a folder."""

import hashlib
import json
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli.archives.members import FolderMembers, Members, ZipMembers
from onet_cli.archives.npz import read_npz
from onet_cli.errors import SourceError
from onet_cli.geometry.normalize import UnitCube
from onet_cli.geometry.picture_size import picture_size
from onet_cli.preprocessing.convert import (
    cameras,
    check_view,
    occupancy_samples,
    surface_samples,
    unit_cube,
)
from onet_cli.shapes.shape import Shape, ShapeId, Views
from onet_cli.shapes.split import SPLITS

SYNSETS = {
    "02691156": "airplane",
    "02828884": "bench",
    "02933112": "cabinet",
    "02958343": "car",
    "03001627": "chair",
    "03211117": "display",
    "03636649": "lamp",
    "03691459": "loudspeaker",
    "04090263": "rifle",
    "04256520": "sofa",
    "04379243": "table",
    "04401088": "telephone",
    "04530566": "vessel",
}
"""Names of the 13 categories, for data without `metadata.yaml`."""

VIEWS_FOLDER = "img_choy2016"
_PICTURES = (".jpg", ".jpeg", ".png")
_SIZE_ERROR = 2.0
"""Maximum difference in pixels between twice a principal point and the size of its image."""


class ArchiveSource:
    """Shapes in the layout `<root>/<synset>/<model>/{points,pointcloud}.npz, img_choy2016/`."""

    name = "shapenet"
    licence = "ShapeNet terms of use, https://shapenet.org/terms (research and education only)"
    attribution = (
        "Models: Chang et al., ShapeNet, arXiv:1512.03012. Renderings: Choy et al., 3D-R2N2, "
        "ECCV 2016. Samples: Mescheder et al., Occupancy Networks, CVPR 2019."
    )

    def __init__(self, members: Members, root: str) -> None:
        """Take the files and the folder of the categories, "" or with a trailing slash."""
        self._members, self._root = members, root
        self._ids: list[ShapeId] | None = None

    def categories(self) -> dict[str, str]:
        """Return the readable name of every category, by synset."""
        names = {key: SYNSETS.get(key, key) for key in self._category_keys()}
        text = self._members.read(f"{self._root}metadata.yaml")
        try:
            entries = json.loads(text or b"{}")
            told = {key: str(entry["name"]).split(",")[0] for key, entry in entries.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return names  # readable names are optional, so a damaged file is ignored
        return {key: told.get(key) or name for key, name in names.items()}

    def splits(self) -> dict[str, list[ShapeId]] | None:
        """Return the splits from the lists of all categories, or None if there are no lists."""
        splits: dict[str, list[ShapeId]] = {}
        for category in self._category_keys():
            for split in SPLITS:
                text = self._members.read(f"{self._root}{category}/{split}.lst")
                if text is not None:
                    lines = text.decode("utf-8", errors="replace").split()
                    splits.setdefault(split, []).extend(ShapeId(category, n) for n in lines)
        return splits or None

    def ids(self) -> list[ShapeId]:
        """Return every shape that has a folder or is in a list, sorted."""
        if self._ids is None:
            found = {
                ShapeId(category, name)
                for category in self._category_keys()
                for name in self._members.folders(f"{self._root}{category}")
                if _is_plain(name)
            }
            listed = self.splits() or {}
            self._ids = sorted(found.union(*listed.values()))
        return self._ids

    def part(self, shape_id: ShapeId) -> "ArchiveSource":
        """Return a source of this one shape, without the archive's directory."""
        small = copy(self)
        small._members = self._members.part(f"{self._root}{shape_id}")
        small._ids = [shape_id]
        return small

    def read(self, shape_id: ShapeId) -> Shape:
        """Return one shape, with the unchanged image bytes and sample values of the files."""
        folder = f"{self._root}{shape_id.category}/{shape_id.name}/"
        digest = hashlib.sha256()
        samples = self._arrays(f"{folder}points.npz", digest)
        surface = surface_samples(self._arrays(f"{folder}pointcloud.npz", digest))
        cube = unit_cube(samples)
        return Shape(
            id=shape_id,
            unit_cube=cube,
            occupancy=occupancy_samples(samples),
            surface=surface,
            views=self._views(f"{folder}{VIEWS_FOLDER}/", digest, cube, surface.points),
            source_hash=digest.hexdigest(),
            licence=self.licence,
        )

    def _views(
        self, folder: str, digest: "hashlib._Hash", cube: UnitCube, surface: NDArray[np.floating]
    ) -> Views:
        names = [n for n in self._members.list(folder) if n.lower().endswith(_PICTURES)]
        if not names:
            raise SourceError("it has no images")
        images = tuple(self._read(f"{folder}{name}", digest) for name in names)
        for name, image in zip(names, images, strict=True):
            check_view(image, f"{folder}{name}")
        data = self._members.read(f"{folder}cameras.npz")
        if data is None:
            return Views(images)
        stems = [Path(name).stem for name in names]
        if not all(stem.isdigit() for stem in stems):
            return Views(images)
        matrices = read_npz(data, f"{folder}cameras.npz")
        found = cameras(matrices, [int(stem) for stem in stems], cube, surface)
        if found is None:
            return Views(images)
        _check_sizes(names, images, found[1])
        return Views(images, *found)

    def _arrays(self, path: str, digest: "hashlib._Hash") -> dict[str, NDArray[Any]]:
        return read_npz(self._read(path, digest), path)

    def _read(self, path: str, digest: "hashlib._Hash") -> bytes:
        data = self._members.read(path)
        if data is None:
            raise SourceError(f"{path} is missing")
        digest.update(data)
        return data

    def _category_keys(self) -> list[str]:
        return [
            name
            for name in self._members.folders(self._root)
            if _is_category(self._members, f"{self._root}{name}")
        ]


def open_archive(path: Path) -> ArchiveSource | None:
    """Return the data set in the folder or zip at `path`, or None if it has another layout.

    Raises:
        SourceError: the zip is damaged or truncated.
    """
    members: Members = FolderMembers(path) if path.is_dir() else ZipMembers(path)
    root = _find_root(members)
    return None if root is None else ArchiveSource(members, root)


def _find_root(members: Members) -> str | None:
    """Return the folder of the categories, "" or with a trailing slash, or None."""
    for candidate in ("", *(f"{name}/" for name in members.folders("") if _is_plain(name))):
        if any(_is_category(members, candidate + name) for name in members.folders(candidate)):
            return candidate
    return None


def _is_category(members: Members, folder: str) -> bool:
    if not _is_plain(folder.rpartition("/")[2]):
        return False
    names = members.list(folder)
    if any(f"{split}.lst" in names for split in SPLITS):
        return True
    # A few folders are enough, as all have the same layout.
    return any("points.npz" in members.list(f"{folder}/{name}") for name in names[:20])


def _is_plain(name: str) -> bool:
    return not name.startswith((".", "__MACOSX"))


def _check_sizes(
    names: Sequence[str], images: Sequence[bytes], camera: NDArray[np.floating]
) -> None:
    """Raise SourceError if a camera (K, 3, 3) is for another image size than that of its image."""
    meant = 2 * camera[:, :2, 2]
    for name, image, (width, height) in zip(names, images, meant.tolist(), strict=True):
        size = picture_size(image)
        if size is None:
            continue
        if abs(width - size[0]) > _SIZE_ERROR or abs(height - size[1]) > _SIZE_ERROR:
            raise SourceError(
                f"{name} has {size[0]} x {size[1]} pixels, but its camera is for "
                f"{width:.0f} x {height:.0f}; scale the matrices in cameras.npz "
                "with the images, or remove the file to omit cameras"
            )
