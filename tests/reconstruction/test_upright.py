from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.components import component_volumes
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.seen_view import SeenView
from onet_cli.reconstruction.settings import GeneratorSettings, plain_settings
from onet_cli.reconstruction.upright import Standing, footprint
from onet_cli.shapes.camera import describe_cameras
from tests.reconstruction.rigged import box_checkpoint

IMAGE = torch.full((3, 40, 40), 200, dtype=torch.uint8)


def row_of(azimuth, elevation, distance=1.9):
    camera = Camera.orbit(azimuth, elevation, distance, 64)
    return describe_cameras(camera.world[None], camera.camera[None])[0]


@given(st.floats(0, 360), st.floats(0.2, 1.0), st.floats(0.2, 1.0))
def test_the_footprint_of_a_turned_rectangle_is_that_rectangle(angle, width, depth):
    corners = np.array([[x * width, y * depth] for x in (-0.5, 0.5) for y in (-0.5, 0.5)])
    turn = np.radians(angle)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])

    middle, longest = footprint(corners @ matrix.T + (0.3, -0.2))

    np.testing.assert_allclose(middle, (0.3, -0.2), atol=1e-3)
    assert longest == pytest.approx(max(width, depth), abs=1e-3)


def test_both_ways_between_file_and_network_agree():
    points = np.random.default_rng(0).uniform(-0.4, 0.4, (50, 3))
    standing = Standing.of(points)

    np.testing.assert_allclose(standing.to_network(standing.to_unit(points)), points, atol=1e-9)


@pytest.mark.parametrize(("azimuth", "elevation"), [(0.0, 0.0), (35.0, 30.0), (200.0, 55.0)])
@pytest.mark.parametrize("extents", [(1.0, 0.5, 0.3), (0.2, 1.0, 0.4)])
def test_a_mesh_stands_upright_in_the_unit_cube_of_its_own_box(azimuth, elevation, extents):
    row = row_of(azimuth, elevation)
    generator = MeshGenerator(box_checkpoint(extents, row), plain_settings(64))

    made = generator.generate(IMAGE)

    seen = SeenView.of(row, torch.tensor([[float(row[1]), 0.0]]))
    turned = seen.turned(made.mesh.vertices)
    assert made.elevation_deg == pytest.approx(elevation, abs=1e-3)
    assert made.mesh.is_watertight
    assert made.mesh.volume == pytest.approx(np.prod(extents), rel=0.06)
    np.testing.assert_allclose(np.ptp(turned, axis=0), extents, atol=0.03)
    np.testing.assert_allclose(turned.min(axis=0), -turned.max(axis=0), atol=0.02)


def test_a_guess_too_low_leaves_the_mesh_leaning_by_as_much():
    row = row_of(0.0, 30.0)
    checkpoint = box_checkpoint((0.2, 1.0, 0.2), row, elevation=float(row[1]) - 0.2)

    mesh = MeshGenerator(checkpoint, plain_settings(64)).generate(IMAGE).mesh

    top, bottom = (mesh.vertices[np.abs(mesh.vertices[:, 1] - side) < 0.1] for side in (0.5, -0.5))
    lean = top.mean(axis=0) - bottom.mean(axis=0)
    assert abs(np.arctan2(lean[2], lean[1])) == pytest.approx(0.2, abs=0.03)


def test_a_view_without_a_camera_is_refused():
    with pytest.raises(ValueError, match="unknown"):
        SeenView.of(np.full(8, np.nan), torch.zeros(1, 2))


def test_crumbs_are_dropped_unless_all_is_asked_for():
    row = row_of(35.0, 30.0)
    speck = (0.0, 0.6, 0.0, 0.045)  # of 0.0004 of the volume of a cube, above it
    checkpoint = box_checkpoint((1.0, 1.0, 1.0), row, speck=speck)

    kept, all_of_it = (
        MeshGenerator(checkpoint, settings).generate(IMAGE)
        for settings in (plain_settings(60), replace(plain_settings(60), min_component=0.0))
    )

    assert len(component_volumes(kept.mesh)[1]) == 1
    assert len(component_volumes(all_of_it.mesh)[1]) == 2


def test_confidence_is_asked_for_where_the_vertices_are():
    row = row_of(35.0, 30.0)
    checkpoint = box_checkpoint((1.0, 0.5, 0.4), row)
    generator = MeshGenerator(checkpoint, GeneratorSettings(64, confidence=True))

    made = generator.generate(IMAGE)

    # The logit falls by SHARPNESS a unit, so within 0.02 of a face by 1.6 in all, at most.
    sure = 1 / (1 + np.exp(-0.8)) - 1 / (1 + np.exp(0.8))
    assert made.confidence is not None
    assert np.median(made.confidence) == pytest.approx(sure, abs=0.05)
