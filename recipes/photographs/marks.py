"""Print what marks by eye say of each model: shares of meshes, and the intervals of their means.

Usage: python recipes/photographs/marks.py [MARKS]

MARKS has the columns id, model, marker, found, recognisable, usable; default: marks.csv beside this
file. Marks of a mesh are averaged over those who marked it. Intervals are 95 %, by resampling the
photographs; differences are paired, between models with the same markers. Where there are no marks
of a model, a kind, or of photographs that both models have, there is a dash.
"""

import argparse
import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from table import HERE, KINDS, read_table

QUESTIONS = "found", "recognisable", "usable"
RESAMPLES = 10_000

Shares = dict[str, dict[str, float]]


def read_marks(path: Path, question: str, least: int) -> Shares:
    """Return by model and photograph the share of markers who gave `least` or more."""
    given: defaultdict[str, defaultdict[str, list[bool]]]
    given = defaultdict(lambda: defaultdict(list))
    with path.open(newline="") as lines:
        for mark in csv.DictReader(lines):
            if mark[question]:  # who marks may leave a question out
                given[mark["model"]][mark["id"]].append(int(mark[question]) >= least)
    return {
        model: {name: float(np.mean(marks)) for name, marks in by_photo.items()}
        for model, by_photo in given.items()
    }


def read_markers(path: Path) -> dict[str, set[str]]:
    """Return who marked each model."""
    markers: defaultdict[str, set[str]] = defaultdict(set)
    with path.open(newline="") as lines:
        for mark in csv.DictReader(lines):
            markers[mark["model"]].add(mark["marker"])
    return dict(markers)


def interval(values: NDArray[np.floating]) -> str:
    """Return the mean of `values` (N,) and its interval, in per cent; a dash of no values."""
    if len(values) == 0:
        return "    -"
    rng = np.random.default_rng(0)
    means = values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{100 * values.mean():5.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("marks", type=Path, nargs="?", default=HERE / "marks.csv")
    path = parser.parse_args().marks
    if not path.is_file():
        raise SystemExit(f"error: there are no marks yet: {path} does not exist")
    markers = read_markers(path)
    kinds = {one.id: one.kind for one in read_table()}
    for question in QUESTIONS:
        for least in (1, 2):
            shares = read_marks(path, question, least)
            if not shares:
                print(f"\n{question}, {least} or more: -")
                continue
            print(f"\n{question}, {least} or more")
            for kind in (*KINDS, "all"):
                cells = []
                for model, by_photo in shares.items():
                    some = [v for name, v in by_photo.items() if kind in (kinds[name], "all")]
                    cells.append(f"{model} {interval(np.array(some))}")
                print(f"  {kind:8} " + "   ".join(cells))
            for first, other in combinations(shares, 2):
                if markers[first] == markers[other]:
                    both = shares[first].keys() & shares[other].keys()
                    gain = np.array([shares[other][n] - shares[first][n] for n in sorted(both)])
                    print(f"  {other} less {first}: {interval(gain)}")


if __name__ == "__main__":
    main()
