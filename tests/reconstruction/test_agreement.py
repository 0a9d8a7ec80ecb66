import numpy as np
import pytest
import torch

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.render import on_white, render
from onet_cli.models.frame import look
from onet_cli.reconstruction.agreement import SIZE, agreement, extent, mesh_outline, photo_mask
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.settings import plain_settings
from onet_cli.reconstruction.upright import Standing
from onet_cli.reconstruction.viewpoint import Viewpoint
from onet_cli.shapes.camera import describe_cameras
from tests.reconstruction.rigged import box_checkpoint, disc_photo, sphere_checkpoint

EXTENTS = (0.7, 0.5, 0.4)


def box_seen_from(azimuth, elevation, elevation_guess=None, distance=1.9):
    """Return what a network that sees the box makes of its picture, and that picture."""
    from trimesh.creation import box

    camera = Camera.orbit(azimuth, elevation, distance, SIZE)
    row = describe_cameras(camera.world[None], camera.camera[None])[0]
    pixels = on_white(render(box(EXTENTS), camera, SIZE))
    image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
    checkpoint = box_checkpoint(EXTENTS, row, elevation_guess)
    return MeshGenerator(checkpoint, plain_settings(128)).generate(image), image


@pytest.mark.parametrize("view", [(20.0, 15.0), (130.0, 45.0), (250.0, -20.0)])
def test_a_true_answer_agrees_with_its_picture(view):
    made, _ = box_seen_from(*view)

    assert made.agreement > 0.96  # marching cubes cut the corners


def test_a_guessed_elevation_that_is_wrong_does_not_matter_as_long_as_the_picture_is_met():
    made, _ = box_seen_from(20.0, 15.0, elevation_guess=0.6)

    assert made.agreement > 0.95
    assert made.elevation_deg == pytest.approx(np.degrees(0.6))


def test_the_mask_that_is_given_counts_and_not_what_is_white():
    made, image = box_seen_from(20.0, 15.0)
    left = torch.zeros(SIZE, SIZE, dtype=torch.uint8)
    left[:, : SIZE // 2] = 255

    outline = mesh_outline(made.mesh, made.viewpoint)

    half = np.count_nonzero(outline[:, : SIZE // 2])
    expected = half / (SIZE * SIZE // 2 + np.count_nonzero(outline) - half)
    found = agreement(made.mesh, made.viewpoint, photo_mask(image, left))
    assert found == pytest.approx(expected)


def test_nothing_is_said_where_nothing_tells_the_object_from_its_background():
    made, image = box_seen_from(20.0, 15.0)

    assert photo_mask(torch.full_like(image, 90)) is None
    assert agreement(made.mesh, made.viewpoint, None) is None


def test_networks_of_the_objects_frame_know_no_camera():
    image = torch.from_numpy(np.asarray(disc_photo()).transpose(2, 0, 1).copy())

    made = MeshGenerator(sphere_checkpoint(), plain_settings(32)).generate(image)

    assert made.viewpoint is None
    assert made.agreement is None
    assert made.elevation_deg is None


@pytest.mark.parametrize("azimuth", [0.0, 50.0, 250.0])
def test_the_known_viewpoint_of_a_view_is_its_camera(azimuth):
    camera = Camera.orbit(azimuth, 25.0, 1.9, SIZE)
    row = describe_cameras(camera.world[None], camera.camera[None])[0]
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (50, 3))

    found = Viewpoint.known(row).camera(SIZE).project(points)

    np.testing.assert_allclose(found[:, :2], camera.project(points)[:, :2], atol=0.02)
    assert Viewpoint.known(np.full(8, np.nan)) is None


@pytest.mark.parametrize("kappa", [0.0, 0.2, 0.6])
def test_the_viewpoint_shows_points_where_the_network_looks_for_them(kappa):
    rng = np.random.default_rng(0)
    standing = Standing((0.1, -0.2, 0.3), 1.3)
    points = rng.uniform(-0.5, 0.5, (200, 3))
    elevation = torch.tensor([0.4], dtype=torch.float64)

    x, y, _ = Viewpoint(0.4, kappa, standing).camera(SIZE).project(points).T

    where, _ = look(
        torch.from_numpy(standing.to_network(points))[None], elevation, torch.tensor([kappa])
    )
    seen = (where[0].numpy() + 1) * SIZE / 2
    # A parallel projection is drawn from far off instead: a thousandth of the picture at most.
    tolerance = 1e-3 if kappa else 2e-3 * SIZE / 2
    np.testing.assert_allclose(np.stack([x, y], axis=1), seen, atol=tolerance)


def test_the_extent_is_the_covered_share_of_the_bounding_box():
    mask = np.zeros((SIZE, SIZE), bool)
    assert extent(mask) is None
    mask[10:30, 40:80] = True
    assert extent(mask) == 1
    mask[10:20, 40:60] = False
    assert extent(mask) == 0.75
