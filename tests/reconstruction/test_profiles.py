"""Changes of a field along the rays of the image."""

import itertools

import numpy as np
import pytest
import torch

from onet_cli._ext.profiles import sample
from onet_cli.geometry.picture_frame import tilt, to_cube
from onet_cli.models.frame import look
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.outline import DEPTHS, NEAREST, SIDE, fit_outline, peaks_along_rays
from onet_cli.reconstruction.profile_change import ProfileChange
from onet_cli.reconstruction.profiles import NOWHERE, change_profiles
from tests.reconstruction.gradients import require_gradient

CAMERAS = [(0.0, 0.0), (0.35, 0.2), (1.0, 0.3)]
RADIUS = 0.6


def ball(camera, bump=0.0, height=1.5):
    """Return the field of a ball seen in the middle, with ripples of `bump` logits across it."""
    elevation, kappa = (torch.tensor([value], dtype=torch.float32) for value in camera)

    def decode(points):
        seen, near = look(points[None], elevation, kappa)
        (x, y), z = seen[0].unbind(1), near[0]
        away = torch.sqrt(x**2 + y**2 + z**2) / RADIUS
        ripples = bump * torch.sin(x * 35) * torch.sin(y * 35)
        return height * (2 * (1 - away) + ripples).clamp(-2, 1)

    return OccupancyField(TorchPoints(decode)), np.array([camera], np.float32)


def shown(radius=RADIUS):
    """Return the mask of the ball, (224, 224)."""
    middles = (np.arange(224) + 0.5) * (2 / 224) - 1
    return np.hypot(middles, middles[:, None]) < radius


def changed(field, camera, mask, **options):
    fit = fit_outline(field, camera, mask)
    wanted = {"smooth": True, "gaps": True} | options
    return change_profiles(fit, field.level, camera, mask, **wanted)


def front_depths(field, camera):
    """Return how near the surface is along rays around the middle, (17, 17)."""
    elevation, kappa = camera[0]
    middles = np.linspace(-0.25, 0.25, 17)
    down, across, depths = np.meshgrid(middles, middles, np.linspace(1, -1, 801), indexing="ij")
    shrink = 1 - kappa * depths
    rays = np.stack([across * shrink, down * shrink, depths], axis=-1).reshape(-1, 3)
    inside = field(to_cube(tilt(rays, elevation)).astype(np.float32)) > field.level
    return depths[0, 0][inside.reshape(depths.shape).argmax(axis=2)]


def interpolated(volume, place):
    """Return the slow twin of the kernel at one `place`."""
    place = np.clip(place, 0, np.array(volume.shape[:3]) - 1)
    cell = np.minimum(place.astype(int), np.array(volume.shape[:3]) - 2)
    found = 0.0
    for corner in itertools.product((0, 1), repeat=3):
        part = np.where(corner, place - cell, 1 - place + cell)
        found = found + part.prod() * volume[tuple(cell + corner)].astype(np.float64)
    return found


def test_look_ups_are_trilinear_and_stop_at_the_border():
    rng = np.random.default_rng(0)
    volume = rng.normal(size=(5, 6, 7, 3)).astype(np.float32)
    places = rng.uniform(-2, 8, (300, 3))
    found = np.empty((300, 3))

    sample(volume, places, found)

    expected = [interpolated(volume, place) for place in places]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_profiles_are_where_rays_are():
    volume = np.zeros((SIDE, SIDE, DEPTHS, 3), np.float32)
    down, across, away = np.mgrid[:SIDE, :SIDE, :DEPTHS]
    volume[..., 0], volume[..., 1], volume[..., 2] = across, down, away
    change = ProfileChange(volume, 0.35, 0.2, NEAREST)
    rays = np.random.default_rng(0).uniform(-0.9, 0.9, (200, 3))
    seen = np.concatenate([rays[:, :2] * (1 - 0.2 * rays[:, 2:]), rays[:, 2:]], axis=1)

    found = change._sample(to_cube(tilt(seen, 0.35)).astype(np.float32))

    scale = [SIDE / 2, SIDE / 2, (DEPTHS - 1) / (2 * NEAREST)]
    start = np.array([1, 1, NEAREST])
    np.testing.assert_allclose(found, (rays + start) * scale - [0.5, 0.5, 0], atol=1e-3)


