"""Gradient refinement: move the vertices of a mesh towards the field's iso-surface."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize
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
    start = torch.tensor(np.asarray(mesh.vertices), dtype=torch.float32)
    faces = torch.tensor(np.asarray(mesh.faces), dtype=torch.int64)
    reach = REACH * _edge_lengths(start, faces)
    largest_step = STEP_PER_EDGE * float(reach.mean()) / REACH
    threshold = torch.sigmoid(torch.tensor(level))
    vertices, scale = start.clone(), torch.zeros_like(start)
    for index in range(steps):
        vertices.requires_grad_()
        corners = vertices[faces]
        points = _random_points(corners, rng)
        if index % STEPS_PER_LOOK == 0:
            seen = _look(field, points.detach())
        loss = _disagreement(corners, points, seen, threshold)
        (slope,) = torch.autograd.grad(loss, vertices)
        # RMSprop, as in the original; importing torch.optim would take longer than a few steps.
        scale = SMOOTHING * scale + (1 - SMOOTHING) * slope.square()
        step = largest_step * (1 - index / steps)
        move = vertices.detach() - start - step * slope / (scale.sqrt() + 1e-8)
        length = move.norm(dim=1, keepdim=True).clamp_min(1e-12)
        vertices = start + move * (reach[:, None] / length).clamp(max=1.0)
    moved = vertices.numpy().astype(np.float64)
    return make_mesh(_without_folds(mesh, moved), np.asarray(mesh.faces))


def _random_points(corners: Tensor, rng: np.random.Generator) -> Tensor:
    """Return a random point (F, 3) on each of the faces (F, 3, 3), differentiable in `corners`."""
    weights = torch.from_numpy(rng.dirichlet((1.0, 1.0, 1.0), len(corners)).astype(np.float32))
    return (weights[:, :, None] * corners).sum(dim=1)


class _Tangents(NamedTuple):
    """Linearisation of the field at one point per face: logits (F,), gradients (F, 3)."""

    points: Tensor
    logits: Tensor
    slopes: Tensor


def _look(field: OccupancyField, points: Tensor) -> _Tangents:
    return _Tangents(points, *map(torch.from_numpy, field.with_gradient(points.numpy())))


def _disagreement(corners: Tensor, points: Tensor, seen: _Tangents, threshold: Tensor) -> Tensor:
    """Return the loss at `points` (F, 3) of the faces, differentiable in `corners` (F, 3, 3)."""
    rise = (seen.slopes * (points - seen.points)).sum(dim=1)
    occupancy = torch.sigmoid(seen.logits + rise)
    normals = normalize(_face_vectors(corners), dim=1, eps=1e-20)
    downhill = normalize(-seen.slopes, dim=1, eps=1e-20)
    disagreement = (normals - downhill).square().sum(dim=1).mean()
    loss: Tensor = (occupancy - threshold).square().mean() + NORMAL_WEIGHT * disagreement
    return loss


def _face_vectors(corners: Tensor) -> Tensor:
    """Return face normals (F, 3) with the length of twice the area, from `corners` (F, 3, 3)."""
    vectors: Tensor = torch.linalg.cross(
        corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    )
    return vectors


def _edge_lengths(vertices: Tensor, faces: Tensor) -> Tensor:
    """Return the mean length (V,) of the edges at each vertex."""
    total, count = torch.zeros(len(vertices)), torch.zeros(len(vertices))
    for a, b in ((0, 1), (1, 2), (2, 0)):
        length = (vertices[faces[:, a]] - vertices[faces[:, b]]).norm(dim=1)
        for end in (a, b):
            total.index_add_(0, faces[:, end], length)
            count.index_add_(0, faces[:, end], torch.ones(len(faces)))
    return total / count.clamp_min(1.0)


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
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
