"""Draw the contact sheet of docs/procedural.md: some shapes of every category, as made with a seed.

Usage: python recipes/procedural/sheet.py docs/images/procedural.png [--seed 0] [--category chair]
"""

import argparse
from itertools import count, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from onet_cli.geometry.camera import Camera, fit_distance
from onet_cli.geometry.lighting import Lighting
from onet_cli.geometry.render import on_white
from onet_cli.geometry.scene import Scene
from onet_cli.procedural.design import CATEGORIES, category_of, design

FOCAL, FILL, ELEVATION_DEG, AZIMUTHS_DEG = 1.5, 0.9, 22.0, (-38.0, 35.0)
COLOURS = 256
"""Colours of the file; with the full range it is three times as large and looks the same."""


def picture(seed: int, index: int, size: int) -> NDArray[np.uint8]:
    """Return shape `index` of `seed` on white, (size, size, 3)."""
    mesh, looks = design(seed, index).mesh()
    azimuth = AZIMUTHS_DEG[index % 2]
    turn = Camera.orbit(azimuth, ELEVATION_DEG, 1.0, size).world[:, :3]
    distance = fit_distance(np.asarray(mesh.vertices) @ turn.T, FILL, FOCAL)
    camera = Camera.orbit(azimuth, ELEVATION_DEG, distance, size, FOCAL * size)
    return on_white(Scene(mesh, looks).render(camera, size, Lighting.studio(), samples=3))


def sheet(seed: int, names: list[str], columns: int, rows: int, size: int) -> Image.Image:
    """Return `rows` rows of `columns` shapes for each of the categories `names`."""
    paper = Image.new("RGB", (columns * size, len(names) * rows * size), "white")
    pen = ImageDraw.Draw(paper)
    for band, name in enumerate(names):
        places = islice((k for k in count() if category_of(k) == name), columns * rows)
        for place, index in enumerate(places):
            row, column = divmod(place, columns)
            corner = (column * size, (band * rows + row) * size)
            paper.paste(Image.fromarray(picture(seed, index, size)), corner)
        pen.text((3, band * rows * size + 2), name, fill=(90, 90, 90))
    return paper


def main() -> None:
    """Read the command line and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--category", choices=list(CATEGORIES), help="only this one, large")
    asked = parser.parse_args()
    if asked.category:
        drawn = sheet(asked.seed, [asked.category], columns=8, rows=4, size=200)
    else:
        drawn = sheet(asked.seed, list(CATEGORIES), columns=10, rows=1, size=96)
    drawn.quantize(COLOURS).save(asked.output, optimize=True)


if __name__ == "__main__":
    main()
