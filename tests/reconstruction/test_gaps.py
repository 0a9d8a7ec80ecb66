"""Surfaces that a photo shows and a field has slightly below the level."""

import numpy as np
import pytest
import torch

from onet_cli.geometry.picture_frame import tilt, to_cube
from onet_cli.models.frame import look
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.gaps import LIMIT, MARGIN, find_gaps
from onet_cli.reconstruction.outline import SIDE, fit_outline, peaks_along_rays
from onet_cli.reconstruction.peaks import FRONT, front_peak
from onet_cli.reconstruction.profiles import change_profiles
from tests.reconstruction.gradients import require_gradient

CAMERAS = [(0.0, 0.0), (0.35, 0.2), (1.0, 0.3)]
MIDDLES = (np.arange(SIDE) + 0.5) * (2 / SIDE) - 1


def board(elevation, kappa, depth, unsure):
    """Return the logits of an upright board that fills half of the image, and the camera.

    It is at `depth` along the rays, and its left half is below the level by `unsure` logits.
    """
    camera = torch.tensor([[elevation, kappa]])

    def decode(points):
        seen, near = look(points[None], *camera.unbind(1))
        (x, y), z = seen[0].unbind(1), near[0]
        beside = 40 * torch.stack([x.abs() - 0.5, y.abs() - 0.5]).amax(0).clamp_min(0)
        certain = torch.where(x < 0, -unsure, 1.0)
        return certain - ((z - depth) / 0.2) ** 2 - beside

    return OccupancyField(TorchPoints(decode)), camera.numpy()


def shown(half=0.5):
    """Return the mask of the board."""
    return (np.abs(MIDDLES) < half)[:, None] & (np.abs(MIDDLES) < half)


def full(mask):
    """Return a mask (SIDE, SIDE) at the size of a photo."""
    return np.kron(mask, np.ones((4, 4), bool)).astype(bool)


def filled(field, camera, mask):
    fit = fit_outline(field, camera, full(mask))
    options = {"smooth": False, "gaps": True}
    return field.with_change(
        change_profiles(fit, field.level, camera, full(mask), **options).change
    )


def gaps_of(field, camera, mask):
    rays = peaks_along_rays(field, camera)
    return find_gaps(rays.samples, rays.highest, mask, field.level)


def gaps_at(highest, mask):
    """Return the gaps of rays with one sample each."""
    return find_gaps(highest[..., None], highest, mask, 0.0)


def along_ray(field, x, y, depths, elevation, kappa):
    """Return the logits (D,) at `depths` of the ray that is seen at (x, y)."""
    shrink = 1 - kappa * depths
    rays = np.stack([x * shrink, y * shrink, depths], axis=1)
    return field(to_cube(tilt(rays, elevation)).astype(np.float32))


@pytest.mark.parametrize(("elevation", "kappa"), CAMERAS)
@pytest.mark.parametrize("depth", [-0.4, 0.0, 0.3])
def test_a_gap_is_closed_where_the_field_is_most_certain(elevation, kappa, depth):
    field, camera = board(elevation, kappa, depth, unsure=0.6)

    after = peaks_along_rays(filled(field, camera, shown()), camera).highest

    before = peaks_along_rays(field, camera)
    assert gaps_of(field, camera, shown()).share == pytest.approx(0.5, abs=0.02)
    left = shown() & (MIDDLES < -1 / SIDE)
    assert (before.highest[left] < 0).all()
    assert (after[left] > 0).mean() > 0.95
    assert after[left].max() < MARGIN + 0.1
    # With the maximum raised to MARGIN, the board is 2 * 0.2 * sqrt(MARGIN) thick; profiles have
    # a sample every 0.1.
    depths = np.linspace(-1, 1, 401)
    logits = along_ray(filled(field, camera, shown()), -0.25, 0.0, depths, elevation, kappa)
    found = depths[logits > 0]
    assert found.mean() == pytest.approx(depth, abs=0.05)
    assert np.ptp(found) == pytest.approx(0.4 * MARGIN**0.5, abs=0.05)


def test_nothing_is_taken_away_and_nothing_changes_beside_the_gap():
    field, camera = board(0.35, 0.2, 0.0, unsure=0.6)
    points = (np.random.default_rng(0).random((20_000, 3)) - 0.5).astype(np.float32)

    before, after = field(points), filled(field, camera, shown())(points)

    seen = look(torch.from_numpy(points)[None], *torch.from_numpy(camera).unbind(1))[0][0]
    x, y = seen.T.numpy()
    assert (after >= before).all()
    assert (after > before).any()
    beside = (x > 12 / SIDE) | (np.abs(y) > 0.5 + 3 / SIDE) | (x < -0.5 - 3 / SIDE)
    inside = before > field.level
    np.testing.assert_array_equal((after > field.level)[beside], inside[beside])


