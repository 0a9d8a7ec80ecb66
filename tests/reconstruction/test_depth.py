"""Bounds on the depth of parts that a network does not know how far away they are."""

import numpy as np
import pytest
import torch

from onet_cli.geometry.picture_frame import tilt, to_cube
from onet_cli.models.frame import look
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.bounds import FAR, reach
from onet_cli.reconstruction.depth import DEEP, SURE, _local_half_width, find_bounds
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.outline import SIDE, fit_outline

CAMERAS = [(0.0, 0.0), (0.35, 0.2), (1.0, 0.3)]
MIDDLES = (np.arange(SIDE) + 0.5) * (2 / SIDE) - 1
WIDE, HIGH = 0.25, 0.7


def block(elevation, kappa, depth, sure, behind=None):
    """Return the field of an upright block, 2 * WIDE wide, and the camera.

    Along the rays its logits fall from `sure` at `depth` to 0 within 0.8. `behind` is another such
    block further back, seen at the same place, whose logits fall within 0.2.
    """
    camera = torch.tensor([[elevation, kappa]])

    def decode(points):
        seen, near = look(points[None], *camera.unbind(1))
        (x, y), z = seen[0].unbind(1), near[0]
        values = sure * (1 - ((z - depth) / 0.8) ** 2)
        if behind is not None:
            values = torch.maximum(values, sure * (1 - ((z - behind) / 0.2) ** 2))
        return torch.where((x.abs() < WIDE) & (y.abs() < HIGH), values, -9.0)

    return OccupancyField(TorchPoints(decode)), camera.numpy()


def shown():
    """Return the mask of the block, (224, 224)."""
    middles = (np.arange(224) + 0.5) * (2 / 224) - 1
    return (np.abs(middles) < WIDE) & (np.abs(middles) < HIGH)[:, None]


def bounded(field, camera):
    fit = fit_outline(field, camera, shown())
    return field.with_bounds(find_bounds(fit.rays.samples, fit.mask, field.level, camera))


def inside_along(field, camera, depths, x=0.0, y=0.0):
    """Return which of `depths` of the ray at (x, y) are inside."""
    elevation, kappa = (float(value) for value in camera[0])
    shrink = 1 - kappa * depths
    rays = np.stack([x * shrink, y * shrink, depths], axis=-1)
    return field(to_cube(tilt(rays, elevation))) >= field.level


@pytest.mark.parametrize(("elevation", "kappa"), CAMERAS)
@pytest.mark.parametrize("depth", [-0.2, 0.2])
def test_what_is_seen_at_no_sure_depth_is_at_most_so_deep(elevation, kappa, depth):
    field, camera = block(elevation, kappa, depth, sure=1.0)

    depths = np.linspace(-1.2, 1.2, 481)
    before = depths[inside_along(field, camera, depths)]
    after = depths[inside_along(bounded(field, camera), camera, depths)]

    assert np.ptp(before) > 1.5
    assert np.ptp(after) == pytest.approx(2 * DEEP * WIDE, rel=0.1)
    assert after.mean() == pytest.approx(depth, abs=0.05)


def test_what_the_network_is_sure_of_is_not_bounded():
    field, camera = block(0.35, 0.2, 0.0, sure=SURE + 1)

    fit = fit_outline(field, camera, shown())

    assert find_bounds(fit.rays.samples, fit.mask, 0.0, camera) is None


def test_nothing_is_added_and_the_outline_stays():
    field, camera = block(0.35, 0.2, 0.0, sure=1.0)
    points = (np.random.default_rng(0).random((20_000, 3)) - 0.5).astype(np.float32)

    cut = bounded(field, camera)
    before, after = field(points), cut(points)

    assert (after <= before).all()
    assert ((before > 0) & (after < 0)).any()
    for x in (-0.2, 0.0, 0.2):
        for y in (-0.6, 0.0, 0.6):
            assert inside_along(cut, camera, np.linspace(-1, 1, 201), x, y).any()


def test_another_part_on_the_same_rays_stays():
    field, camera = block(0.0, 0.0, 0.5, sure=1.0, behind=-0.9)
    depths = np.linspace(-1.19, 1.2, 479)

    after = depths[inside_along(bounded(field, camera), camera, depths)]

    far = depths[(np.abs(depths + 0.9) < 0.19) & (depths < -0.75)]
    assert np.isin(far, after).all()
    near = after[after > 0]
    assert np.ptp(near) < 2 * DEEP * WIDE + 0.1


def test_a_raise_of_the_field_counts():
    field, camera = block(0.0, 0.0, 0.0, sure=SURE - 1)
    fit = fit_outline(field, camera, shown())

    assert find_bounds(fit.rays.samples, fit.mask, 0.0, camera) is not None
    assert find_bounds(fit.rays.samples + 2, fit.mask, 0.0, camera) is None


def test_thin_parts_are_left_to_rods():
    field, camera = block(0.0, 0.0, 0.0, sure=1.0)
    fit = fit_outline(field, camera, shown())
    rod = np.zeros((SIDE, SIDE), bool)
    rod[10:40, 20:22] = True

    assert find_bounds(fit.rays.samples, rod, 0.0, camera) is None


def test_the_gradient_is_that_of_the_bounded_field():
    field, camera = block(0.0, 0.0, 0.0, sure=1.0)
    cut = bounded(field, camera)
    rng = np.random.default_rng(1)
    seen = rng.uniform(-0.15, 0.15, (200, 3))
    seen[:, 2] = rng.uniform(0.3, 0.46, 200)
    points = to_cube(tilt(seen, 0.0)).astype(np.float32)

    logits, slopes = cut.with_gradient(points)

    np.testing.assert_allclose(logits, cut(points), atol=1e-6)
    fit = fit_outline(field, camera, shown())
    bounds = find_bounds(fit.rays.samples, fit.mask, 0.0, camera)
    some = field(points) > bounds.heights(points)
    assert some.sum() > 50
    step = 1e-3
    for axis in range(3):
        shift = step * np.eye(3, dtype=np.float64)[axis]
        there = bounds.heights(points + shift) - bounds.heights(points - shift)
        np.testing.assert_allclose(slopes[some, axis], there[some] / (2 * step), atol=0.05)


def test_a_part_reaches_to_the_minimum_before_the_next():
    depths = np.arange(6.0)
    logits = np.array(
        [
            [2, 1, -1, 1, 0, 0],  # another one at 3, beyond the minimum at 2
            [2, 1, 0.5, 0.4, 0.3, 0.2],
            [2, 1, 0.9, 1.0, 0.5, 0.0],  # no valley
            [2, -3, -2, -1, -0.5, -0.1],  # higher, but not inside
        ]
    )

    ends = reach(logits, depths, np.zeros(4), 0.0)

    assert ends.tolist() == [2, FAR, FAR, FAR]


def test_local_widths_are_those_of_the_largest_square_around():
    mask = np.zeros((SIDE, SIDE), bool)
    mask[5:16, 4:30] = True
    mask[25:28, 4:30] = True

    half = _local_half_width(mask)

    assert half[10, 15] == half[5, 4] == 5.5
    assert half[26, 15] == 1.5
    assert half[20, 20] == 0
