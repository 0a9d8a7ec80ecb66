"""Draw sheets on which meshes of several models are marked by eye, in mixed order and unnamed.

Usage: python recipes/photographs/sheets.py PICTURES SHEETS NAME=MESHES... [--seed N]

MESHES is a folder that `onet reconstruct PICTURES/* -o MESHES/` wrote; NAME stands
for the model in `marks.csv`. Each row of a sheet shows the photo, what the network was shown, and
the mesh from the photo's direction, from both sides, from behind, and a code. SHEETS/key.csv tells
which photograph and which model each code is, and is not for those who mark. A photo of which a
model made no mesh has a row that says so.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from table import read_table

from onet_cli.errors import OnetError
from onet_cli.geometry.mesh import read_mesh
from onet_cli.reconstruction.stage import Stage
from onet_cli.shapes.photo import isolate_object, read_photo

TILE, ROWS = 200, 8
AZIMUTHS = 0.0, 90.0, 270.0, 180.0


def row(photo: Path, mesh: Path, code: str) -> Image.Image:
    """Return one row of a sheet."""
    picture = read_photo(photo)
    tiles = [picture.convert("RGB"), isolate_object(picture).picture]
    if mesh.is_file():
        stage = Stage(read_mesh(mesh))
        tiles += [stage.view(azimuth, TILE) for azimuth in AZIMUTHS]
    strip = Image.new("RGB", (TILE * (2 + len(AZIMUTHS)), TILE + 22), "white")
    for place, tile in enumerate(tiles):
        tile.thumbnail((TILE - 6, TILE))
        strip.paste(tile, (place * TILE + (TILE - tile.width) // 2, (TILE - tile.height) // 2))
    text = code if mesh.is_file() else f"{code}: no mesh"
    pen = ImageDraw.Draw(strip)
    pen.text((4, TILE + 2), text, fill=(180, 0, 0), font=ImageFont.load_default(size=16))
    return strip


def codes(count: int, rng: np.random.Generator) -> Iterator[str]:
    """Yield names that tell nothing, such as M017, in mixed order."""
    for number in rng.permutation(count):
        yield f"M{number + 1:03d}"


def main() -> None:
    """Draw the sheets and write the key."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("sheets", type=Path)
    parser.add_argument("models", nargs="+", metavar="NAME=MESHES")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.sheets.mkdir(parents=True, exist_ok=True)
    models = dict(model.split("=", 1) for model in options.models)
    photographs = read_table()
    names = codes(len(photographs) * len(models), np.random.default_rng(options.seed))
    key = [(next(names), one, model) for model in models for one in photographs]
    key.sort(key=lambda entry: entry[0])
    with (options.sheets / "key.csv").open("w", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["code", "id", "model"])
        lines.writerows((code, one.id, model) for code, one, model in key)
    for start in range(0, len(key), ROWS):
        strips = []
        for code, one, model in key[start : start + ROWS]:
            mesh = Path(models[model]) / f"{one.id}.obj"
            strips.append(row(options.pictures / one.file, mesh, code))
        sheet = Image.new("RGB", (strips[0].width, ROWS * strips[0].height), "white")
        for place, strip in enumerate(strips):
            sheet.paste(strip, (0, place * strip.height))
        sheet.save(options.sheets / f"sheet-{start // ROWS + 1:02d}.png")


if __name__ == "__main__":
    try:
        main()
    except OnetError as error:
        raise SystemExit(f"error: {error}") from error
