"""Gradients of fields of planes in numpy: the backward pass of `plane_points.PlanePoints`."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.picture_frame import (
    LEAST_DEPTH,
    from_cube,
    look,
    shrinkage,
    stretch,
    to_cube,
)
from onet_cli.models.plane_points import PlanePoints

AXES = ((0, 1), (0, 2), (1, 2))
"""The coordinates that each plane spans; `decoders.plane_decoder` has them for torch."""

PICTURE_EDGE = 2.0
"""Edge of a plane of local features: positions in a picture are -1 to 1."""

ROWS = 512
"""Points at a time: the corners of their cells, 4 MB at a width of 96, fit the cache."""

Floats = NDArray[np.floating]


def logits_and_slopes(
    decoder: PlanePoints, points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the logits (N,) of `decoder` at `points` (N, 3), and their gradients (N, 3)."""
    logits = np.empty(len(points), np.float32)
    slopes = np.empty((len(points), 3), np.float32)
    for start in range(0, len(points), ROWS):
        rows = slice(start, start + ROWS)
        logits[rows], slopes[rows] = _some(decoder, points[rows])
    return logits, slopes


class _LookUp(NamedTuple):
    """Bilinear look-ups of N points in one table (P, P, H).

    `corners` are the four cells (4, N, H) around each, upper left, upper right, lower left and
    lower right; `right` and `down` (N,) where between them a point is; `scale` (N, 2) is the number
    of cells per unit, 0 where a point is beyond the table.
    """

    corners: Floats
    right: Floats
    down: Floats
    scale: Floats

    @classmethod
    def of(cls, table: Floats, positions: Floats, edge: float) -> "_LookUp":
        """Look up `positions` (N, 2) in `table`, a square of `edge` centred at the origin."""
        side = len(table)
        places = (positions * (2 / edge) + 1) * (side / 2) - 0.5
        within = (places > 0) & (places < side - 1)
        places = np.clip(places, 0, side - 1)
        first = np.minimum(places.astype(np.int64), side - 2)
        right, down = (places - first).astype(np.float32).T
        at = first[:, 1] * side + first[:, 0]
        flat = table.reshape(side * side, -1)
        corners = np.stack([flat[at + step] for step in (0, 1, side, side + 1)])
        return cls(corners, right, down, within * np.float32(side / edge))

    def values(self) -> Floats:
        """Return the interpolated features (N, H)."""
        right, down = self.right[:, None], self.down[:, None]
        upper = self.corners[0] + right * (self.corners[1] - self.corners[0])
        lower = self.corners[2] + right * (self.corners[3] - self.corners[2])
        found: Floats = upper + down * (lower - upper)
        return found

    def slopes(self, given: Floats) -> Floats:
        """Return the gradient (N, 2) by the positions, from `given` (N, H) by the features."""
        a, b, c, d = np.einsum("knh,nh->kn", self.corners, given)
        by_x = (1 - self.down) * (b - a) + self.down * (d - c)
        by_y = (1 - self.right) * (c - a) + self.right * (d - b)
        return np.stack([by_x, by_y], axis=1) * self.scale


