"""Draw sheets on which meshes of several models are marked by eye, in mixed order and unnamed.

Usage: python recipes/photographs/sheets.py PICTURES SHEETS NAME=MESHES[,DEBUG]... [--seed N]

MESHES is a folder that `onet reconstruct PICTURES/* -o MESHES/` wrote; NAME stands
for the model in `marks.csv`. Photographs that are not in PICTURES are left out. Each row of a
sheet shows the photo, what the network was shown, and the mesh from the photo's direction, from
both sides, from behind, and a code. SHEETS/key.csv tells which photograph and which model each
code is, and is not for those who mark. A photo in which no object was found, or of which a model
made no mesh, has a row that says so.

What the network was shown is read from DEBUG, the folder that `--debug DEBUG` of that command
wrote. Without one it is the object as it is cut out today, whatever the model was given then.
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from table import read_table

from onet_cli.errors import OnetError, PhotoError
from onet_cli.meshes.read import read_mesh
from onet_cli.reconstruction.stage import Stage
from onet_cli.shapes.photo import isolate_object, read_photo

TILE, ROWS = 200, 8
AZIMUTHS = 0.0, 90.0, 270.0, 180.0


@dataclass(frozen=True)
class Model:
    """The folders of a model: its meshes, and what it was shown, if that was kept."""

    meshes: Path
    debug: Path | None

    @classmethod
    def parse(cls, text: str) -> "Model":
        """Return the folders in MESHES or MESHES,DEBUG."""
        meshes, _, debug = text.partition(",")
        return cls(Path(meshes), Path(debug) if debug else None)

    def shown(self, name: str, photo: Image.Image) -> Image.Image | None:
        """Return what the network was shown of a photograph, None if no object was found in it."""
        if self.debug is None:
            try:
                return isolate_object(photo).picture
            except PhotoError:
                return None
        file = self.debug / f"{name}.prepared.png"
        return Image.open(file).convert("RGB") if file.is_file() else None


def row(photo: Path, model: Model, code: str) -> Image.Image:
    """Return one row of a sheet."""
    picture = read_photo(photo)
    shown, mesh = model.shown(photo.stem, picture), model.meshes / f"{photo.stem}.obj"
    tiles = {0: picture.convert("RGB")}
    text = code
    if shown is None:
        text += ": no object found"
    else:
        tiles[1] = shown
    if mesh.is_file():
        stage = Stage(read_mesh(mesh))
        tiles |= {2 + n: stage.view(azimuth, TILE) for n, azimuth in enumerate(AZIMUTHS)}
    else:
        text += ": no mesh"
    strip = Image.new("RGB", (TILE * (2 + len(AZIMUTHS)), TILE + 22), "white")
    for place, tile in tiles.items():
        tile.thumbnail((TILE - 6, TILE))
        strip.paste(tile, (place * TILE + (TILE - tile.width) // 2, (TILE - tile.height) // 2))
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
    parser.add_argument("models", nargs="+", metavar="NAME=MESHES[,DEBUG]")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.sheets.mkdir(parents=True, exist_ok=True)
    given = (text.partition("=") for text in options.models)
    models = {name: Model.parse(folders) for name, _, folders in given}
    for model in models.values():
        for folder in (model.meshes, model.debug):
            if folder is not None and not folder.is_dir():
                parser.error(f"there is no folder {folder}")
    table = read_table()
    photographs = [one for one in table if (options.pictures / one.file).is_file()]
    if not photographs:
        parser.error(f"{options.pictures} has no photograph of the table")
    print(f"{len(photographs)} of {len(table)} photographs are there")
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
            strips.append(row(options.pictures / one.file, models[model], code))
        sheet = Image.new("RGB", (strips[0].width, ROWS * strips[0].height), "white")
        for place, strip in enumerate(strips):
            sheet.paste(strip, (0, place * strip.height))
        sheet.save(options.sheets / f"sheet-{start // ROWS + 1:02d}.png")


if __name__ == "__main__":
    try:
        main()
    except OnetError as error:
        raise SystemExit(f"error: {error}") from error
