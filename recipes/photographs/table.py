"""The tables of the set: which photograph is where, and the outline of its object."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
KINDS = ("product", "room", "outdoor")

_SHARPER = 4  # outlines are drawn this much larger, then averaged

Ring = list[tuple[float, float]]


@dataclass(frozen=True)
class Photograph:
    """One row of photographs.csv."""

    id: str
    source: str
    version: str
    path: str
    sha256: str
    bytes: int
    width: int
    height: int
    licence: str
    kind: str
    category: str
    note: str

    @property
    def file(self) -> str:
        """The name of its copy."""
        return self.id + Path(self.path).suffix.lower()

    @property
    def is_repository(self) -> bool:
        """Whether the source is OWNER/NAME on GitHub; else it is a Python package."""
        return "/" in self.source


@dataclass(frozen=True)
class Outline:
    """Rings in pixels of the picture as stored; (0, 0) is the corner of the first pixel.

    The object is the union of `rings` without `holes`. What is in `doubtful` counts neither way.
    """

    size: tuple[int, int]
    rings: list[Ring]
    holes: list[Ring]
    doubtful: list[Ring]

    def masks(self, height: int, width: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which pixels of the resized picture are the object, and which count."""
        shape = (height, width)
        inside = _fill(self.rings, shape, self.size) & ~_fill(self.holes, shape, self.size)
        return inside, ~_fill(self.doubtful, shape, self.size)


def _fill(rings: list[Ring], shape: tuple[int, int], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels (H, W) at least half covered by one of `rings`."""
    height, width = shape
    canvas = Image.new("L", (width * _SHARPER, height * _SHARPER), 0)
    pen = ImageDraw.Draw(canvas)
    across, down = canvas.width / size[0], canvas.height / size[1]
    for ring in rings:
        # Pillow's whole numbers are centres of pixels.
        pen.polygon([(x * across - 0.5, y * down - 0.5) for x, y in ring], fill=255)
    return np.asarray(canvas.reduce(_SHARPER)) > 127


def read_table(path: Path = HERE / "photographs.csv") -> list[Photograph]:
    """Return the rows of the table."""
    with path.open(newline="") as lines:
        return [_row(row) for row in csv.DictReader(lines)]


def _row(row: dict[str, str]) -> Photograph:
    numbers = {name: int(row.pop(name)) for name in ("bytes", "width", "height")}
    return Photograph(**row, **numbers)  # type: ignore[arg-type]


def read_outlines(path: Path = HERE / "masks.json") -> dict[str, Outline]:
    """Return the outlines by the photographs' ids."""
    return {
        name: Outline(
            (entry["size"][0], entry["size"][1]),
            *(
                [[(x, y) for x, y in ring] for ring in entry.get(part, [])]
                for part in ("object", "holes", "doubtful")
            ),
        )
        for name, entry in json.loads(path.read_text()).items()
    }