def test_what_is_not_shown_is_not_added():
    field, camera = board(0.35, 0.2, 0.0, unsure=0.6)
    right = shown() & (MIDDLES > 1 / SIDE)

    found = gaps_of(field, camera, right)

    assert found.share == 0
    assert not found.raised.any()


def test_thin_parts_are_left_alone():
    rod = np.zeros((SIDE, SIDE), bool)
    rod[10:40, 20:22] = True

    assert not gaps_at(np.full((SIDE, SIDE), -1.0, np.float32), rod).raised.any()


def test_a_surface_between_two_samples_is_no_gap():
    low, high = (np.full((SIDE, SIDE), value, np.float32) for value in (-0.3, 0.4))

    found = find_gaps(low[..., None], high, shown(), 0.0)

    assert found.share == 0
    assert not found.raised.any()


def test_gaps_narrower_than_3_rays_are_left_alone():
    profiles = np.ones((SIDE, SIDE), np.float32)
    profiles[shown() & ~np.roll(shown(), 1, axis=1)] = -1  # the rim on the left
    profiles[30:32, 20:40] = -1

    found = gaps_at(profiles, shown())

    assert not found.raised.any()
    assert found.share > 0


def test_what_the_field_does_not_have_stays_missing():
    found = gaps_at(np.full((SIDE, SIDE), -LIMIT, np.float32), shown())

    assert found.share == 0
    assert not found.raised.any()


def test_rays_that_are_covered_are_left_alone_but_beside_a_gap():
    highest = np.linspace(-1, 1, SIDE, dtype=np.float32) * np.ones((SIDE, 1), np.float32)

    found = gaps_at(highest, np.ones((SIDE, SIDE), bool))

    below = highest < 0
    assert found.share == below.mean()
    inner = np.zeros_like(below)
    inner[4:-4, 4:] = True
    assert (found.raised + highest >= MARGIN - 0.02)[below & inner].all()
    assert (found.raised + highest <= MARGIN + 0.15)[below & inner].all()
    assert (found.raised[highest >= MARGIN + 8 / SIDE] == 0).all()
    # In between it decreases, so that nothing jumps.
    assert np.abs(np.diff(found.raised, axis=1))[4:-4, 4:].max() < 3 * (2 / SIDE)


def test_the_gradient_is_that_of_the_raised_field():
    field, camera = board(0.35, 0.2, 0.0, unsure=0.6)
    raised = filled(field, camera, shown())
    rng = np.random.default_rng(1)
    points = (rng.random((500, 3)) * [0.5, 0.5, 0.1] - [0.25, 0.25, 0.05]).astype(np.float32)

    require_gradient(raised, points, rng, share=0.9)


def test_of_a_shell_the_front_appears_as_the_photo_shows_it():
    camera = np.array([[0.3, 0.2]], np.float32)

    def decode(points):
        seen, near = look(points[None], *torch.from_numpy(camera).unbind(1))
        (x, y), z = seen[0].unbind(1), near[0]
        beside = 40 * torch.stack([x.abs() - 0.5, y.abs() - 0.5]).amax(0).clamp_min(0)
        front, back = -1.0 - ((z - 0.4) / 0.2) ** 2, -0.6 - ((z + 0.4) / 0.2) ** 2
        return torch.maximum(front, back) - beside

    field = OccupancyField(TorchPoints(decode))
    depths = np.linspace(-1, 1, 401)

    logits = along_ray(filled(field, camera, shown()), 0.0, 0.0, depths, 0.3, 0.2)

    inside = depths[logits > 0]
    assert inside.max() == pytest.approx(0.4 + 0.2 * MARGIN**0.5, abs=0.05)
    assert inside.min() < -0.3  # the back is higher, so it appears as well
    assert not (np.abs(inside) < 0.1).any()


def test_a_peak_in_front_counts_if_it_is_nearly_as_high():
    rows = np.array([[0, 3, 1, 2, 0], [0, 3, 1, 2.5, 0], [3, 2, 1, 0, -1], [0, 0, 1, 2, 3]])

    found = front_peak(rows.astype(np.float32))

    assert 0.5 < FRONT < 1
    np.testing.assert_array_equal(found, [1, 3, 0, 4])
