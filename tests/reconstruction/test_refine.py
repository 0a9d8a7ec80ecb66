import math

import numpy as np
import pytest
from trimesh.triangles import normals as triangle_normals

from onet_cli.geometry.isosurface import extract_surface
from onet_cli.geometry.mise import evaluate_grid
from onet_cli.geometry.sampling import sample_surface
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.refine import refine
from tests.reconstruction.rigged import sphere_checkpoint, surface_radius

LEVEL = math.log(0.2 / 0.8)


@pytest.fixture
def field():
    import torch

    network = sphere_checkpoint().network
    return OccupancyField(network.for_code(torch.zeros(1, 4)))


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

    refined = refine(coarse, OccupancyField(scatter), LEVEL, steps=100)

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
