"""Gradient refinement: move a mesh's vertices until its faces lie on the field's iso-surface."""

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
"""Lambda of the paper: weight of the normals' agreement beside the occupancy's."""

STEP_PER_EDGE = 0.015
"""First step in mean edge lengths; the paper's 1e-4 on its mesh of 128 cells is the same."""

STEPS_PER_LOOK = 2
"""Steps between evaluations of the field. In between it is what its values and slopes, one per
face, make it: a face is about as small as the pieces on which the field is linear."""

SMOOTHING = 0.99
"""Share of the past in RMSprop's running mean of squared slopes."""

REACH = 0.5
"""How far a vertex may move in all, in mean lengths of its own edges, so that none overtakes its
neighbour."""


def refine(
    mesh: Trimesh, field: OccupancyField, level: float, steps: int, *, seed: int = 0
) -> Trimesh:
    """Return `mesh` with its vertices moved by `steps` of gradient descent; faces stay as they are.

    Each step draws a point p on every face and lowers (occupancy(p) - threshold)^2 + 0.01 |n(p) -
    m(p)|^2, where n is the face's normal and m the field's direction of steepest descent. A decoder
    of ReLU layers is linear around almost every point, so m is constant there and first
    derivatives of the network are enough; and every second step does with those of the one
    before, at half the cost and as near to the surface (bench/refine_looks.py). A vertex whose
    move would turn a face over stays where it was.

    Args:
        mesh: A mesh oriented outward, unit-cube frame.
        field: The occupancy field that `mesh` was extracted from.
        level: The threshold as a logit.
        steps: Number of steps; 0 returns `mesh` itself.
        seed: Seed of the points on the faces.

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
        # RMSprop, as in the original; importing torch.optim takes longer than a few steps.
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
    """What the field is like at one point of each face: logits (F,), slopes (F, 3)."""

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
    """Return the faces' normals (F, 3), twice their area long, from `corners` (F, 3, 3)."""
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
    """Return `moved` with the vertices of turned-over faces put back where they were."""
    start, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    before = _cross(start[faces])
    while True:  # each round puts back at least one vertex, so this ends
        folded = (before * _cross(moved[faces])).sum(axis=1) < 0
        if not folded.any():
            return moved
        back = np.unique(faces[folded])
        moved[back] = start[back]


def _cross(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the faces' normals (F, 3), twice their area long, from `corners` (F, 3, 3)."""
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
