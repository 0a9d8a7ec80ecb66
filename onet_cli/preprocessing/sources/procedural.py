"""Procedural shapes as a source: no download, exact occupancy, any number of shapes."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import InvalidOptionError, SourceError
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.preprocessing.views import ViewOptions, take_views
from onet_cli.procedural.assembly import Assembly
from onet_cli.procedural.design import (
    CATEGORIES,
    CYCLE,
    VERSION,
    Draw,
    category_of,
    design,
    generator,
)
from onet_cli.procedural.splits import uses
from onet_cli.shapes.exposure import EXPOSURE
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples

NEAR_DEVIATIONS = (0.01, 0.03)
"""Standard deviations in unit-cube units of samples near the surface, for one half each."""


@dataclass(frozen=True)
class ProceduralSource:
    """Source of `count` generated objects; shape i depends only on `seed`, i and the settings.

    `points` is the number of occupancy points, rounded up to a multiple of 8, and of surface
    samples; `near_points` that of additional points near the surface, rounded up likewise; `views`
    the number of images of `image_size` pixels, from `cameras` on `background` (see
    `ViewOptions`).

    Raises:
        InvalidOptionError: a number is too small.
    """

    exposure = EXPOSURE

    count: int
    seed: int = 0
    views: int = 24
    image_size: int = 137
    points: int = 100_000
    near_points: int = 0
    cameras: Literal["choy", "wide"] = "wide"
    background: Literal["white", "transparent"] = "white"

    def __post_init__(self) -> None:
        lowest = {
            "count": 1,
            "seed": 0,
            "views": 0,
            "image_size": 16,
            "points": 1,
            "near_points": 0,
        }
        for name, least in lowest.items():
            if (value := getattr(self, name)) < least:
                raise InvalidOptionError(f"{name} must be at least {least}, not {value}")

    @property
    def name(self) -> str:
        """The source's name, with the generator's version."""
        return f"procedural-{VERSION}"

    @property
    def licence(self) -> str:
        """CC0: generated shapes carry no rights."""
        return "CC0-1.0"

    @property
    def attribution(self) -> str:
        """Empty: no attribution is required."""
        return ""

    def categories(self) -> dict[str, str]:
        """Return the names of the categories among the first `count` shapes."""
        present = set(CYCLE[: self.count])
        return {name: name for name in CATEGORIES if name in present}

    def ids(self) -> list[ShapeId]:
        """Return the ids of all shapes, in order."""
        return [_id_of(index) for index in range(self.count)]

    def splits(self) -> dict[str, list[ShapeId]]:
        """Return train, val and test ids, 80 / 10 / 10, with a larger test share in small sets.

        The split of a shape does not depend on `count`, so that a larger set never moves a test
        shape into training. Three shapes are enough for three splits, and 300 for every category
        in each split.
        """
        splits: dict[str, list[ShapeId]] = {"train": [], "val": [], "test": []}
        for index, use in enumerate(uses(self.count)):
            splits[use].append(_id_of(index))
        return splits

    def part(self, shape_id: ShapeId) -> "ProceduralSource":
        """Return `self`, which is cheap to pickle."""
        return self

    def read(self, shape_id: ShapeId) -> Shape:
        """Generate and return one shape.

        Raises:
            SourceError: `shape_id` is not one of `ids()`.
        """
        index = self._index_of(shape_id)
        assembly = design(self.seed, index)
        mesh, appearance = assembly.mesh()
        options = ViewOptions(self.views, self.image_size, self.cameras, self.background)
        return Shape(
            id=shape_id,
            unit_cube=assembly.unit_cube,
            occupancy=self._occupancy(assembly, index),
            surface=self._surface(assembly, index),
            near=self._near(assembly, index),
            views=take_views(mesh, appearance, generator(self.seed, index, Draw.VIEWS), options),
            source_hash=hashlib.sha256(
                f"procedural:{VERSION}:{self.seed}:{index}".encode()
            ).hexdigest(),
            licence=self.licence,
        )

    def _index_of(self, shape_id: ShapeId) -> int:
        index = int(shape_id.name) if shape_id.name.isdecimal() else -1
        if not 0 <= index < self.count or _id_of(index) != shape_id:
            raise SourceError(f"no procedural shape is named {shape_id}")
        return index

    def _occupancy(self, assembly: Assembly, index: int) -> OccupancySamples:
        rng = generator(self.seed, index, Draw.POINTS)
        points = (rng.random((_whole_bytes(self.points), 3)) - 0.5) * CUBE_EDGE
        return _labelled(assembly, points)

    def _near(self, assembly: Assembly, index: int) -> OccupancySamples | None:
        if not self.near_points:
            return None
        rng, count = generator(self.seed, index, Draw.NEAR), _whole_bytes(self.near_points)
        points, _ = assembly.sample_surface(count, rng)
        spread = np.resize(NEAR_DEVIATIONS, count)[:, None]
        moved = points + spread * rng.standard_normal((count, 3))
        return _labelled(assembly, np.clip(moved, -CUBE_EDGE / 2, CUBE_EDGE / 2))

    def _surface(self, assembly: Assembly, index: int) -> SurfaceSamples:
        rng = generator(self.seed, index, Draw.SURFACE)
        points, normals = assembly.sample_surface(self.points, rng)
        return SurfaceSamples(points.astype(np.float16), normals.astype(np.float16))


def _whole_bytes(count: int) -> int:
    return -(-count // 8) * 8


def _labelled(assembly: Assembly, points: NDArray[np.float64]) -> OccupancySamples:
    rounded = points.astype(np.float16)
    # Test the rounded points, so that every label is exact for the stored point.
    return OccupancySamples(rounded, assembly.contains(rounded))


def _id_of(index: int) -> ShapeId:
    return ShapeId(category_of(index), f"{index:05d}")
