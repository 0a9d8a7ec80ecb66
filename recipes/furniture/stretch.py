"""Write split.csv with the training objects again in other proportions: more to learn from.

Usage: python recipes/furniture/stretch.py OUTPUT.csv [--copies 1] [--seed 1]

Each training row is repeated with its width, depth and height times factors of their own, from 0.8
to 1.25; the other rows stay as they are. `onet preprocess LIBRARIES DATA --manifest OUTPUT.csv`
converts and renders all of them.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

SPLIT = Path(__file__).with_name("split.csv")
SIZES = ("width_cm", "depth_cm", "height_cm")
WIDEST = 1.25


def stretched(row: dict[str, str], rng: np.random.Generator) -> dict[str, str]:
    """Return `row` in other proportions; its size in all is lost anyway."""
    factors = WIDEST ** rng.uniform(-1, 1, len(SIZES))
    sizes = {
        name: f"{float(row[name]) * factor:.4g}"
        for name, factor in zip(SIZES, factors, strict=True)
    }
    return row | sizes


def main() -> None:
    """Read the command line and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--copies", type=int, default=1, help="rows for each training object")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    with SPLIT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    training = [row for row in rows if row["use"] == "train"]
    with asked.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        writer.writerows(stretched(row, rng) for _ in range(asked.copies) for row in training)
    print(f"{asked.output}: {len(rows)} rows of {SPLIT.name}, {asked.copies * len(training)} more")


if __name__ == "__main__":
    main()
