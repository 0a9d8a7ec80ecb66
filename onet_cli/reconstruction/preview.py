"""Preview image of a reconstruction: photo, network input and views of the mesh."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from trimesh import Trimesh

from onet_cli.files import whole_file
from onet_cli.geometry.mesh import CONFIDENCE
from onet_cli.reconstruction.agreement import mesh_outline
from onet_cli.reconstruction.stage import (
    AZIMUTHS,
    ELEVATION,
    FROM_PHOTO,
    Stage,
    colour_scale,
    degrees,
)
from onet_cli.reconstruction.viewpoint import Viewpoint

DOUBTS = (0, 2), (0, 3)
"""Indices of the views also coloured by confidence, in `AZIMUTHS` and in `FROM_PHOTO`."""

COLUMNS = 4
TILE = 256

_GAP = 8
_CAPTION = 24
_FONT_SIZES = (13, 12, 11, 10, 9, 8)
_INK = (110, 116, 128)
_BAR = 72  # pixels of the colour scale in a caption
_LINE = (230, 30, 110)  # of the mesh's outline over the photo

Tile = tuple[str, Image.Image]


@dataclass(frozen=True)
class Sight:
    """The photo's viewpoint of the mesh, and the agreement of the silhouettes if known."""

    viewpoint: Viewpoint
    agreement: float | None = None


def draw_preview(
    photo: Image.Image,
    seen: Image.Image,
    mesh: Trimesh,
    tile: int = TILE,
    sight: Sight | None = None,
    truth: Trimesh | None = None,
) -> Image.Image:
    """Return two rows of images with captions, or three with ground truth.

    The first row has the photo, the network input with the silhouette of the mesh, and two views
    coloured by the vertex attribute `confidence`, if any. The second row has four views of the mesh
    in its own colours, and the third the same views of the ground truth.

    Args:
        photo: The original photo; fitted into a square tile.
        seen: The prepared image.
        mesh: Any mesh; each view shows all of it, centred.
        tile: Edge of each tile in pixels.
        sight: The photo's viewpoint, used for the first view and the silhouette.
        truth: The ground truth, in the same orientation.
    """
    above = [("photo", _fit(photo, tile)), _outlined(seen, mesh, tile, sight)]
    confidence = mesh.vertex_attributes.get(CONFIDENCE)
    azimuths, doubts = (AZIMUTHS, DOUBTS[0]) if sight is None else (FROM_PHOTO, DOUBTS[1])
    if confidence is not None:
        stage = Stage(mesh, np.asarray(confidence))
        above += [(_scaled(azimuths[n]), _view(stage, azimuths[n], tile, sight)) for n in doubts]
    rows = [above]
    for shown, name in ((mesh, ""), (truth, "truth, ")):
        if shown is not None:
            stage = Stage(shown)
            rows.append(
                [(name + _direction(at, sight), _view(stage, at, tile, sight)) for at in azimuths]
            )
    return _sheet(rows, tile)


def save_preview(
    photo: Image.Image, seen: Image.Image, mesh: Trimesh, path: Path, sight: Sight | None = None
) -> None:
    """Write the image of `draw_preview` to `path` as PNG, atomically."""
    with whole_file(path) as temporary:
        sheet = draw_preview(photo, seen, mesh, sight=sight)
        sheet.save(temporary, format="PNG", optimize=True)


def tile_corner(row: int, column: int, tile: int = TILE) -> tuple[int, int]:
    """Return the pixel (x, y) of the upper left corner of a tile."""
    return _GAP + column * (tile + _GAP), _GAP + row * (tile + _CAPTION + _GAP)


def _outlined(seen: Image.Image, mesh: Trimesh, tile: int, sight: Sight | None) -> Tile:
    """Return the prepared image with the outline of `mesh`, if the viewpoint is known."""
    picture = _fit(seen, tile)
    if sight is None:
        return "seen by the network", picture
    inside = mesh_outline(mesh, sight.viewpoint, tile)
    pixels = np.array(picture)
    pixels[inside & ~_shrunk(_shrunk(inside))] = _LINE
    known = sight.agreement
    agreed = "" if known is None else f", agreement {100 * known:.0f} %"
    return f"seen, outline of the mesh{agreed}", Image.fromarray(pixels)


def _shrunk(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Erode `mask` (S, S) by one pixel (4-neighbourhood)."""
    wide = np.pad(mask, 1)
    inner: NDArray[np.bool_] = wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
    return mask & inner


def _view(stage: Stage, azimuth: float, tile: int, sight: Sight | None) -> Image.Image:
    """Return a view; the one from the photo's direction has the elevation of its camera."""
    if sight is None:
        return stage.view(azimuth, tile)
    known = sight.viewpoint
    height = known.elevation_deg if azimuth == 0 else ELEVATION
    return stage.view(known.azimuth_deg + azimuth, tile, elevation_deg=height)


def _direction(azimuth: float, sight: Sight | None) -> str:
    """Return the caption of a view."""
    if sight is not None and azimuth == 0:
        return "from the photo's direction"
    return degrees(azimuth)


def _scaled(azimuth: float) -> str:
    """Return the caption of a view coloured by confidence; `|` stands for the colour scale."""
    return f"{degrees(azimuth)}, confidence 0|1"


def _sheet(rows: list[list[Tile]], tile: int) -> Image.Image:
    width, height = tile_corner(len(rows), COLUMNS, tile)
    sheet = Image.new("RGB", (width, height), "white")
    for row, tiles in enumerate(rows):
        for column, (caption, picture) in enumerate(tiles):
            left, top = tile_corner(row, column, tile)
            sheet.paste(picture, (left, top))
            _write(sheet, caption, (left + tile / 2, top + tile + _CAPTION / 2), tile)
    return sheet


def _write(sheet: Image.Image, caption: str, middle: tuple[float, float], width: float) -> None:
    """Draw a caption of at most `width` around `middle`; `|` becomes the colour scale."""
    draw = ImageDraw.Draw(sheet)
    before, bar, after = caption.partition("|")
    room = _BAR + 12 if bar else 0
    for size in _FONT_SIZES:
        font = ImageFont.load_default(size=size)
        lengths = [draw.textlength(text, font=font) for text in (before, after)]
        if sum(lengths) + room <= width:
            break
    left, line = middle[0] - (sum(lengths) + room) / 2, middle[1]
    draw.text((left, line), before, fill=_INK, font=font, anchor="lm")
    draw.text((left + lengths[0] + room, line), after, fill=_INK, font=font, anchor="lm")
    if bar:
        colours = np.tile(colour_scale(np.linspace(0, 1, _BAR)), (8, 1, 1))
        place = (round(left + lengths[0] + 6), round(line - 4))
        sheet.paste(Image.fromarray(colours), place)


def _fit(photo: Image.Image, tile: int) -> Image.Image:
    """Return `photo` scaled and centred in a white square; transparency becomes white."""
    share = tile / max(photo.size)
    size = (max(1, round(photo.width * share)), max(1, round(photo.height * share)))
    small = photo.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
    square = Image.new("RGB", (tile, tile), "white")
    square.paste(small, ((tile - small.width) // 2, (tile - small.height) // 2), small)
    return square
