"""A picture of a reconstruction: the photo beside four shaded views of the mesh."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from trimesh import Trimesh

from onet_cli.files import whole_file
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.render import on_white
from onet_cli.geometry.scene import Scene

AZIMUTHS = (30.0, 120.0, 210.0, 300.0)
"""Where the four views are taken from, in degrees around the vertical axis."""

ELEVATION = 25.0
TILE = 256
SUFFIX = ".preview.png"

_GAP = 8
_LABEL_HEIGHT = 24
_LABEL_COLOUR = (110, 116, 128)
_FILL = 0.47  # share of half the tile that the mesh's bounding sphere takes, times the focal length


def draw_preview(photo: Image.Image, mesh: Trimesh, tile: int = TILE) -> Image.Image:
    """Return the photo and four views of the mesh in a row, each with its label below.

    Args:
        photo: RGB; fitted into a square tile.
        mesh: Any mesh; each view shows all of it, centred.
        tile: Edge of each of the five tiles in pixels.
    """
    tiles = [("photo", _fit(photo, tile))]
    centred = _centred(mesh)
    scene = Scene(centred)
    for azimuth in AZIMUTHS:
        camera = Camera.orbit(azimuth, ELEVATION, _distance(centred), tile)
        view = Image.fromarray(on_white(scene.render(camera, tile, samples=3)))
        tiles.append((f"{azimuth:.0f}\N{DEGREE SIGN}", view))
    width = len(tiles) * tile + (len(tiles) + 1) * _GAP
    sheet = Image.new("RGB", (width, tile + _LABEL_HEIGHT + 2 * _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=13)
    for index, (label, image) in enumerate(tiles):
        left = _GAP + index * (tile + _GAP)
        sheet.paste(image, (left, _GAP))
        centre = (left + tile / 2, _GAP + tile + _LABEL_HEIGHT / 2)
        draw.text(centre, label, fill=_LABEL_COLOUR, font=font, anchor="mm")
    return sheet


def save_preview(photo: Image.Image, mesh: Trimesh, path: Path) -> None:
    """Write `draw_preview`'s picture to `path` as PNG, whole or not at all."""
    with whole_file(path) as temporary:
        draw_preview(photo, mesh).save(temporary, format="PNG", optimize=True)


def preview_path(mesh_path: Path) -> Path:
    """Return where the preview of the mesh at `mesh_path` belongs: beside it."""
    return mesh_path.with_name(mesh_path.stem + SUFFIX)


def _fit(photo: Image.Image, tile: int) -> Image.Image:
    """Return `photo` scaled into the middle of a white square."""
    share = tile / max(photo.size)
    size = (max(1, round(photo.width * share)), max(1, round(photo.height * share)))
    small = photo.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    square = Image.new("RGB", (tile, tile), "white")
    square.paste(small, ((tile - small.width) // 2, (tile - small.height) // 2))
    return square


def _centred(mesh: Trimesh) -> Trimesh:
    """Return `mesh` with the middle of its box at the origin, where the camera looks."""
    middle = np.asarray(mesh.bounds).mean(axis=0)
    return make_mesh(np.asarray(mesh.vertices) - middle, np.asarray(mesh.faces))


def _distance(mesh: Trimesh) -> float:
    """Return the distance at which the sphere around `mesh` just fits the picture."""
    radius = float(np.linalg.norm(np.asarray(mesh.vertices), axis=1).max())
    focal = float(Camera.orbit(0, 0, 1, 1).camera[0, 0])  # in edges of the picture
    return radius * float(np.hypot(1.0, focal / _FILL))
