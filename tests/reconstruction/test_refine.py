import math

import numpy as np
import pytest
from trimesh.triangles import normals as triangle_normals

from onet_cli.geometry.isosurface import extract_surface
from onet_cli.geometry.mise import evaluate_grid
from onet_cli.geometry.sampling import sample_surface
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction import refine as module
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.refine import refine
from tests.reconstruction.rigged import sphere_checkpoint, surface_radius

LEVEL = math.log(0.2 / 0.8)


@pytest.fixture
def field():
    import torch

    network = sphere_checkpoint().network
    return OccupancyField(TorchPoints(network.for_code(torch.zeros(1, 4))))


@pytest.fixture
def coarse(field):
    return extract_surface(evaluate_grid(field, 16, LEVEL).values, LEVEL)


def distance_to_sphere(mesh):
    points, _ = sample_surface(mesh, 20_000, np.random.default_rng(0))
    return np.abs(np.linalg.norm(points, axis=1) - surface_radius()).mean()


def test_refinement_brings_the_faces_nearer_to_the_iso_surface(field, coarse):
    refined = refine(coarse, field, LEVEL, steps=30)

    assert distance_to_sphere(refined) < 0.7 * distance_to_sphere(coarse)


def test_a_displaced_mesh_is_pulled_back(field, coarse):
    shaken = coarse.copy()
    shaken.vertices += np.random.default_rng(1).normal(0, 0.004, shaken.vertices.shape)

    refined = refine(shaken, field, LEVEL, steps=50)

    assert distance_to_sphere(refined) < 0.5 * distance_to_sphere(shaken)


def test_refinement_keeps_the_mesh_valid_whatever_the_field_says(coarse):
    def scatter(points):
        return (points * 1000).sin().sum(dim=1) * 50

    refined = refine(coarse, OccupancyField(TorchPoints(scatter)), LEVEL, steps=100)

    assert refined.is_watertight
    assert np.array_equal(refined.faces, coarse.faces)
    before, valid_before = triangle_normals(coarse.triangles)
    after, valid_after = triangle_normals(refined.triangles)
    assert valid_after.all()
    assert valid_before.all()
    assert (np.einsum("ij,ij->i", before, after) >= 0).all()


def test_zero_steps_change_nothing(field, coarse):
    assert refine(coarse, field, LEVEL, steps=0) is coarse


def test_the_same_seed_gives_the_same_mesh(field, coarse):
    first, second = (refine(coarse, field, LEVEL, steps=3, seed=5) for _ in range(2))

    assert np.array_equal(first.vertices, second.vertices)


def test_the_slope_of_the_loss_is_that_of_its_formula():
    import torch
    from torch.nn.functional import normalize

    rng = np.random.default_rng(0)
    corners, weights = rng.random((40, 3, 3)), rng.dirichlet((1, 1, 1), 40)
    points = np.einsum("fk,fkc->fc", weights, corners)
    seen = module._Tangents(points - 0.01, rng.normal(size=40), rng.normal(size=(40, 3)))

    slope = module._slope(corners, weights, points, seen, 0.4)

    free = torch.from_numpy(corners).requires_grad_()
    places, logits, slopes = map(torch.from_numpy, seen)
    at = (torch.from_numpy(weights)[:, :, None] * free).sum(dim=1)
    occupancy = torch.sigmoid(logits + (slopes * (at - places)).sum(dim=1))
    across = torch.linalg.cross(free[:, 1] - free[:, 0], free[:, 2] - free[:, 0])
    off = (normalize(across, dim=1) + normalize(slopes, dim=1)).square().sum(dim=1)
    loss = (occupancy - 0.4).square().mean() + module.NORMAL_WEIGHT * off.mean()
    (expected,) = torch.autograd.grad(loss, free)
    np.testing.assert_allclose(slope, expected.numpy(), atol=1e-9)
