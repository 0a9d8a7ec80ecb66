"""Smoothing of a field across neighbouring rays."""

import math

import numpy as np
import pytest

from onet_cli.reconstruction.outline import DEPTHS, SIDE
from onet_cli.reconstruction.smooth import (
    CLIP,
    CONTRAST,
    REACH,
    SOLID,
    SPREAD,
    continued,
    in_front,
    smooth_profiles,
)

LAYER = np.arange(DEPTHS)
RNG = np.random.default_rng(0)


def slab(front, thickness=6.0, height=2.0):
    """Return profiles (S, S, D) of a slab: `front` (S, S) is its nearest sample."""
    inside = np.minimum(front[..., None] - LAYER, LAYER - (front[..., None] - thickness))
    return np.clip(inside, -4, height).astype(np.float32)


def disc(radius=20):
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    return np.hypot(rows, columns) < radius


def slow(profiles, mask, level):
    """Return the same as `smooth_profiles`, ray by ray."""
    before, found = profiles.astype(np.float64), profiles.astype(np.float64)
    for row, column in np.argwhere(mask):
        total, weights = 0.0, 0.0
        for y in range(row - REACH, row + REACH + 1):
            for x in range(column - REACH, column + REACH + 1):
                if not (0 <= y < len(mask) and 0 <= x < len(mask) and mask[y, x]):
                    continue
                pair = np.clip(before[[y, row], [x, column]] - level, -CLIP, CLIP)
                apart = math.sqrt(np.square(pair[0] - pair[1]).mean())
                away = math.hypot(y - row, x - column)
                weight = math.exp(-0.5 * (away / SPREAD) ** 2 - 0.5 * (apart / CONTRAST) ** 2)
                total, weights = total + weight * before[y, x], weights + weight
        found[row, column] = total / weights
    return found


def test_each_profile_becomes_the_mean_of_similar_ones_around_it():
    mask = RNG.random((11, 11)) < 0.7
    profiles = RNG.normal(scale=0.8, size=(11, 11, 5)).astype(np.float32)

    found = smooth_profiles(profiles, mask, 0.3)

    np.testing.assert_allclose(found, slow(profiles, mask, 0.3), atol=1e-4)
    np.testing.assert_array_equal(found[~mask], profiles[~mask])


def test_noise_disappears_and_the_surface_stays():
    front = 15 + 0.1 * np.mgrid[:SIDE, :SIDE][0]
    clean = slab(front)
    noise = RNG.normal(scale=0.4, size=(SIDE, SIDE, 1)).astype(np.float32)

    found = smooth_profiles(clean + noise, np.ones((SIDE, SIDE), bool), 0.0)

    inner = slice(8, -8), slice(8, -8)
    assert np.abs(found - clean)[inner].mean() < 0.35 * np.abs(noise)[inner].mean()


def test_a_step_in_depth_stays():
    front = np.where(np.arange(SIDE) < SIDE // 2, 12.0, 18.0) * np.ones((SIDE, 1))
    clean = slab(front)

    found = smooth_profiles(clean, np.ones((SIDE, SIDE), bool), 0.0)

    np.testing.assert_array_equal(found > 0, clean > 0)


def test_nothing_crosses_the_edge_of_the_mask():
    mask = disc()
    profiles = np.where(mask[..., None], slab(np.full((SIDE, SIDE), 14.0)), np.float32(-6))

    np.testing.assert_allclose(smooth_profiles(profiles, mask, 0.0), profiles, atol=1e-5)


def test_what_is_solid_hides_what_is_behind_it():
    peaked = np.maximum(4 - np.abs(LAYER - 19), 3.5 - np.abs(LAYER - 7)).astype(np.float32)

    weights = in_front(peaked[None, None], 1.0)[0, 0]

    crossing = 19 + 3 - SOLID  # where the logit is so far above the level
    assert (np.diff(weights) >= 0).all()
    assert (weights[math.ceil(crossing + 1) :] > 0.9).all()
    assert (weights[: math.floor(crossing - 1)] < 0.1).all()


def test_what_nothing_hides_is_all_in_front():
    weights = in_front(np.full((1, 1, DEPTHS), -1.0, np.float32), 0.0)

    assert (weights > 0.98).all()


@pytest.mark.parametrize("radius", [6, 20])
def test_profiles_go_on_just_outside_of_the_mask(radius):
    mask = disc(radius)
    profiles = np.where(mask[..., None], slab(np.full((SIDE, SIDE), 14.0)), np.float32(-6))

    found = continued(profiles, mask)

    np.testing.assert_array_equal(found[mask], profiles[mask])
    beside, far = disc(radius + 1) & ~mask, ~disc(radius + 4)
    np.testing.assert_allclose(found[beside] - profiles[SIDE // 2, SIDE // 2], 0, atol=1e-4)
    np.testing.assert_array_equal(found[far], profiles[far])
