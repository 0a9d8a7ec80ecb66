import io

import numpy as np
import pytest
import torch
from PIL import Image

from onet_cli.geometry.camera import Camera
from onet_cli.models.frame import PictureCamera
from onet_cli.shapes.camera import describe_cameras, describe_pictures
from onet_cli.shapes.shape import Views
from tests.cameras import describe_views


def test_an_orbiting_camera_is_described_by_where_it_stands():
    camera = Camera.orbit(120.0, 35.0, 2.0, 137)

    (row,) = describe_cameras(camera.world[None], camera.camera[None])

    focal = camera.camera[0, 0] / 68.5 / 2.0
    expected = [np.radians(120), np.radians(35), 0.5, focal, 0, 0, 0, 0]
    np.testing.assert_allclose(row, expected, atol=1e-5)


def test_a_scale_in_the_world_matrix_changes_nothing_but_lengths():
    camera = Camera.orbit(-40.0, 10.0, 1.6, 64)

    once = describe_cameras(camera.world[None], camera.camera[None])
    scaled = describe_cameras(3 * camera.world[None], camera.camera[None])

    np.testing.assert_allclose(scaled, once, rtol=1e-5, atol=1e-6)


def rolled(world):
    turn = np.eye(3)
    turn[:2, :2] = [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]]
    return turn @ world


def upside_down(world):
    return np.diag([-1.0, -1.0, 1.0]) @ world


def mirrored(world):
    return np.diag([-1.0, 1.0, 1.0]) @ world


def behind(world):
    return np.concatenate([world[:, :3], -world[:, 3:]], axis=1)


@pytest.mark.parametrize("broken", [rolled, upside_down, mirrored, behind, np.zeros_like])
def test_what_is_no_upright_camera_is_not_described(broken):
    camera = Camera.orbit(30.0, 20.0, 2.0, 64)

    rows = describe_cameras(broken(camera.world)[None], camera.camera[None])

    assert np.isnan(rows).all()


def encoded(width, height):
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(stream, "JPEG")
    return stream.getvalue()


def test_a_principal_point_beside_the_middle_is_told_from_the_size_of_the_picture():
    eye = Camera.orbit(30.0, 20.0, 2.0, 64)
    lens = eye.camera.copy()
    lens[:2, 2] = [40.0, 26.0]
    points = np.random.default_rng(0).random((20, 3)) - 0.5

    (row,) = describe_views(Views((encoded(64, 64),), eye.world[None], lens[None]))

    assert row[6:] == pytest.approx([8 / 32, -6 / 32])
    seen = PictureCamera.from_rows(torch.tensor(row[None])).project(torch.tensor(points[None]))
    pixels = Camera(eye.world, lens).project(points)[:, :2]
    np.testing.assert_allclose(32 + 32 * seen[0].numpy(), pixels, atol=1e-4)


@pytest.mark.parametrize("picture", [b"", b"no picture", encoded(137, 137)])
def test_views_in_whose_middle_the_principal_point_lies_are_described_as_without_a_size(picture):
    camera = Camera.orbit(120.0, 35.0, 2.0, 137)
    world, lens = camera.world[None], camera.camera[None]

    row = describe_views(Views((picture,), world, lens))

    assert row.tobytes() == describe_cameras(world, lens).tobytes()
    assert (row[:, 6:] == 0).all()


def test_of_pictures_with_one_principal_point_only_the_first_whole_one_is_read():
    cameras = [Camera.orbit(30.0 * n, 20.0, 2.0, 64) for n in range(5)]
    world = np.stack([camera.world for camera in cameras])
    lens = np.stack([camera.camera for camera in cameras])
    lens[3, :2, 2] = [40.0, 26.0]
    pictures, asked = [b"", *4 * [encoded(64, 64)]], []

    def read(number):
        asked.append(number)
        return pictures[number]

    rows = describe_pictures(world, lens, read)

    assert asked == [0, 1, 3]
    expected = describe_cameras(world, lens, np.full((5, 2), 64))
    assert rows.tobytes() == expected.tobytes()


def test_views_without_matrices_have_unknown_cameras():
    assert np.isnan(describe_views(Views((b"", b"")))).all()
