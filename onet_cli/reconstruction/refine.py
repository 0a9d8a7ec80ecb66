"""Gradient refinement: move the vertices of a mesh towards the field's iso-surface."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.mesh import make_mesh
from onet_cli.reconstruction.field import OccupancyField

NORMAL_WEIGHT = 0.01
"""Lambda of the paper: weight of the normal loss relative to the occupancy loss."""

STEP_PER_EDGE = 0.015
"""Initial step in mean edge lengths; equal to the paper's 1e-4 on its mesh of 128 cells."""

STEPS_PER_LOOK = 2
"""Steps per evaluation of the field. In between, it is extrapolated linearly on each face; faces
are about as small as the regions on which the field is linear."""

SMOOTHING = 0.99
"""RMSprop's smoothing constant (alpha)."""

REACH = 0.5
"""Maximum total displacement of a vertex, in mean lengths of its edges, so that no vertex passes
its neighbour."""


Floats = NDArray[np.floating]


def refine(
    mesh: Trimesh, field: OccupancyField, level: float, steps: int, *, seed: int = 0
) -> Trimesh:
    """Return `mesh` with its vertices moved by `steps` of gradient descent and the same faces.

    Each step samples a point p on every face and decreases (occupancy(p) - threshold)^2 +
    0.01 |n(p) - m(p)|^2, where n is the face normal and m the field's direction of steepest
    descent. A decoder of ReLU layers is piecewise linear, so m is locally constant and first
    derivatives are enough. Every second step reuses the derivatives of the one before, at half the
    cost and equal accuracy (bench/refine_looks.py). Vertices whose displacement would flip a face
    are not moved.

    Args:
        mesh: A mesh oriented outward, unit-cube frame.
        field: The occupancy field of `mesh`.
        level: The iso-level (logit).
        steps: Number of steps; 0 returns `mesh` itself.
        seed: Seed of the sampled points.

    Source: Mescheder et al., CVPR 2019, section 3.3 and equation 4.
    """
    if steps <= 0:
        return mesh
    rng = np.random.default_rng(seed)
    start, faces = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces)
    reach = REACH * _edge_lengths(start, faces)
    largest_step = STEP_PER_EDGE * float(reach.mean()) / REACH
    threshold = 1 / (1 + math.exp(-level))
    vertices, scale = start.copy(), np.zeros_like(start)
    for index in range(steps):
        corners = vertices[faces]
        weights = rng.dirichlet((1.0, 1.0, 1.0), len(corners)).astype(np.float32)
        points = np.einsum("fk,fkc->fc", weights, corners)
        if index % STEPS_PER_LOOK == 0:
            seen = _Tangents(points, *field.with_gradient(points))
        slope = _slope(corners, weights, points, seen, threshold)
        slope = _gathered(slope, faces, len(vertices))
        # RMSprop, as in the original.
        scale = SMOOTHING * scale + (1 - SMOOTHING) * slope**2
        step = largest_step * (1 - index / steps)
        move = vertices - start - step * slope / (np.sqrt(scale) + 1e-8)
        length = np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-12)
        vertices = start + move * np.minimum(reach[:, None] / length, 1.0)
    moved = vertices.astype(np.float64)
    return make_mesh(_without_folds(mesh, moved), np.asarray(mesh.faces))


class _Tangents(NamedTuple):
    """Linearisation of the field at one point per face: logits (F,), gradients (F, 3)."""

    points: Floats
    logits: Floats
    slopes: Floats


def _slope(
    corners: Floats, weights: Floats, points: Floats, seen: _Tangents, threshold: float
) -> Floats:
    """Return the gradient (F, 3, 3) of the loss by the corners (F, 3, 3) of each face.

    Args:
        corners: The vertices of each face.
        weights: (F, 3) barycentric coordinates of `points`.
        points: (F, 3) one on each face.
        seen: The field there or near.
        threshold: The probability at the surface.
    """
    rise = (seen.slopes * (points - seen.points)).sum(axis=1)
    occupancy = _sigmoid(seen.logits + rise)
    by_logit = 2 * (occupancy - threshold) * occupancy * (1 - occupancy)
    slope = weights[:, :, None] * (by_logit[:, None] * seen.slopes)[:, None]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    vectors = _crossed(first, second)
    length = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-20)
    normals = vectors / length
    steepness = np.maximum(np.linalg.norm(seen.slopes, axis=1, keepdims=True), 1e-20)
    off = 2 * NORMAL_WEIGHT * (normals + seen.slopes / steepness)
    # Of normals only what is across them changes.
    by_vector = (off - normals * (off * normals).sum(axis=1, keepdims=True)) / length
    by_first, by_second = _crossed(second, by_vector), _crossed(by_vector, first)
    slope += np.stack([-by_first - by_second, by_first, by_second], axis=1)
    mean: Floats = slope / np.float32(len(corners))
    return mean


def _gathered(slope: Floats, faces: NDArray[np.integer], count: int) -> NDArray[np.float32]:
    """Return the sums (V, 3) of `slope` (F, 3, 3) at the vertices of the faces."""
    ends = faces.reshape(-1)
    sums = [np.bincount(ends, part, count) for part in slope.reshape(-1, 3).T]
    return np.stack(sums, axis=1).astype(np.float32)


def _edge_lengths(vertices: Floats, faces: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the mean length (V,) of the edges at each vertex."""
    total, counts = np.zeros(len(vertices)), np.zeros(len(vertices))
    for a, b in ((0, 1), (1, 2), (2, 0)):
        length = np.linalg.norm(vertices[faces[:, a]] - vertices[faces[:, b]], axis=1)
        for end in (a, b):
            total += np.bincount(faces[:, end], length, len(vertices))
            counts += np.bincount(faces[:, end], minlength=len(vertices))
    return (total / np.maximum(counts, 1)).astype(np.float32)


def _sigmoid(logits: Floats) -> Floats:
    probability: Floats = np.exp(-np.logaddexp(np.float32(0), -logits))
    return probability


def _without_folds(mesh: Trimesh, moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `moved` with the vertices of flipped faces reset."""
    start, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    before = _cross(start[faces])
    while True:  # each round resets at least one vertex, so this terminates
        folded = (before * _cross(moved[faces])).sum(axis=1) < 0
        if not folded.any():
            return moved
        back = np.unique(faces[folded])
        moved[back] = start[back]


def _cross(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return face normals (F, 3) with the length of twice the area, from `corners` (F, 3, 3)."""
    return _crossed(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).astype(np.float64)


def _crossed(one: Floats, other: Floats) -> Floats:
    """Return the cross products (F, 3); faster than `np.cross`."""
    (a, b, c), (x, y, z) = one.T, other.T
    return np.stack([b * z - c * y, c * x - a * z, a * y - b * x], axis=1)
