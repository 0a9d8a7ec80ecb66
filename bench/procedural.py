"""How many generated shapes a core makes in a minute, and where the time goes.

Usage: python bench/procedural.py [--shapes 41] [--views 24] [--points 100000] [--json FILE]
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Row, arguments, publish

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.preprocessing.views import ViewOptions, take_views
from onet_cli.procedural.design import CYCLE, category_of, design

STAGES = ("design", "occupancy", "surface", "mesh", "views")


def stages(index: int, views: int, points: int) -> dict[str, float]:
    """Return the processor seconds of each stage of shape `index`, as in `onet preprocess`."""
    taken, rng = {}, np.random.default_rng(index)

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = work()
        taken[stage] = time.process_time() - start
        return result

    assembly = timed("design", lambda: design(0, index))
    cube = ((rng.random((points, 3)) - 0.5) * CUBE_EDGE).astype(np.float16)
    timed("occupancy", lambda: assembly.contains(cube))
    timed("surface", lambda: assembly.sample_surface(points, rng))
    mesh, looks = timed("mesh", assembly.mesh)
    options = ViewOptions(views, 137, "wide", "white")
    timed("views", lambda: take_views(mesh, looks, rng, options))
    return taken


def main() -> None:
    """Time one cycle of categories, `--rounds` times, each shape's best round counting."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--shapes", type=int, default=len(CYCLE))
    parser.add_argument("--views", type=int, default=24)
    parser.add_argument("--points", type=int, default=100_000)
    asked = parser.parse_args()
    best: dict[int, dict[str, float]] = {}
    for _ in range(asked.rounds):
        for index in range(asked.shapes):
            taken = stages(index, asked.views, asked.points)
            if index not in best or sum(taken.values()) < sum(best[index].values()):
                best[index] = taken
    publish("Generated shapes, one core", rows(best), asked.json, ("pillow", "mapbox-earcut"))


def rows(best: dict[int, dict[str, float]]) -> list[Row]:
    """Return a row a category and one of all, seconds a shape in the mean, by stage."""
    groups: dict[str, list[dict[str, float]]] = defaultdict(list)
    for index, taken in best.items():
        groups[category_of(index)].append(taken)
        groups["all"].append(taken)
    table = []
    for name, members in sorted(groups.items(), key=lambda group: group[0] == "all"):
        means = {stage: statistics.mean(taken[stage] for taken in members) for stage in STAGES}
        total = sum(means.values())
        table.append({"category": name} | means | {"seconds": total, "a minute": 60 / total})
    return table


if __name__ == "__main__":
    main()
