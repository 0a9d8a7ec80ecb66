"""Draw photographs with their outlines and a grid of coordinates, to check and correct masks.json.

Usage: python recipes/photographs/outlines.py PICTURES FOLDER ID... [--crop LEFT,TOP,RIGHT,BOTTOM]

Writes FOLDER/ID.png for each ID, or for all: 1 000 pixels on the longer side, outlines in magenta,
holes in blue, doubtful rings in orange, and about ten lines each way, numbered in pixels of the
photograph.
"""

import argparse
import math
from pathlib import Path

from PIL import Image, ImageDraw
from table import Outline, Ring, read_outlines, read_table

SIDE, BORDER = 1000, 36
COLOURS = {"rings": "magenta", "holes": "blue", "doubtful": "orange"}

Box = tuple[float, float, float, float]


def draw(picture: Image.Image, outline: Outline, crop: Box) -> Image.Image:
    """Return the part `crop` of `picture` enlarged, with grid and outline."""
    left, top, right, bottom = crop
    zoom = SIDE / max(right - left, bottom - top)
    size = (round((right - left) * zoom), round((bottom - top) * zoom))
    sheet = Image.new("RGB", (size[0] + BORDER, size[1] + BORDER), "white")
    shown = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, box=crop)
    sheet.paste(shown, (BORDER, BORDER))
    pen = ImageDraw.Draw(sheet)
    step = _round_step(SIDE / zoom / 10)
    for x in range(math.ceil(left / step) * step, math.floor(right) + 1, step):
        across = (x - left) * zoom + BORDER
        pen.line([(across, BORDER), (across, sheet.height)], fill="red")
        pen.text((across - 8, 12), str(x), fill="black")
    for y in range(math.ceil(top / step) * step, math.floor(bottom) + 1, step):
        down = (y - top) * zoom + BORDER
        pen.line([(BORDER, down), (sheet.width, down)], fill="red")
        pen.text((2, down - 6), str(y), fill="black")
    for name, colour in COLOURS.items():
        for ring in getattr(outline, name):
            _draw_ring(pen, ring, crop, zoom, colour)
    return sheet


def _draw_ring(pen: ImageDraw.ImageDraw, ring: Ring, crop: Box, zoom: float, colour: str) -> None:
    points = [((x - crop[0]) * zoom + BORDER, (y - crop[1]) * zoom + BORDER) for x, y in ring]
    pen.line([*points, points[0]], fill=colour, width=2)


def _round_step(least: float) -> int:
    """Return the next 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(max(least, 1)))
    return next(int(n * power) for n in (1, 2, 5, 10) if n * power >= least or n == 10)


def main() -> None:
    """Read the command line and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--crop", help="LEFT,TOP,RIGHT,BOTTOM in pixels of the photograph")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    outlines = read_outlines()
    for one in read_table():
        if not asked.ids or one.id in asked.ids:
            edges = (
                map(float, asked.crop.split(",")) if asked.crop else (0, 0, one.width, one.height)
            )
            left, top, right, bottom = edges
            with Image.open(asked.pictures / one.file) as picture:
                sheet = draw(picture, outlines[one.id], (left, top, right, bottom))
            sheet.save(asked.folder / f"{one.id}.png")


if __name__ == "__main__":
    main()