@pytest.mark.parametrize("camera", CAMERAS)
def test_ripples_disappear_and_the_surface_stays(camera):
    field, camera = ball(camera, bump=0.15)
    smooth, _ = ball(tuple(camera[0]))

    after = field.with_change(changed(field, camera, shown(), gaps=False).change)

    expected = front_depths(smooth, camera)
    before, after = (front_depths(each, camera) - expected for each in (field, after))
    assert before.std() > 0.015
    assert after.std() < 0.4 * before.std()
    assert abs(after.mean()) < 0.02


def test_what_is_behind_stays_and_so_does_what_is_outside_of_the_mask():
    field, camera = ball((0.35, 0.2), bump=0.1)
    after = field.with_change(changed(field, camera, shown(), gaps=False).change)
    rng = np.random.default_rng(1)
    rays = rng.uniform(-0.9, 0.9, (4000, 3))
    rays[:2000, 2] = rng.uniform(-1, -0.4, 2000)
    rays[2000:, :2] *= 0.7 / np.hypot(*rays[2000:, :2].T)[:, None]
    rays[:, :2] *= 1 - 0.2 * rays[:, 2:]
    points = to_cube(tilt(rays, 0.35)).astype(np.float32)

    moved = np.abs(after(points) - field(points))
    assert moved[:2000].max() < 0.1
    assert moved[:2000].mean() < 0.005
    assert moved[2000:].max() < 1e-6


def test_a_gap_is_filled_to_the_outline_of_the_mask():
    field, camera = ball((0.2, 0.1))
    low = field.at_level(1.6)  # nothing is above it

    after = low.with_change(changed(low, camera, shown()).change)

    shown_now = peaks_along_rays(after, camera).highest > low.level
    middles = (np.arange(SIDE) + 0.5) * (2 / SIDE) - 1
    away = np.hypot(middles, middles[:, None])
    assert shown_now[away < 0.35].all()
    assert not shown_now[away > RADIUS + 1 / SIDE].any()


def test_nothing_is_filled_outside_of_the_picture_and_of_the_sampled_depths():
    field, _ = ball((0.0, 0.0))
    low = field.at_level(1.6)
    volume = np.full((SIDE, SIDE, DEPTHS, 3), 1.0, np.float32)
    volume[..., 1] += low.level
    after = low.with_change(ProfileChange(volume, 0.0, 0.0, NEAREST))
    depths = np.linspace(-2.4, 2.4, 97)
    away = np.stack([0 * depths, 0 * depths, depths], axis=1)
    inside = after(to_cube(tilt(away, 0.0)).astype(np.float32)) > low.level
    np.testing.assert_array_equal(inside, np.abs(depths) < NEAREST + 0.02)
    below = np.stack([0 * depths, depths, 0 * depths], axis=1)
    inside = after(to_cube(tilt(below, 0.0)).astype(np.float32)) > low.level
    np.testing.assert_array_equal(inside, np.abs(depths) < 1.02)


def test_gaps_are_filled_to_the_border_of_the_picture():
    _, camera = ball((0.0, 0.0))
    flat = OccupancyField(TorchPoints(lambda points: -0.3 - 4 * points[:, 2] ** 2))
    everywhere = np.ones((224, 224), bool)

    after = flat.with_change(changed(flat, camera, everywhere, smooth=False).change)

    assert (peaks_along_rays(after, camera).highest > 0).all()


def test_profiles_are_those_of_the_changed_field():
    field, camera = ball((0.35, 0.2), bump=0.1)
    found = changed(field, camera, shown())

    after = peaks_along_rays(field.with_change(found.change), camera).samples

    np.testing.assert_allclose(after, found.profiles, atol=2e-4)
    assert found.profiles.shape == (SIDE, SIDE, DEPTHS)


def test_without_either_nothing_changes():
    field, camera = ball((0.35, 0.2))

    found = changed(field, camera, shown(), smooth=False, gaps=False)

    assert found.change is None
    assert found.share is None
    np.testing.assert_array_equal(found.profiles, peaks_along_rays(field, camera).samples)


def test_the_gradient_is_that_of_the_changed_field():
    rng = np.random.default_rng(2)
    volume = rng.normal(size=(SIDE, SIDE, DEPTHS, 3)).astype(np.float32)
    volume[: SIDE // 2, ..., 1] = NOWHERE
    field, _ = ball((0.35, 0.2))
    after = field.with_change(ProfileChange(volume, 0.35, 0.2, NEAREST))
    points = (rng.random((500, 3)) - 0.5).astype(np.float32)

    require_gradient(after, points, rng, share=0.8)
