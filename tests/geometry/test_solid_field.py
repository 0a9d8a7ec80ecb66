"""The kernels behind the solid's field, against slow twins."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from onet_cli._ext import carve as kernel
from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.solid_field import (
    BAND,
    REACH,
    SNAP,
    _creep,
    band_around,
    count_near,
    find_exterior,
    grid_origin,
    solid_field,
)
from tests import reference
from tests.analytic import Box, Sphere


def grid_of(band):
    return np.stack(
        np.meshgrid(*[np.arange(n) for n in band.distance.shape], indexing="ij"), axis=-1
    ).reshape(-1, 3)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["wide", "small", "needle", "level", "point"]))
def test_distances_are_those_of_every_point_from_every_triangle(seed, kind):
    rng = np.random.default_rng(seed)
    corners = rng.random((6, 3, 3))
    if kind == "small":
        corners = corners[:, :1] + 0.1 * corners
    elif kind == "needle":
        corners[:, 2] = corners[:, 1] + 1e-9 * rng.random((6, 3))
    elif kind == "level":
        corners[..., seed % 3] = 0.25
    elif kind == "point":
        corners[1:, 1:] = corners[1:, :1]

    band = band_around(corners.reshape(-1, 3), np.arange(18).reshape(6, 3), resolution=12)

    triangles = band.vertices[band.faces]
    distance, _ = reference.distance_to_triangles(triangles, grid_of(band))
    found, nearest = band.distance.ravel(), band.nearest.ravel()
    np.testing.assert_allclose(found, np.minimum(distance, REACH), atol=1e-5)
    assert np.array_equal(nearest >= 0, found < REACH)
    for face in range(6):
        mine = nearest == face
        place = reference.nearest_place(triangles[face], grid_of(band)[mine].astype(float))
        off = np.linalg.norm(place - grid_of(band)[mine], axis=1)
        np.testing.assert_allclose(off, found[mine], atol=1e-5)


@pytest.mark.parametrize(
    "corners",
    [
        [(0, 0, 0), (1, 0.1, 0.2), (0.3, 1, 0.7)],
        [(0, 0, 0), (1, 0.5, 1), (0.5, 0.25, 0.501)],
        [(0, 0, 0), (0, 1, 0), (1, 0, 1e-3)],
        [(0, 0, 0), (1, 1, 1), (0.97, 0.97, 0.97)],
    ],
    ids=["wide", "thin", "slanting", "needle"],
)
def test_the_points_near_a_face_are_about_as_many_as_are_counted(corners):
    band = band_around(np.array(corners, float), np.array([[0, 1, 2]]), resolution=48)

    counted = count_near(band.vertices, band.faces)

    distance, _ = reference.distance_to_triangles(band.vertices[band.faces], grid_of(band))
    assert (distance < REACH).sum() == pytest.approx(counted, rel=0.4)


def test_faces_too_many_and_too_large_to_be_measured_are_refused_and_fewer_cells_help():
    points = np.random.default_rng(0).random((3 * 100_000, 3))
    faces = np.arange(len(points)).reshape(-1, 3)

    with pytest.raises(InvalidGeometryError, match="too many large faces") as caught:
        band_around(points, faces, resolution=256)
    assert "--resolution" in caught.value.hint
    assert band_around(points, faces, resolution=8).distance.max() < 4


def test_points_are_measured_exactly_where_a_face_is_near():
    rng = np.random.default_rng(3)
    vertices, points = 20 * rng.random((30, 3)), 20 * rng.random((300, 3))
    faces = np.arange(30, dtype=np.int32).reshape(10, 3)
    vertices[1::3] = vertices[::3] + 4 * rng.random((10, 3))
    cubes = (points / 4).astype(int)
    shape = cubes.max(axis=0) + 2
    number = np.ravel_multi_index(tuple(cubes.T), tuple(shape))
    points = points[np.argsort(number)]
    counts = np.bincount(number, minlength=shape.prod())
    starts = (np.cumsum(counts) - counts).astype(np.int32).reshape(shape)
    squared = np.full(300, np.inf)

    kernel.measure_points(points, starts, 4.0, vertices, faces, 3.0, squared)

    expected, _ = reference.distance_to_triangles(vertices[faces], points)
    near = expected < 3
    assert near.sum() > 30
    np.testing.assert_allclose(np.sqrt(squared[near]), expected[near], atol=1e-9)
    assert (np.sqrt(squared[~near]) >= 3).all()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_flood_reaches_what_steps_along_the_axes_reach(seed):
    rng = np.random.default_rng(seed)
    field = rng.random((9, 8, 7), dtype=np.float32) - 0.4
    field[0, 0, 0] = -1
    reached = np.zeros(field.shape, np.uint8)

    kernel.reach_from_corner(field, reached)

    assert np.array_equal(reached, reference.flood_from_corner(field < 0))


@pytest.mark.parametrize("seed", range(3))
def test_lids_are_smoothed_as_the_slow_twin_smooths_them(seed):
    rng = np.random.default_rng(seed)
    band = (rng.random((12, 10, 9)) < 0.2).astype(np.uint8)
    heights = rng.integers(3, 7, (12, 10, 1))
    exterior = ((np.arange(9) > heights) & (band == 0)).astype(np.uint8)
    smoothed = exterior.copy()

    kernel.smooth_lids(band, exterior, smoothed)

    assert not np.array_equal(smoothed, exterior)
    assert np.array_equal(smoothed, reference.smooth_lids(band, exterior))


@pytest.mark.parametrize("seed", range(3))
def test_balls_end_half_a_step_before_the_hidden_points_of_a_lid(seed):
    rng = np.random.default_rng(seed)
    band = (rng.random((12, 10, 9)) < 0.2).astype(np.uint8)
    heights = rng.integers(3, 7, (12, 10, 1))
    exterior = ((np.arange(9) > heights) & (band == 0)).astype(np.uint8)
    distance = rng.uniform(BAND, REACH, band.shape).astype(np.float32)
    field, active = np.empty_like(distance), np.empty_like(band)

    kernel.shrink_at_lids(exterior, band, distance, REACH, field, active)

    expected, lid = reference.shrink_at_lids(exterior, band, distance, REACH)
    assert lid.sum() > 50
    np.testing.assert_allclose(field, expected, atol=1e-6)
    np.testing.assert_array_equal(active == 1, lid | (band == 1))


def test_the_lid_of_a_box_without_a_bottom_is_smooth():
    mesh = Box((1, 0.6, 0.8)).mesh(subdivisions=3)
    mesh.update_faces(mesh.triangles_center[:, 1] > -0.299)
    band = band_around(np.asarray(mesh.vertices), mesh.faces, 24)
    blocked = (band.distance < BAND).astype(np.uint8)

    exterior = find_exterior(band)

    # Another vote would change hardly anything.
    lid = np.count_nonzero(reference.lids(blocked, exterior))
    changed = np.count_nonzero(reference.smooth_lids(blocked, exterior) != exterior)
    assert lid > 24 * 0.8 * 24
    assert changed < 0.06 * lid


def test_the_exterior_creeps_two_steps_along_the_axes_beside_the_band():
    exterior = np.zeros((9, 9, 9), np.uint8)
    exterior[4, 4, 4] = 1
    beside = np.ones_like(exterior)
    beside[:, :, 5:] = 0
    steps = np.abs(np.argwhere(np.ones((9, 9, 9))) - 4).sum(axis=1).reshape(9, 9, 9)

    _creep(exterior, beside)

    assert np.array_equal(exterior == 1, (steps <= 2) & (beside == 1))


def test_rolled_balls_give_nearly_the_distance_from_their_union():
    shape = (26, 26, 26)
    centre = np.stack(np.meshgrid(*[np.arange(26)] * 3, indexing="ij"), axis=-1) - 12.6
    distance = np.abs(np.linalg.norm(centre, axis=-1) - 8).clip(0, REACH).astype(np.float32)
    exterior = ((np.linalg.norm(centre, axis=-1) > 8) & (distance >= BAND)).astype(np.uint8)
    field = np.where(exterior, -distance, REACH).astype(np.float32)
    active = np.flatnonzero(distance < BAND).astype(np.int32)

    kernel.roll_balls(exterior, active, field, np.full(shape, -1, np.int32))

    wanted = np.stack(np.unravel_index(active, shape), axis=1)
    expected = reference.distance_to_balls(exterior, distance, wanted)
    found = field.ravel()[active]
    assert (found >= expected - 1e-5).all()
    assert (found - expected).max() < SNAP
    assert (found - expected).mean() < 0.02


@pytest.mark.parametrize("shape", [Sphere(), Box()])
def test_the_field_is_the_signed_distance_from_a_solids_surface(shape):
    mesh = shape.mesh()

    band = band_around(mesh.vertices, mesh.faces, 48)
    solid = solid_field(band)

    points = grid_origin(mesh.vertices, 48) + grid_of(band) / 48
    near = band.distance.ravel() < 1
    depth = np.where(shape.contains(points), 1, -1) * band.distance.ravel()
    off = solid.values.ravel()[near] - depth[near]
    assert np.abs(np.median(off)) < 1e-6
    assert np.quantile(np.abs(off), 0.9) < 0.05
    assert np.abs(off).max() < 0.5
    outside = ~shape.contains(points) & (band.distance.ravel() >= BAND)
    assert np.array_equal(solid.exterior.ravel() == 1, outside)


def test_a_hollow_seen_only_from_below_stays_open_where_fronts_line_it():
    bell = trimesh.creation.annulus(0.3, 0.4, 0.9).apply_transform(
        trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])
    )
    lid = trimesh.creation.cylinder(0.35, 0.1).apply_transform(
        trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0], [0, 0, 0])
    )
    lid.apply_translation([0, 0.45 - bell.bounds[1, 1] + bell.bounds[1, 1] - 0.05, 0])
    mesh = trimesh.util.concatenate([bell, lid])
    shell = trimesh.creation.cylinder(0.4, 0.9).apply_transform(
        trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])
    )
    shell.update_faces(shell.triangles_center[:, 1] > -0.44)

    def middle(mesh):
        band = band_around(np.asarray(mesh.vertices), mesh.faces, 40)
        solid = solid_field(band)
        cell = np.rint(-40 * grid_origin(np.asarray(mesh.vertices), 40)).astype(int)
        return solid.values[tuple(cell)] > 0

    assert not middle(mesh)
    assert middle(shell)
