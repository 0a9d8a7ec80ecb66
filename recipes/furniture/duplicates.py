"""Print shapes that are nearly equal: within data sets, and across their splits first.

Usage: python recipes/furniture/duplicates.py DATA... [--below 0.012] [--across]

Compares the surfaces of every two shapes of DATA, turned by quarters about the upright axis and
mirrored. The distance is the mean one from either surface to the other, in unit cubes; samples of
one and the same surface are about 0.006 apart. A pair across splits is a leak: give it one
`group` in the table and one `use`, or drop one of the two.
"""

import argparse
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from onet_cli.shapes.store import ShapeStore

TREE_POINTS = 8192
QUERY_POINTS = 1024
BOX_TOLERANCE = 0.06
BINS = 24
HISTOGRAM_TOLERANCE = 0.25


@dataclass(frozen=True)
class Surface:
    """Samples of one shape, and what tells at little cost that two differ."""

    name: str
    split: str
    points: NDArray[np.float32]
    box: NDArray[np.float64]
    histogram: NDArray[np.float64]


def read_surfaces(root: Path) -> list[Surface]:
    """Return the surfaces of all shapes in the splits of a data set."""
    store = ShapeStore.open(root)
    surfaces = []
    for split in store.splits():
        for shape_id in store.ids(split):
            points = store.read_surface(shape_id).points[:TREE_POINTS].astype(np.float32)
            points -= (points.min(0) + points.max(0)) / 2
            surfaces.append(_surface(f"{root.name}/{shape_id}", split, points))
    return surfaces


def _surface(name: str, split: str, points: NDArray[np.float32]) -> Surface:
    width, height, depth = np.ptp(points, axis=0)
    box = np.array([max(width, depth), min(width, depth), height], np.float64)
    # Distances of pairs of points (D2 of Osada et al. 2002) are the same however it is turned.
    half = len(points) // 2
    lengths = np.linalg.norm(points[:half] - points[half : 2 * half], axis=1)
    counts, _ = np.histogram(lengths, BINS, (0, np.sqrt(3)))
    return Surface(name, split, points, box, counts / half)


def distance(one: Surface, other: Surface) -> float:
    """Return the mean distance between two surfaces as they fit best, or infinity."""
    if np.abs(one.box - other.box).max() > BOX_TOLERANCE:
        return np.inf
    if np.abs(one.histogram - other.histogram).sum() > HISTOGRAM_TOLERANCE:
        return np.inf
    tree = cKDTree(other.points)
    turns = [one.points[:QUERY_POINTS] @ matrix.T for matrix in _turns()]
    there = [float(tree.query(points)[0].mean()) for points in turns]
    best = int(np.argmin(there))
    whole = cKDTree(one.points @ _turns()[best].T)
    back = float(whole.query(other.points[:QUERY_POINTS])[0].mean())
    return (there[best] + back) / 2


def _turns() -> list[NDArray[np.float32]]:
    quarter = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], np.float32)
    turns = [np.linalg.matrix_power(quarter, number) for number in range(4)]
    mirror = np.diag(np.array([-1, 1, 1], np.float32))
    return turns + [turn @ mirror for turn in turns]


def main() -> None:
    """Read the command line and print the pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+", help="data sets")
    parser.add_argument("--below", type=float, default=0.012, help="distance of near-duplicates")
    parser.add_argument("--across", action="store_true", help="only pairs of different splits")
    asked = parser.parse_args()
    surfaces = [surface for root in asked.data for surface in read_surfaces(root)]
    pairs = [
        (far, one, other)
        for one, other in combinations(surfaces, 2)
        if not (asked.across and one.split == other.split)
        and (far := distance(one, other)) < asked.below
    ]
    pairs.sort(key=lambda pair: (pair[1].split == pair[2].split, pair[0]))
    for far, one, other in pairs:
        print(f"{far:.4f} {one.split:5} {one.name}  {other.split:5} {other.name}")
    across = sum(one.split != other.split for _, one, other in pairs)
    print(f"{len(surfaces)} shapes, {len(pairs)} near-duplicates, {across} of them across splits")


if __name__ == "__main__":
    main()
