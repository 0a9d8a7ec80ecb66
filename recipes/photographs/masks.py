"""Measure the masks of `isolate_object` on the photographs, against outlines drawn by hand.

Usage: python recipes/photographs/masks.py PICTURES [--csv FILE] [--only ID...]

PICTURES is what fetch.py filled. Prints the IoU of each mask with the outline, and means by kind
of photograph. A failure is an IoU below 0.7; it is silent where the photo brought no warning.
Pixels that the outline calls doubtful are left out. Where the whole photo was kept, the whole
photo is the mask; a photo that is refused counts 0.
"""

import argparse
import csv
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from table import KINDS, Outline, Photograph, read_outlines, read_table

from onet_cli.errors import PhotoError
from onet_cli.shapes.photo import isolate_object, read_photo

FAILED, GOOD = 0.7, 0.9
THRESHOLD = 0.5  # weight from which a pixel is the object


@dataclass(frozen=True)
class Score:
    """How well the object of one photograph was found."""

    id: str
    kind: str
    iou: float
    missing: float
    extra: float
    method: str
    ms: float
    warnings: str

    @property
    def silent(self) -> bool:
        """Whether it failed without a word."""
        return self.iou < FAILED and not self.warnings


def measure(photograph: Photograph, outline: Outline, pictures: Path) -> Score:
    """Return the score of one photograph; shares are of the object's area."""
    photo = read_photo(pictures / photograph.file)
    start = time.process_time()
    try:
        prepared = isolate_object(photo)
    except PhotoError as error:
        return Score(photograph.id, photograph.kind, 0.0, 1.0, 0.0, "refused", 0.0, str(error))
    ms = (time.process_time() - start) * 1000
    if prepared.weight is None:
        small = photo.size
        if max(small) > 768:
            small = (round(small[0] * 768 / max(small)), round(small[1] * 768 / max(small)))
        mask = np.ones(small[::-1], dtype=bool)
    else:
        mask = prepared.weight > THRESHOLD
    truth, counts = outline.masks(*mask.shape)
    mask, truth = mask & counts, truth & counts
    area = float(truth.sum())
    return Score(
        photograph.id,
        photograph.kind,
        float((mask & truth).sum() / (mask | truth).sum()),
        float((truth & ~mask).sum()) / area,
        float((mask & ~truth).sum()) / area,
        prepared.method,
        ms,
        "; ".join(prepared.warnings),
    )


def show(scores: list[Score]) -> None:
    """Print the table, the means and the silent failures."""
    print(
        f"{'photograph':22} {'kind':8} {'IoU':>6} {'missing':>8} {'extra':>7} {'CPU ms':>6}  method"
    )
    for one in scores:
        warned = "  warned" if one.warnings else ""
        print(
            f"{one.id:22} {one.kind:8} {one.iou:6.3f} {one.missing:8.3f} {one.extra:7.3f} "
            f"{one.ms:6.0f}  {one.method}{warned}"
        )
    print(
        f"\n{'kind':10} {'n':>3} {'mean':>6} {'median':>7} {'>= 0.9':>7} {'< 0.7':>6} {'silent':>7}"
    )
    for kind in (*KINDS, "all"):
        some = [one for one in scores if kind in (one.kind, "all")]
        if some:
            iou = np.array([one.iou for one in some])
            silent = sum(one.silent for one in some)
            print(
                f"{kind:10} {len(some):3} {iou.mean():6.3f} {np.median(iou):7.3f} "
                f"{(iou >= GOOD).sum():7} {(iou < FAILED).sum():6} {silent:7}"
            )
    print(f"\nmedian processor time {np.median([one.ms for one in scores]):.0f} ms")
    quiet = [f"{one.id} {one.iou:.2f}" for one in scores if one.silent]
    print("silent failures: " + (", ".join(quiet) or "none"))


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--csv", type=Path, help="also write the scores here")
    parser.add_argument("--only", nargs="+", default=(), metavar="ID")
    asked = parser.parse_args()
    outlines = read_outlines()
    wanted = [one for one in read_table() if not asked.only or one.id in asked.only]
    scores = [measure(one, outlines[one.id], asked.pictures) for one in wanted]
    show(scores)
    if asked.csv:
        with asked.csv.open("w", newline="") as file:
            rows = csv.DictWriter(file, list(asdict(scores[0])), lineterminator="\n")
            rows.writeheader()
            rows.writerows(asdict(one) for one in scores)


if __name__ == "__main__":
    main()
