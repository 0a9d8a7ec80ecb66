"""Marching cubes: speed and soundness beside scikit-image, PyMCubes and libigl.

All get the same grid of logits. `ours` marches over the dense grid as the peers do, `ours, MISE`
over the crossed cells of the octree that comes out of MISE. Bad edges do not have exactly two faces
in opposite directions, bad faces have no area; a closed surface has neither. In the noise
most cells are ambiguous, which in a trained network's field few are; "ties" holds integers, a fifth
of them at the level itself.

Usage: python bench/isosurface.py [--resolutions 128 256 512] [--rounds 5] [--json FILE]
"""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from fields import ring
from harness import Row, arguments, interleave, publish
from numpy.typing import NDArray

from onet_cli.geometry.isosurface import extract_surface, grid_surface
from onet_cli.geometry.mise import Grid, evaluate_grid

LARGEST_FOR_LIBIGL = 257
"""Points per side: it wants the position of each, 24 bytes, beside its value."""

Surface = tuple[NDArray[np.floating], NDArray[np.integer]]
Extractor = Callable[[NDArray[np.float32]], Surface]


def ours(values: NDArray[np.float32]) -> Surface:
    mesh = extract_surface(values, 0.0, edge=len(values) - 1)
    return mesh.vertices, mesh.faces


@cache
def peers() -> dict[str, Extractor]:
    """Return those of the other libraries that are installed."""
    found: dict[str, Extractor] = {}
    for name, load in (("scikit-image", _skimage), ("PyMCubes", _mcubes), ("libigl", _igl)):
        try:
            found[name] = load()
        except ImportError:
            print(f"{name} is not installed: left out")
    return found


def _skimage() -> Extractor:
    from skimage.measure import marching_cubes

    return lambda values: marching_cubes(values, 0.0, gradient_direction="ascent")[:2]


def _mcubes() -> Extractor:
    import mcubes

    return lambda values: mcubes.marching_cubes(values, 0.0)


def _igl() -> Extractor:
    import igl

    def run(values: NDArray[np.float32]) -> Surface:
        side = len(values)
        axis = np.arange(side, dtype=np.float64)
        # Its x runs fastest.
        places = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)[:, ::-1]
        turned = np.ascontiguousarray(values.transpose(2, 1, 0), dtype=np.float64).ravel()
        places = np.ascontiguousarray(places)
        vertices, faces = igl.marching_cubes(turned, places, side, side, side, 0.0)[:2]
        return vertices, faces[:, ::-1]

    return run


def quality(surface: Surface) -> Row:
    vertices, faces = (np.asarray(part) for part in surface)
    directed = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    forth, count = np.unique(directed @ [len(vertices), 1], return_counts=True)
    back = np.unique(directed @ [1, len(vertices)])
    corners = vertices[faces].astype(np.float64)
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return {
        "faces": len(faces),
        "bad edges": int((count > 1).sum()) + len(np.setxor1d(forth, back)),
        "bad faces": int((np.linalg.norm(doubled, axis=1) == 0).sum()),
        "volume": float((corners[:, 0] * doubled).sum() / 6),
    }


def compare(
    name: str, values: NDArray[np.float32], rounds: int, grid: Grid | None = None
) -> list[Row]:
    extractors = {"ours": ours} | peers()
    if len(values) > LARGEST_FOR_LIBIGL:
        extractors.pop("libigl", None)
    surfaces: dict[str, Surface] = {}

    def run(peer: str) -> None:
        surfaces[peer] = extractors[peer](values)

    contestants: dict[str, Callable[[], object]] = {peer: partial(run, peer) for peer in extractors}
    if grid is not None:
        contestants = {"ours, MISE": lambda: grid_surface(grid)} | contestants
    seconds = interleave(contestants, rounds, warm_up=len(values) <= LARGEST_FOR_LIBIGL)
    found = {peer: quality(surface) for peer, surface in surfaces.items()}
    if grid is not None:
        mesh = grid_surface(grid)
        scale = (len(values) - 1) / grid.edge
        found["ours, MISE"] = quality((mesh.vertices * scale, mesh.faces))
    return [
        {
            "field": name,
            "resolution": len(values) - 1,
            "by": peer,
            "ms": 1000 * taken,
            "x ours": taken / seconds["ours"],
            **found[peer],
        }
        for peer, taken in seconds.items()
    ]


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--resolutions", type=int, nargs="+", default=[128, 256, 512])
    options = parser.parse_args()
    rows: list[Row] = []
    for resolution in options.resolutions:
        grid = evaluate_grid(ring, resolution, 0.0)
        rounds = options.rounds if resolution < 512 else min(options.rounds, 2)
        rows += compare("ring", grid.values, rounds, grid)
    rng = np.random.default_rng(0)
    shape = (65, 65, 65)
    rows += compare("noise", framed(rng.standard_normal(shape)), options.rounds)
    rows += compare("ties", framed(rng.integers(-2, 3, shape)), options.rounds)
    publish("Marching cubes", rows, options.json, ("scikit-image", "PyMCubes", "libigl"))


def framed(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return `values` with outside all around, which ours would add and the peers do not."""
    framed = np.asarray(values, dtype=np.float32)
    for axis in range(3):
        np.moveaxis(framed, axis, 0)[[0, -1]] = -1
    return framed


if __name__ == "__main__":
    main()
