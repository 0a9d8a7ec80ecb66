"""Gradient refinement: move a mesh's vertices until its faces lie on the field's iso-surface."""

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
    derivatives of the network are enough. A vertex whose move would turn a face over stays
    where it was.

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
        loss = _disagreement(vertices, faces, field, threshold, rng)
        (slope,) = torch.autograd.grad(loss, vertices)
        # RMSprop, as in the original; importing torch.optim takes longer than a few steps.
        scale = SMOOTHING * scale + (1 - SMOOTHING) * slope.square()
        step = largest_step * (1 - index / steps)
        move = vertices.detach() - start - step * slope / (scale.sqrt() + 1e-8)
        length = move.norm(dim=1, keepdim=True).clamp_min(1e-12)
        vertices = start + move * (reach[:, None] / length).clamp(max=1.0)
    moved = vertices.numpy().astype(np.float64)
    return make_mesh(_without_folds(mesh, moved), np.asarray(mesh.faces))


def _disagreement(
    vertices: Tensor,
    faces: Tensor,
    field: OccupancyField,
    threshold: Tensor,
    rng: np.random.Generator,
) -> Tensor:
    """Return the loss at one random point per face, differentiable in `vertices`."""
    corners = vertices[faces]
    weights = torch.from_numpy(rng.dirichlet((1.0, 1.0, 1.0), len(faces)).astype(np.float32))
    points = (weights[:, :, None] * corners).sum(dim=1)
    here = points.detach()
    logits, slopes = (torch.from_numpy(a) for a in field.with_gradient(here.numpy()))
    occupancy = torch.sigmoid(logits + (slopes * (points - here)).sum(dim=1))
    normals = normalize(_face_vectors(corners), dim=1, eps=1e-20)
    downhill = normalize(-slopes, dim=1, eps=1e-20)
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
