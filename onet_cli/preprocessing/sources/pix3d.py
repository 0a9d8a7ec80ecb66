"""Pix3D: photographs of furniture with models, masks and cameras."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.archives.files import Files, FolderFiles, RecordingFiles
from onet_cli.errors import PhotoError, SourceError
from onet_cli.geometry.normalize import UnitCube
from onet_cli.preprocessing.convert_mesh import MeshSettings, shape_from_mesh
from onet_cli.preprocessing.options import Photos
from onet_cli.preprocessing.photographs import Photograph, PreparedView, prepare_view
from onet_cli.preprocessing.placement import Placement
from onet_cli.preprocessing.sources.naming import name_meshes, safe_name, unique_ids
from onet_cli.preprocessing.sources.pix3d_table import (
    SENSOR_WIDTH,
    TABLE,
    Entry,
    Model,
    read_models,
)
from onet_cli.preprocessing.views import ViewOptions
from onet_cli.shapes.exposure import EXPOSURE
from onet_cli.shapes.photo_files import read_photo
from onet_cli.shapes.shape import Shape, ShapeId, Views

_FRONT = Placement(front=180.0)
"""Models face -z: in their canonical view, +x is left and +z points into the image."""

_TO_MODEL = np.diag([-1.0, 1.0, -1.0])  # inverse of `_FRONT`
_TO_CAMERA = np.diag([-1.0, -1.0, 1.0])  # x left, y up, z forward to x right, y down, z forward

_TOLD = 3  # maximum number of reasons listed per model


@dataclass(frozen=True)
class Pix3dSource:
    """Source for a Pix3D folder: meshes are made watertight, views are photographs.

    Each model is one shape, and each of its photographs one view, masked and with its camera.
    Photographs of truncated or occluded objects are left out unless `photos` is `all`, as are
    models without any other; unusable photographs give warnings.
    """

    files: Files
    models: tuple[tuple[ShapeId, Model], ...]
    settings: MeshSettings
    image_size: int

    name = "pix3d"
    exposure = EXPOSURE
    licence = (
        "CC BY 4.0, as Pix3D's authors license the data set; "
        "terms of single photographs and models are not given"
    )
    attribution = (
        "Sun et al., Pix3D: Dataset and Methods for Single-Image 3D Shape Modeling, CVPR 2018, "
        "http://pix3d.csail.mit.edu"
    )

    @classmethod
    def open(
        cls, folder: Path, settings: MeshSettings, image_size: int, photos: Photos = "whole"
    ) -> "Pix3dSource":
        """Return the source for a folder with `pix3d.json`.

        Args:
            folder: contains the table and the folders `img`, `mask` and `model`.
            settings: mesh conversion; its `up` and `views` are replaced.
            image_size: edge of the prepared images in pixels.
            photos: `whole` leaves out photographs in which the object is truncated or occluded.

        Raises:
            SourceError: the table is missing or damaged.
        """
        files = FolderFiles(folder)
        try:
            models = read_models(files.read(TABLE))
        except OSError as error:
            raise SourceError(f"{folder / TABLE} cannot be read: {error}") from error
        kept = []
        # Ids are assigned to all models, so that they do not depend on `photos`.
        for shape_id, model in zip(_ids(models), models, strict=True):
            entries = tuple(e for e in model.entries if photos == "all" or not e.hidden)
            if entries:
                kept.append((shape_id, replace(model, entries=entries)))
        settings = replace(settings, up="y", views=ViewOptions(count=0))
        return cls(files, tuple(kept), settings, image_size)

    def categories(self) -> dict[str, str]:
        """Return the readable name of every category."""
        return {shape_id.category: model.category for shape_id, model in self.models}

    def splits(self) -> dict[str, list[ShapeId]] | None:
        """Return None: Pix3D defines no splits."""
        return None

    def ids(self) -> list[ShapeId]:
        """Return the ids of all models with selected photographs, sorted."""
        return sorted(self._by_id)

    def part(self, shape_id: ShapeId) -> "Pix3dSource":
        """Return a source of this one model."""
        return replace(self, models=((shape_id, self._by_id[shape_id]),))

    def read(self, shape_id: ShapeId) -> Shape:
        """Return one shape.

        Raises:
            SourceError: the mesh cannot be read, or none of its photographs can be used.
            InvalidGeometryError: the mesh cannot be made watertight.
        """
        model = self._by_id.get(shape_id)
        if model is None:
            raise SourceError(f"no model is named {shape_id}")
        files = RecordingFiles(self.files)
        shape = shape_from_mesh(files, model.path, shape_id, _FRONT, self.settings)
        views, shown, problems = [], [], []
        for entry in model.entries:
            try:
                view = self._view(files, entry, shape)
            except PhotoError as error:
                problems.append(f"{entry.image}: {error}")
                continue
            views.append(view)
            turn = round(float(np.degrees(view.turn)), 2)
            shown.append({"file": entry.image, "origin": entry.origin, "turned_deg": turn})
        if not views:
            raise SourceError(f"none of its photographs can be used: {_summary(problems)}")
        conversion = shape.extra["conversion"]
        if problems:
            conversion["warnings"] = [
                *conversion["warnings"],
                f"{len(problems)} photographs left out: {_summary(problems)}",
            ]
        files.digest.update(repr(model).encode())
        return replace(
            shape,
            views=Views(
                tuple(view.image for view in views),
                np.stack([view.world for view in views]),
                np.stack([view.camera for view in views]),
            ),
            source_hash=files.digest.hexdigest(),
            licence=self.licence,
            extra={"name": shape_id.name, "file": model.path, "photographs": shown} | shape.extra,
        )

    def _view(self, files: RecordingFiles, entry: Entry, shape: Shape) -> PreparedView:
        if entry.problem:
            raise PhotoError(entry.problem)
        photo = _read_picture(files, entry.image)
        # Large photographs are downsampled when read, so pixel units are those of the result.
        scale = photo.width / entry.size[0]
        if abs(entry.size[1] * scale - photo.height) > max(scale, 1.0):
            raise PhotoError(
                f"it has {photo.width} x {photo.height} pixels, "
                f"but {entry.size[0]} x {entry.size[1]} in the table"
            )
        world = _world(entry, shape.unit_cube)
        depths = shape.surface.points.astype(np.float64) @ world[2, :3] + world[2, 3]
        if depths.min() <= 0:
            raise PhotoError("its camera is inside the model or faces away from it")
        taken = Photograph(
            photo,
            _read_picture(files, entry.mask),
            world,
            focal=entry.focal / SENSOR_WIDTH * photo.width,
            principal=(photo.width / 2, photo.height / 2),
        )
        return prepare_view(taken, self.image_size)

    @cached_property
    def _by_id(self) -> dict[ShapeId, Model]:
        return dict(self.models)


def _ids(models: list[Model]) -> list[ShapeId]:
    """Return the id of each model, from its category and path."""
    below = [model.path.removeprefix("model/") for model in models]
    names = [name for _, name in name_meshes(below, "")]
    return unique_ids(
        [(safe_name(model.category), name) for model, name in zip(models, names, strict=True)]
    )


def _world(entry: Entry, cube: UnitCube) -> NDArray[np.float64]:
    """Return the matrix (3, 4) from the unit cube to the camera (x right, y down, z forward)."""
    turn = _TO_CAMERA @ np.reshape(entry.rotation, (3, 3)) @ _TO_MODEL
    shift = turn @ np.asarray(cube.centre) + _TO_CAMERA @ np.asarray(entry.translation)
    return np.column_stack([turn * cube.scale, shift])


def _read_picture(files: RecordingFiles, path: str) -> Image.Image:
    try:
        return read_photo(files.read(path), path)
    except FileNotFoundError:
        raise PhotoError(f"{path} does not exist") from None
    except OSError as error:
        raise PhotoError(f"{path} cannot be read: {error.strerror or error}") from error


def _summary(problems: list[str]) -> str:
    more = len(problems) - _TOLD
    return "; ".join([*problems[:_TOLD], *([f"and {more} more"] if more > 0 else [])])
