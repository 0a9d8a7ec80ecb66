"""Culling: points within a box, without testing all points."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids.pose import Array

STEPS = 65535


class Cull:
    """Points (N, 3), sorted along each axis, so that a box tests only its thinnest slice."""

    def __init__(self, points: Array) -> None:
        self._points = points
        self._columns = np.ascontiguousarray(points.T)
        self._orders, self._sorted = [], []
        for column in self._columns:
            low, high = (column.min(), column.max()) if len(column) else (0.0, 0.0)
            # Sorting 16-bit keys is a radix sort, many times faster than sorting floats.
            keys = ((column - low) * (STEPS / max(high - low, 1e-300))).astype(np.uint16)
            order = np.argsort(keys, kind="stable").astype(np.int32)
            self._orders.append(order)
            self._sorted.append((keys[order], low, STEPS / max(high - low, 1e-300)))

    def within(self, lower: Array, upper: Array) -> NDArray[np.int32]:
        """Return the rows of the points in the closed box from `lower` to `upper`, in no order."""
        spans = []
        for axis, (keys, low, scale) in enumerate(self._sorted):
            # One step more on both sides, because keys are rounded down.
            first = np.clip((lower[axis] - low) * scale - 1, 0, STEPS).astype(np.uint16)
            last = np.clip((upper[axis] - low) * scale + 1, 0, STEPS).astype(np.uint16)
            spans.append(np.searchsorted(keys, [first, last + (last < STEPS)]).tolist())
            if last == STEPS:
                spans[-1][1] = len(keys)
        axis = int(np.argmin([end - start for start, end in spans]))
        rows = self._orders[axis][slice(*spans[axis])]
        for k in range(3):
            values = self._columns[k][rows]
            rows = rows[(values >= lower[k]) & (values <= upper[k])]
        return rows
