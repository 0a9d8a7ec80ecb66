"""Thin parts that a photo shows, and a field nearly holds or has at many depths."""

import numpy as np
import pytest
import torch

from onet_cli.models.frame import look
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.rods import DEEP, LIMIT, SIDE, _places, find_rods, half_width

CAMERAS = [(0.0, 0.0), (0.35, 0.2), (1.0, 0.3)]
RADIUS = 0.05
"""Of the rod, in half edges of the picture: 2.8 rays."""


def rod_field(elevation, kappa, depth, sure):
    """Return logits of a plate seen from the front, and a rod below it, of which it is less sure.

    The rod runs down the picture at x = 0.1, at `depth` along the rays, and its middle is `sure`.
    """
    camera = torch.tensor([[elevation, kappa]])

    def decode(points):
        seen, near = look(points[None], *camera.unbind(1))
        (x, y), z = seen[0].unbind(1), near[0]
        plate = torch.stack([x.abs() - 0.5, (y + 0.4).abs() - 0.3, z.abs() - 0.2]).amax(0)
        across = (x - 0.1) / RADIUS
        along = (z - depth) / 0.3  # a blade along the rays, as networks have it
        rod = torch.where((y > -0.2) & (y < 0.8), sure - across.abs() - along**2, -9.0)
        return torch.maximum(-40 * plate, rod)

    return OccupancyField(TorchPoints(decode)), camera


def rod_mask(below=0.8):
    middles = (np.arange(SIDE) + 0.5) * (2 / SIDE) - 1
    x, y = np.meshgrid(middles, middles)
    plate = (np.abs(x) < 0.5) & (np.abs(y + 0.4) < 0.3)
    return plate | ((np.abs(x - 0.1) < RADIUS) & (y > -0.2) & (y < below))


def inside_along(field, camera, row, column, depths):
    """Return which of `depths` of a ray are inside."""
    return field(_places(np.array([[row, column]]), depths, camera)) >= field.level


@pytest.mark.parametrize(("elevation", "kappa"), CAMERAS)
@pytest.mark.parametrize("depth", [-0.4, 0.0, 0.3])
def test_a_rod_that_the_field_nearly_holds_is_lifted_where_it_is_and_as_thick_as_it_is_seen(
    elevation, kappa, depth
):
    field, camera = rod_field(elevation, kappa, depth, sure=-0.5)
    rods = find_rods(field, field.level, camera, rod_mask())

    lifted = field.with_rods(rods)

    depths = np.linspace(-1, 1, 401)
    middle = int((0.1 + 1) * SIDE / 2)
    for row in (70, 85, 98):
        assert not inside_along(field, camera, row, middle, depths).any()
        found = depths[inside_along(lifted, camera, row, middle, depths)]
        assert found.mean() == pytest.approx(depth, abs=0.05)
        assert np.ptp(found) / 2 == pytest.approx(RADIUS, rel=0.4)
        assert not inside_along(lifted, camera, row, middle + 6, depths).any()


@pytest.mark.parametrize(("elevation", "kappa"), CAMERAS)
@pytest.mark.parametrize("sure", [0.6, 1.2])
def test_a_blade_of_unsure_depth_becomes_as_deep_as_it_is_wide(elevation, kappa, sure):
    field, camera = rod_field(elevation, kappa, 0.1, sure)
    bounded = field.with_rods(find_rods(field, field.level, camera, rod_mask()))

    depths = np.linspace(-1, 1, 401)
    middle = int((0.1 + 1) * SIDE / 2)
    for row in (70, 85, 98):
        blade = depths[inside_along(field, camera, row, middle, depths)]
        found = depths[inside_along(bounded, camera, row, middle, depths)]
        assert np.ptp(blade) / 2 > 0.2
        assert found.mean() == pytest.approx(0.1, abs=0.05)
        assert np.ptp(found) / 2 == pytest.approx(DEEP * RADIUS, rel=0.4)


def test_a_blade_beside_its_rays_is_cut_off_too():
    field, camera = rod_field(0.0, 0.0, 0.0, sure=1.4)
    bounded = field.with_rods(find_rods(field, field.level, camera, rod_mask()))
    depths = np.linspace(0.15, 1, 100)

    beside = int((0.1 + RADIUS + 1) * SIDE / 2)  # the first ray beyond the mask

    assert inside_along(field, camera, 85, beside, depths).any()
    assert not inside_along(bounded, camera, 85, beside, depths).any()


