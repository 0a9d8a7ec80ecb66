"""The data stored for one shape: unit cube, occupancy, surface and views."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import StoreError
from onet_cli.geometry.normalize import UnitCube


@dataclass(frozen=True, order=True)
class ShapeId:
    """A shape's category (as the source spells it) and its name within that category."""

    category: str
    name: str

    def __str__(self) -> str:
        return f"{self.category}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "ShapeId":
        """Return the id whose `str()` is `text`.

        Raises:
            StoreError: `text` is not of the form category/name.
        """
        category, separator, name = text.strip().partition("/")
        if not (category and separator and name):
            raise StoreError(f"{text!r} is not of the form category/name")
        return cls(category, name)


@dataclass(frozen=True)
class OccupancySamples:
    """Points in the padded cube and whether each lies inside the shape.

    `points` is (N, 3) float16 or float32 in the unit-cube frame, `occupancies` (N,) bool; N is a
    multiple of 8, so that the occupancies fill whole bytes.
    """

    points: NDArray[np.floating]
    occupancies: NDArray[np.bool_]


@dataclass(frozen=True)
class SurfaceSamples:
    """Points on the surface, (M, 3) float16 or float32, with outward unit normals, (M, 3)."""

    points: NDArray[np.floating]
    normals: NDArray[np.floating]


@dataclass(frozen=True)
class Views:
    """Pictures of the shape as encoded bytes (JPEG or PNG), in view order.

    If the source has cameras, `world` (K, 3, 4) maps unit-cube points to the camera's frame (x
    right, y down, z forward) and `camera` (K, 3, 3) maps those to pixels; both float32.
    """

    images: tuple[bytes, ...]
    world: NDArray[np.float32] | None = None
    camera: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Shape:
    """One training or test object, complete.

    `near` are additional samples close to the surface, kept separate from the uniform ones of
    `occupancy`, because a loss over both would weight space differently from the paper's. `extra`
    holds further JSON-serialisable information.
    """

    id: ShapeId
    unit_cube: UnitCube
    occupancy: OccupancySamples
    surface: SurfaceSamples
    views: Views
    source_hash: str = ""
    licence: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    near: OccupancySamples | None = None
