"""Thin parts that a photo shows and a field nearly holds."""

import numpy as np
import pytest
import torch

from onet_cli.models.frame import look
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.rods import LIMIT, SIDE, _places, find_rods, half_width

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


def test_nothing_is_taken_away_and_nothing_added_elsewhere():
    field, camera = rod_field(0.35, 0.2, 0.0, sure=-0.5)
    lifted = field.with_rods(find_rods(field, field.level, camera, rod_mask()))
    points = (np.random.default_rng(0).random((20_000, 3)) - 0.5).astype(np.float32)

    before, after = field(points), lifted(points)

    assert (after >= before).all()
    seen, _ = look(torch.from_numpy(points)[None], *camera.unbind(1))
    (x, y), raised = seen[0].T.numpy(), after > before
    assert raised.any()
    assert (np.abs(x[raised] - 0.1) < 2 * RADIUS).all()
    assert (y[raised] > -0.2).all()


def test_what_the_field_has_already_is_left_alone():
    field, camera = rod_field(0.35, 0.2, 0.0, sure=2.0)
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


def test_rods_follow_the_level_and_have_a_slope():
    field, camera = rod_field(0.0, 0.0, 0.0, sure=-0.5)
    lifted = field.with_rods(find_rods(field, field.level, camera, rod_mask()))
    points = _places(np.array([[85, 61]]), np.array([0.0, 0.03]), camera)

    lower = lifted.cut_at(0.3)
    assert lower(points)[0] - lower.level == pytest.approx(
        lifted(points)[0] - lifted.level, abs=1e-5
    )
    values, slopes = lifted.with_gradient(points)
    np.testing.assert_allclose(values, lifted(points), atol=1e-6)
    step = 1e-3 * slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
    gain = lifted(points + step) - lifted(points - step)
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
