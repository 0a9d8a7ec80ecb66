"""Draw the gallery of the docs: previews of all photographs whose licence lets them be shown.

Usage: python recipes/photographs/gallery.py PREVIEWS IMAGES

PREVIEWS is a folder that `onet reconstruct PICTURES/* -o PREVIEWS/ --preview` wrote. Previews of
photographs under CC BY 4.0 or CC0, none left out, are written to IMAGES as JPEG; what is printed
is the text of docs/gallery.md below its first heading, with the raters' marks.
"""

import argparse
import csv
from collections.abc import Iterable
from pathlib import Path

from PIL import Image
from table import HERE, Photograph, read_table

FREE = ("CC-BY-4.0", "CC0")
MODEL = "revolved"
"""Name in marks.csv of the shipped weights."""

WIDTH, QUALITY = 560, 80
CREDITS = {
    "dataset/backpack_dog": "Yuanzhen Li",
    "dataset/rc_car": "Varun Jampani",
    "dataset/robot_toy": "Varun Jampani",
    "skimage/data": "Rachel Michetti",
}
"""By folder, as references_and_licenses.txt and the package say; the others below."""

OTHERS = "Nataniel Ruiz"


def marks() -> dict[str, list[int]]:
    """Return by photograph the marks of the question whether the mesh is usable."""
    found: dict[str, list[int]] = {}
    with (HERE / "marks.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["model"] == MODEL:
                found.setdefault(row["id"], []).append(int(row["usable"]))
    return found


def paragraph(photograph: Photograph, usable: Iterable[int]) -> str:
    """Return heading, marks, picture and credit of one photograph."""
    given = [mark > 0 for mark in usable]
    name, place = photograph.id, str(Path(photograph.path).parent)
    title = name.replace("-", " ").capitalize()
    licence = "CC0" if photograph.licence.startswith("CC0") else "CC BY 4.0"
    source = f"`{photograph.path}` of `{photograph.source}`"
    return (
        f"### {title}\n\nUsable: {sum(given)} of {len(given)} raters.\n\n"
        f"![Photo, mask and mesh: {title}](images/gallery/{name}.jpg)\n\n"
        f"Photo: {CREDITS.get(place, OTHERS)}, {licence}, {source}.\n"
    )


def main() -> None:
    """Read the command line, write the pictures and print the text."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("previews", type=Path)
    parser.add_argument("images", type=Path)
    asked = parser.parse_args()
    asked.images.mkdir(parents=True, exist_ok=True)
    given = marks()
    shown = [one for one in read_table() if one.licence.startswith(FREE)]
    for one in sorted(shown, key=lambda one: (-sum(mark > 0 for mark in given[one.id]), one.id)):
        picture = Image.open(asked.previews / f"{one.id}.preview.png").convert("RGB")
        height = round(picture.height * WIDTH / picture.width)
        picture = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
        picture.save(asked.images / f"{one.id}.jpg", quality=QUALITY, optimize=True)
        print(paragraph(one, given[one.id]))


if __name__ == "__main__":
    main()
