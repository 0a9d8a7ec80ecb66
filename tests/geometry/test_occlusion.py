import numpy as np
import pytest

from onet_cli.geometry.occlusion import (
    RESOLUTION,
    AmbientDepths,
    light_view,
    shadow_maps,
    shadow_resolution,
    spread_axes,
)
from tests.analytic import Sphere


def ball():
    mesh = Sphere(1.0).mesh(5)
    return np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int32)


def test_axes_are_frames_spread_evenly_over_the_upper_half():
    axes = spread_axes(32)
    np.testing.assert_allclose(
        axes @ axes.transpose(0, 2, 1), np.tile(np.eye(3), (32, 1, 1)), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(axes), 1)
    along = axes[:, 2]
    assert (along[:, 1] > 0).all()
    for part in (along, *along.reshape(4, 8, 3)):
        both = np.concatenate([part, -part])
        # The second moments of an even spread are those of the sphere.
        np.testing.assert_allclose(both.T @ both / len(both), np.eye(3) / 3, atol=0.08)


@pytest.mark.parametrize("count", [32, 100])
def test_axes_have_every_height_equally_often(count):
    along = spread_axes(count)[:, 2]

    # Archimedes: the heights of points spread evenly over a sphere are themselves even.
    np.testing.assert_allclose(np.sort(along[:, 1]), (np.arange(count) + 0.5) / count)
    quarters = along[:, 1].reshape(4, -1)
    np.testing.assert_allclose(quarters.mean(axis=1), 0.5, atol=2 / count)


def test_ambient_depths_of_a_ball_are_its_height():
    ambient = AmbientDepths.of(*ball())
    axis = (np.arange(RESOLUTION) + 0.5) / RESOLUTION * 2 - 1
    squared = 1 - axis[:, None] ** 2 - axis**2
    height = np.sqrt(np.maximum(squared, 0))
    inner, outside = squared > 0.05, squared < 0
    for depths in ambient.depths:
        top, bottom = np.moveaxis(depths / 32767.5 - 1, -1, 0)
        np.testing.assert_allclose(top[inner], height[inner], atol=0.01)
        np.testing.assert_allclose(bottom[inner], -height[inner], atol=0.01)
        assert (top[outside] == -1).all()
        assert (bottom[outside] == 1).all()


def test_directions_go_along_the_axes_and_against_them():
    ambient = AmbientDepths.of(*ball())
    directions = ambient.directions()
    np.testing.assert_allclose(directions[:, 0], spread_axes(len(directions))[:, 2], atol=1e-6)
    np.testing.assert_array_equal(directions[:, 1], -directions[:, 0])


@pytest.mark.parametrize("place", [(3.0, 0, 0), (0, 9.0, 0), (-1, 2.0, 5)])
def test_a_lamp_sees_a_ball_as_a_disc_of_known_depth(place):
    vertices, faces = ball()
    distance = np.linalg.norm(place)
    views = light_view(np.array(place), 256)[None]

    (seen,) = shadow_maps(views, vertices, faces, np.arange(len(faces), dtype=np.int32), 256)

    assert 1 / seen[128, 128] == pytest.approx(distance - 1, rel=0.01)
    assert not seen[[0, -1]].any()
    radius = np.sqrt(np.count_nonzero(seen) / np.pi)
    assert radius == pytest.approx(126, rel=0.01)  # all of it, and little around


@pytest.mark.parametrize("place", [(3.0, 0, 0), (0, 9.0, 0), (-1, 2.0, 5)])
def test_tangents_from_a_lamp_to_the_ball_are_a_circle_two_texels_from_the_edge(place):
    place = np.array(place)
    distance = np.linalg.norm(place)
    along, others = place / distance, np.linalg.svd(place[None])[2][1:]
    angles = np.linspace(0, 2 * np.pi, 50)
    rim = np.outer(np.cos(angles), others[0]) + np.outer(np.sin(angles), others[1])
    tangents = along / distance + np.sqrt(1 - 1 / distance**2) * rim
    view = light_view(place, 256)

    x, y, depth = view[:, :3] @ tangents.T + view[:, 3:]

    np.testing.assert_allclose(np.hypot(x / depth - 128, y / depth - 128), 126)
    np.testing.assert_allclose(depth, distance - 1 / distance)


def test_shadow_maps_grow_with_the_picture():
    assert [shadow_resolution(size) for size in (32, 137, 256, 500, 5000)] == [
        256,
        256,
        512,
        1024,
        1024,
    ]
