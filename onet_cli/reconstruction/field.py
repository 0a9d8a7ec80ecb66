"""Occupancy field of one photo: numpy points to logits, parallel and in chunks."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onet_cli.models.predictor import Points
from onet_cli.reconstruction.bounds import DepthBounds
from onet_cli.reconstruction.profile_change import ProfileChange
from onet_cli.reconstruction.revolution import Revolution
from onet_cli.reconstruction.rods import Rods


class Changes(NamedTuple):
    """Changes of a field, in the order in which they are made."""

    profiles: ProfileChange | None = None
    depth: DepthBounds | None = None
    rods: Rods | None = None
    revolution: Revolution | None = None


class OccupancyField:
    """The occupancy field of one photo; calling it maps points (N, 3) to logits (N,), float32.

    `points` is the result of `Predictor.for_code`, and `threshold` the probability at the surface.
    Chunks run on one Python thread per core, as many as `points.workers` has. The logits are
    changed along the rays of the image, bounded in depth, raised to rods, and replaced by a body of
    revolution, as `changes` have them.
    """

    def __init__(
        self, points: Points, threshold: float = 0.5, changes: Changes | None = None
    ) -> None:
        self._points = points
        self.threshold = threshold
        self._changes = changes or Changes()

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the logits (N,) at `points` (N, 3) in the frame of the network's points."""
        points = np.ascontiguousarray(points, dtype=np.float32)
        logits = np.empty(len(points), dtype=np.float32)

        profiles, _, rods, revolution = self._changes

        def evaluate(rows: slice) -> None:
            found = self._points(points[rows])
            if profiles is not None:
                found = profiles.change(points[rows], found, self.level)
            for bounds in self._bounds:
                found = np.minimum(found, self.level + bounds.heights(points[rows]))
            if rods is not None:
                found = np.maximum(found, self.level + rods.heights(points[rows]))
            if revolution is not None:
                found = revolution.change(points[rows], found, self.level)
            logits[rows] = found

        self._for_each_chunk(evaluate, len(points))
        return logits

    @property
    def level(self) -> float:
        """The iso-level (logit)."""
        return math.log(self.threshold) - math.log1p(-self.threshold)

    def cut_at(self, threshold: float) -> "OccupancyField":
        """Return the same field with another threshold."""
        return OccupancyField(self._points, threshold, self._changes)

    def at_level(self, level: float) -> "OccupancyField":
        """Return the same field with another iso-level (logit)."""
        return self.cut_at(1 / (1 + math.exp(-level)))

    def with_points(self, points: Points) -> "OccupancyField":
        """Return the field of other points with the same threshold, without any changes."""
        return OccupancyField(points, self.threshold)

    def with_change(self, profiles: ProfileChange | None) -> "OccupancyField":
        """Return the same field with another change along the rays of the image."""
        return self._with(self._changes._replace(profiles=profiles))

    def with_bounds(self, depth: DepthBounds | None) -> "OccupancyField":
        """Return the same field with other bounds on its depth."""
        return self._with(self._changes._replace(depth=depth))

    def with_rods(self, rods: Rods | None) -> "OccupancyField":
        """Return the same field with other rods."""
        return self._with(self._changes._replace(rods=rods))

    def with_revolution(self, revolution: Revolution | None) -> "OccupancyField":
        """Return the same field with another body of revolution in its place."""
        return self._with(self._changes._replace(revolution=revolution))

    def _with(self, changes: Changes) -> "OccupancyField":
        return OccupancyField(self._points, self.threshold, changes)

    def with_gradient(
        self, points: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (N,) at `points` (N, 3) and their spatial gradients (N, 3)."""
        points = np.ascontiguousarray(points, dtype=np.float32)
        logits = np.empty(len(points), dtype=np.float32)
        gradients = np.empty((len(points), 3), dtype=np.float32)

        profiles, _, rods, revolution = self._changes

        def evaluate(rows: slice) -> None:
            logits[rows], gradients[rows] = self._points.with_gradient(points[rows])
            if profiles is not None:
                logits[rows], gradients[rows] = profiles.change_with_gradient(
                    points[rows], logits[rows], gradients[rows], self.level
                )
            for bounds in self._bounds:
                heights = self.level + bounds.heights(points[rows])
                above = rows.start + np.flatnonzero(heights < logits[rows])
                logits[above] = heights[above - rows.start]
                gradients[above] = bounds.slopes(points[above])
            if rods is not None:
                heights = self.level + rods.heights(points[rows])
                below = rows.start + np.flatnonzero(heights > logits[rows])
                logits[below] = heights[below - rows.start]
                gradients[below] = rods.slopes(points[below])
            if revolution is not None:
                logits[rows], gradients[rows] = revolution.change_with_gradient(
                    points[rows], logits[rows], gradients[rows], self.level
                )

        self._for_each_chunk(evaluate, len(points))
        return logits, gradients

    @property
    def _bounds(self) -> list[DepthBounds]:
        """All bounds on the depth."""
        rods = self._changes.rods
        given = self._changes.depth, None if rods is None else rods.bounds
        return [bounds for bounds in given if bounds is not None]

    def _for_each_chunk(self, work: Callable[[slice], None], count: int) -> None:
        """Run `work` on every chunk of `count` rows, in parallel."""
        rows, workers = self._points.rows, self._points.workers
        chunks = [slice(start, min(start + rows, count)) for start in range(0, count, rows)]
        threads = min(workers.threads, len(chunks))
        if threads <= 1:
            for chunk in chunks:
                work(chunk)
            return
        with workers.pool(threads) as pool:
            for _ in pool.map(work, chunks):  # consumed to raise errors here
                pass
