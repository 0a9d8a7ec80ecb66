"""Procedural furniture as a source: nothing to download, exact occupancy, any number of shapes."""

import hashlib
from dataclasses import dataclass

import numpy as np

from onet_cli.errors import InvalidOptionError, SourceError
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.preprocessing.procedural.assembly import Assembly
from onet_cli.preprocessing.procedural.design import (
    CATEGORIES,
    CYCLE,
    VERSION,
    Draw,
    category_of,
    design,
    generator,
)
from onet_cli.preprocessing.procedural.views import ViewOptions, take_views
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples

BLOCK = 10
"""Shapes are split by tens: eight for training, one for validation, one for testing."""


@dataclass(frozen=True)
class ProceduralSource:
    """`count` pieces of furniture; shape i depends on `seed`, i and the settings, nothing else.

    `points` is the number of occupancy points, rounded up to a multiple of 8, and of surface
    samples; `views` pictures of `image_size` pixels.

    Raises:
        InvalidOptionError: a number is too small.
    """

    count: int
    seed: int = 0
    views: int = 24
    image_size: int = 137
    points: int = 100_000

    def __post_init__(self) -> None:
        lowest = {"count": 1, "seed": 0, "views": 0, "image_size": 16, "points": 1}
        for name, least in lowest.items():
            if (value := getattr(self, name)) < least:
                raise InvalidOptionError(f"{name} must be at least {least}, not {value}")

    @property
    def name(self) -> str:
        """The source's name, with the generator's version."""
        return f"procedural-{VERSION}"

    @property
    def licence(self) -> str:
        """Generated shapes are free of rights."""
        return "CC0-1.0"

    @property
    def attribution(self) -> str:
        """Nobody needs to be named."""
        return ""

    def categories(self) -> dict[str, str]:
        """Return the names of the kinds of furniture among the first `count` shapes."""
        present = set(CYCLE[: self.count])
        return {name: name for name in CATEGORIES if name in present}

    def ids(self) -> list[ShapeId]:
        """Return the ids of all shapes, in order."""
        return [_id_of(index) for index in range(self.count)]

    def splits(self) -> dict[str, list[ShapeId]]:
        """Return train, val and test ids, 80 / 10 / 10.

        A shape's split does not depend on `count`: a larger set made later never moves a test
        shape into training. The second and third shape of the first ten are for validation and
        testing, so that the smallest sets have some.
        """
        splits: dict[str, list[ShapeId]] = {"train": [], "val": [], "test": []}
        for index in range(self.count):
            block, place = divmod(index, BLOCK)
            # The reserved places move from block to block, so that they meet every category.
            turn = (place - 3 * block) % BLOCK
            splits[{1: "val", 2: "test"}.get(turn, "train")].append(_id_of(index))
        return splits

    def part(self, shape_id: ShapeId) -> "ProceduralSource":
        """Return this source: it is small already."""
        return self

    def read(self, shape_id: ShapeId) -> Shape:
        """Return one shape, generated now.

        Raises:
            SourceError: `shape_id` is not one of `ids()`.
        """
        index = self._index_of(shape_id)
        assembly = design(self.seed, index)
        options = ViewOptions(count=self.views, size=self.image_size)
        return Shape(
            id=shape_id,
            unit_cube=assembly.unit_cube,
            occupancy=self._occupancy(assembly, index),
            surface=self._surface(assembly, index),
            views=take_views(assembly, generator(self.seed, index, Draw.VIEWS), options),
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
        count = -(-self.points // 8) * 8
        points = ((rng.random((count, 3)) - 0.5) * CUBE_EDGE).astype(np.float16)
        # Asked of the rounded points, so that every label is exact for the point that is stored.
        return OccupancySamples(points, assembly.contains(points))

    def _surface(self, assembly: Assembly, index: int) -> SurfaceSamples:
        rng = generator(self.seed, index, Draw.SURFACE)
        points, normals = assembly.sample_surface(self.points, rng)
        return SurfaceSamples(points.astype(np.float16), normals.astype(np.float16))


def _id_of(index: int) -> ShapeId:
    return ShapeId(category_of(index), f"{index:05d}")
