"""A picture of a reconstruction: the photo, what the network saw of it, and the mesh all around."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from trimesh import Trimesh

from onet_cli.files import whole_file
from onet_cli.geometry.mesh import CONFIDENCE
from onet_cli.reconstruction.stage import Stage, colour_scale

AZIMUTHS = (30.0, 120.0, 210.0, 300.0)
"""Where the four views are taken from, in degrees around the vertical axis."""

DOUBTS = (30.0, 210.0)
"""Where the views coloured by confidence are taken from."""

COLUMNS = 4
TILE = 256

_GAP = 8
_CAPTION = 24
_INK = (110, 116, 128)
_BAR = 72  # pixels of the colour scale in a caption

Tile = tuple[str, Image.Image]


def draw_preview(
    photo: Image.Image, seen: Image.Image, mesh: Trimesh, tile: int = TILE
) -> Image.Image:
    """Return two rows of pictures with captions.

    Above the photo, what the network saw of it, and, where `mesh` has the vertex attribute
    `confidence`, two views coloured by that; below four views of the plain mesh.

    Args:
        photo: As it was given; fitted into a square tile.
        seen: The prepared picture.
        mesh: Any mesh; each view shows all of it, centred.
        tile: Edge of each tile in pixels.
    """
    above = [("photo", _fit(photo, tile)), ("seen by the network", _fit(seen, tile))]
    confidence = mesh.vertex_attributes.get(CONFIDENCE)
    if confidence is not None:
        stage = Stage(mesh, np.asarray(confidence))
        above += [(_scaled(azimuth), stage.view(azimuth, tile)) for azimuth in DOUBTS]
    stage = Stage(mesh)
    below = [(_degrees(azimuth), stage.view(azimuth, tile)) for azimuth in AZIMUTHS]
    return _sheet([above, below], tile)


def save_preview(photo: Image.Image, seen: Image.Image, mesh: Trimesh, path: Path) -> None:
    """Write `draw_preview`'s picture to `path` as PNG, whole or not at all."""
    with whole_file(path) as temporary:
        draw_preview(photo, seen, mesh).save(temporary, format="PNG", optimize=True)


def tile_corner(row: int, column: int, tile: int = TILE) -> tuple[int, int]:
    """Return the pixel, x and y, of the upper left corner of a tile."""
    return _GAP + column * (tile + _GAP), _GAP + row * (tile + _CAPTION + _GAP)


def _degrees(azimuth: float) -> str:
    return f"{azimuth:.0f}\N{DEGREE SIGN}"


def _scaled(azimuth: float) -> str:
    """Return the caption of a view coloured by confidence; the scale goes between the numbers."""
    return f"{_degrees(azimuth)}, confidence 0|1"


def _sheet(rows: list[list[Tile]], tile: int) -> Image.Image:
    width, height = tile_corner(len(rows), COLUMNS, tile)
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    for row, tiles in enumerate(rows):
        for column, (caption, picture) in enumerate(tiles):
            left, top = tile_corner(row, column, tile)
            sheet.paste(picture, (left, top))
            _write(sheet, draw, caption, (left + tile / 2, top + tile + _CAPTION / 2))
    return sheet


def _write(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, caption: str, middle: tuple[float, float]
) -> None:
    """Write a caption around `middle`; a | in it becomes the colour scale."""
    font = ImageFont.load_default(size=13)
    before, bar, after = caption.partition("|")
    room = _BAR + 12 if bar else 0
    lengths = [draw.textlength(text, font=font) for text in (before, after)]
    left, line = middle[0] - (sum(lengths) + room) / 2, middle[1]
    draw.text((left, line), before, fill=_INK, font=font, anchor="lm")
    draw.text((left + lengths[0] + room, line), after, fill=_INK, font=font, anchor="lm")
    if bar:
        colours = np.tile(colour_scale(np.linspace(0, 1, _BAR)), (8, 1, 1))
        place = (round(left + lengths[0] + 6), round(line - 4))
        sheet.paste(Image.fromarray(colours), place)


def _fit(photo: Image.Image, tile: int) -> Image.Image:
    """Return `photo` scaled into the middle of a white square; transparency becomes white."""
    share = tile / max(photo.size)
    size = (max(1, round(photo.width * share)), max(1, round(photo.height * share)))
    small = photo.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
    square = Image.new("RGB", (tile, tile), "white")
    square.paste(small, ((tile - small.width) // 2, (tile - small.height) // 2), small)
    return square