@pytest.mark.parametrize(("sure_near", "sure_far"), [(1.2, 0.8), (0.5, 1.2)])
def test_of_two_parts_on_a_ray_one_is_bounded_and_the_other_stays(sure_near, sure_far):
    near, camera = rod_field(0.0, 0.0, 0.4, sure_near)
    far, _ = rod_field(0.0, 0.0, -0.6, sure_far)

    def decode(points):
        return torch.from_numpy(np.maximum(near(points.numpy()), far(points.numpy())))

    both = OccupancyField(TorchPoints(decode))
    bounded = both.with_rods(find_rods(both, both.level, camera, rod_mask()))

    depths = np.linspace(-1, 1, 401)
    found = depths[inside_along(bounded, camera, 85, 61, depths)]
    parts = [depths[inside_along(one, camera, 85, 61, depths)] for one in (near, far)]
    changed, same = parts if sure_near > sure_far else parts[::-1]
    there = np.isin(found, changed)
    assert np.ptp(found[there]) / 2 == pytest.approx(DEEP * RADIUS, rel=0.4)
    assert np.ptp(changed) / 2 > 0.2
    assert found[~there] == pytest.approx(same)


def test_away_from_the_rod_nothing_changes():
    for sure in (-0.5, 0.8):
        field, camera = rod_field(0.35, 0.2, 0.0, sure)
        limited = field.with_rods(find_rods(field, field.level, camera, rod_mask()))
        points = (np.random.default_rng(0).random((20_000, 3)) - 0.5).astype(np.float32)

        before, after = field(points), limited(points)

        seen, _ = look(torch.from_numpy(points)[None], *camera.unbind(1))
        (x, y), changed = seen[0].T.numpy(), np.abs(after - before) > 1e-5
        assert changed.any()
        assert (np.abs(x[changed] - 0.1) < 2 * RADIUS).all()
        assert (y[changed] > -0.2).all()


def test_what_the_field_is_sure_of_is_left_alone():
    field, camera = rod_field(0.35, 0.2, 0.0, sure=2.5)
    assert find_rods(field, field.level, camera, rod_mask()) is None


def test_what_the_field_does_not_hold_stays_missing():
    field, camera = rod_field(0.35, 0.2, 0.0, sure=-LIMIT - 1)
    lifted = field.with_rods(find_rods(field, field.level, camera, rod_mask()))
    depths = np.linspace(-1, 1, 401)
    for row in (60, 70, 85, 98):  # near the plate the field is high enough for a stub
        assert not inside_along(lifted, camera, row, 61, depths).any()


def test_what_the_picture_does_not_show_is_left_alone():
    field, camera = rod_field(0.35, 0.2, 0.0, sure=-0.5)
    assert find_rods(field, field.level, camera, rod_mask(below=-0.1)) is None


def test_corners_of_thick_parts_are_no_rods():
    disc = np.hypot(*np.meshgrid(*2 * [np.linspace(-1, 1, SIDE)])) < 0.7
    field = OccupancyField(TorchPoints(lambda points: torch.full((len(points),), -1.0)))
    assert find_rods(field, field.level, torch.tensor([[0.3, 0.2]]), disc) is None


@pytest.mark.parametrize("sure", [-0.5, 0.8])
def test_rods_follow_the_level_and_have_a_slope(sure):
    field, camera = rod_field(0.0, 0.0, 0.0, sure)
    limited = field.with_rods(find_rods(field, field.level, camera, rod_mask()))
    points = _places(np.array([[85, 61]]), np.array([0.0, 0.06]), camera)

    if sure < 0:
        lower = limited.cut_at(0.3)
        assert lower(points)[0] - lower.level == pytest.approx(
            limited(points)[0] - limited.level, abs=1e-5
        )
    values, slopes = limited.with_gradient(points)
    np.testing.assert_allclose(values, limited(points), atol=1e-6)
    step = 1e-3 * slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
    gain = limited(points + step) - limited(points - step)
    np.testing.assert_allclose(gain[1], 2e-3 * np.linalg.norm(slopes[1]), rtol=0.1)


def test_half_widths_are_distances_to_the_rim():
    mask = np.zeros((40, 40), bool)
    mask[5:16, 4:30] = True
    mask[25:28, 4:30] = True

    width = half_width(mask)

    assert width[10, 15] == 6
    assert width[26, 15] == 2
    assert width[5, 15] == width[25, 15] == 1
    assert width[20, 20] == 0