def _some(decoder: PlanePoints, points: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return logits and gradients of points that fit the cache."""
    planes = [
        _LookUp.of(table, points[:, axes], CUBE_EDGE)
        for table, axes in zip(decoder.cells, AXES, strict=True)
    ]
    hidden = decoder.shift + points @ decoder.of_point[:3]
    for plane in planes:
        hidden += plane.values()
    sights: list[_Seen] = []
    if decoder.local is not None and decoder.view is not None:
        sights.append(_Seen.of(decoder.local[0], decoder.of_point[3], points, decoder.view))
    image = None
    if decoder.local is not None and decoder.view is not None and decoder.mirror is not None:
        image = _mirrored(points, decoder.mirror)
        sights.append(_Seen.of(decoder.local[1], decoder.of_point[7], image, decoder.view))
        planes.append(_LookUp.of(decoder.facing, image[:, :2], CUBE_EDGE))  # type: ignore[arg-type]
        hidden += planes[-1].values() + image @ decoder.of_point[4:7]
    for sight in sights:
        hidden += sight.values()
    logits, given = _through_layers(decoder, hidden)
    slopes = given @ decoder.of_point[:3].T
    for plane, axes in zip(planes, AXES, strict=False):
        slopes[:, axes] += plane.slopes(given)
    if sights:
        slopes += sights[0].slopes(given)
    if image is not None and decoder.mirror is not None:
        of_image = given @ decoder.of_point[4:7].T + sights[1].slopes(given)
        of_image[:, :2] += planes[3].slopes(given)
        slopes += _mirrored_slopes(of_image, points, image, decoder.mirror)
    return logits, slopes


def _through_layers(decoder: PlanePoints, hidden: Floats) -> tuple[Floats, Floats]:
    """Return the logits (N,) for the first layer's output (N, H), and the gradient by that."""
    first, second = decoder.weights
    inner = np.maximum(decoder.biases[0] + np.maximum(hidden, 0) @ first, 0)
    outer = hidden + inner @ second + decoder.biases[1]
    logits = np.maximum(outer, 0) @ decoder.weight_out + decoder.bias_out
    by_outer = np.where(outer > 0, decoder.weight_out, 0)
    by_inner = np.where(inner > 0, by_outer @ second.T, 0)
    return logits, by_outer + np.where(hidden > 0, by_inner @ first.T, 0)


class _Seen(NamedTuple):
    """Features of the picture at the projections of N points."""

    local: _LookUp
    of_nearness: Floats
    points: Floats
    seen: Floats
    near: Floats
    view: tuple[float, ...]

    @classmethod
    def of(
        cls, table: Floats, of_nearness: Floats, points: Floats, view: tuple[float, ...]
    ) -> "_Seen":
        """Look at `points` (N, 3) in the picture's `table` (S, S, H)."""
        sine, cosine, kappa = view[:3]
        seen, near = look(points, math.atan2(sine, cosine), kappa)
        return cls(_LookUp.of(table, seen, PICTURE_EDGE), of_nearness, points, seen, near, view)

    def values(self) -> Floats:
        """Return what the picture adds to the first layer, (N, H)."""
        return self.local.values() + self.near[:, None] * self.of_nearness

    def slopes(self, given: Floats) -> Floats:
        """Return the gradient (N, 3) by the points, from `given` (N, H) by the first layer."""
        sine, cosine, kappa = self.view[:3]
        by_u, by_v = self.local.slopes(given).T
        depth = np.maximum(1 - kappa * self.near, LEAST_DEPTH)
        by_depth = -(by_u * self.seen[:, 0] + by_v * self.seen[:, 1]) / depth
        by_near = given @ self.of_nearness - kappa * by_depth * (depth > LEAST_DEPTH)
        by_down = by_v / depth
        by_y, by_z = sine * by_near - cosine * by_down, sine * by_down + cosine * by_near
        return np.stack([by_u / depth, by_y, by_z], axis=1) * stretch(self.points)


def _mirrored(points: Floats, mirror: tuple[float, ...]) -> NDArray[np.float32]:
    """Return the mirror images (N, 3) of `points` (N, 3), both in a network's cube."""
    cosine, sine, offset = mirror
    places = from_cube(points)
    twice = 2 * (places[:, 0] * cosine + places[:, 2] * sine - offset)
    places[:, 0] -= twice * cosine
    places[:, 2] -= twice * sine
    return to_cube(places).astype(np.float32)


def _mirrored_slopes(
    given: Floats, points: Floats, image: Floats, mirror: tuple[float, ...]
) -> Floats:
    """Return the gradient (N, 3) by `points`, from `given` (N, 3) by their mirror images."""
    cosine, sine, _ = mirror
    places = given * shrinkage(image)
    twice = 2 * (places[:, 0] * cosine + places[:, 2] * sine)
    places[:, 0] -= twice * cosine
    places[:, 2] -= twice * sine
    return places * stretch(points)
