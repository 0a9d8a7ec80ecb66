import numpy as np
import pytest

from onet_cli.geometry.inpaint import fill_holes


def test_what_is_known_stays_and_a_hole_takes_what_is_around_it():
    picture = np.random.default_rng(0).random((40, 40, 3)).astype(np.float32)
    weight = np.ones((40, 40), np.float32)
    weight[10:20, 12:22] = 0
    ground = np.array([0.2, 0.5, 0.7], np.float32)
    even = np.broadcast_to(ground, (40, 40, 3))

    np.testing.assert_array_equal(fill_holes(picture, np.ones((40, 40))), picture)
    np.testing.assert_allclose(fill_holes(picture, weight)[weight == 1], picture[weight == 1])
    np.testing.assert_allclose(fill_holes(even, weight), even, atol=1e-6)


def test_a_hole_between_two_colours_is_filled_by_the_nearer_of_them():
    picture = np.zeros((64, 64, 1), np.float32)
    picture[:, 32:] = 1
    weight = np.ones((64, 64))
    weight[:, 16:48] = 0

    filled = fill_holes(picture, weight)[..., 0]

    assert filled[:, :20].max() < 0.4
    assert filled[:, 44:].min() > 0.6
    # From left to right it never falls.
    assert (np.diff(filled.mean(axis=0)) > -1e-3).all()


def test_colours_without_weight_do_not_matter_and_where_none_has_any_there_is_none():
    picture = np.full((16, 16, 3), 0.5, np.float32)
    wild = picture.copy()
    wild[4:8, 4:8] = 99
    weight = (wild[..., 0] < 1).astype(np.float32)

    np.testing.assert_allclose(fill_holes(wild, weight), picture, atol=1e-6)
    assert (fill_holes(wild, np.zeros((16, 16))) == 0).all()


@pytest.mark.parametrize("hole", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_one_of_four_pixels_becomes_the_mean_of_the_others(hole):
    picture = np.array([[[1.0], [2.0]], [[4.0], [8.0]]], np.float32)
    weight = np.ones((2, 2))
    weight[hole] = 0

    filled = fill_holes(picture, weight)

    assert filled[hole] == pytest.approx((15 - picture[hole]) / 3)


@pytest.mark.parametrize("side", [12, 16])
def test_a_picture_mirrored_or_turned_is_filled_mirrored_or_turned(side):
    rng = np.random.default_rng(0)
    picture = rng.random((side, side, 2)).astype(np.float32)
    weight = rng.choice([0, 0, 0.4, 1], (side, side))

    filled = fill_holes(picture, weight)

    for change in (np.flipud, np.fliplr, lambda pixels: pixels.swapaxes(0, 1)):
        np.testing.assert_allclose(
            fill_holes(change(picture), change(weight)), change(filled), atol=1e-6
        )


def test_a_pixel_of_half_weight_is_half_its_own_colour():
    picture = np.ones((8, 8, 1), np.float32)
    picture[:4] = 0
    weight = np.ones((8, 8))
    weight[6, 3] = 0.5
    picture[6, 3] = 3.0

    filled = fill_holes(picture, weight)

    # All around it is 1, but for itself, of which its surroundings have less than a third.
    assert 2.0 <= filled[6, 3, 0] < 2.0 + 0.5 * 2 / 3


def test_far_from_all_that_is_known_it_is_between_the_extremes():
    picture, weight = np.zeros((64, 64, 1), np.float32), np.zeros((64, 64))
    picture[5, 7], picture[60, 50] = 0.25, 0.75
    weight[5, 7] = weight[60, 50] = 1

    filled = fill_holes(picture, weight)

    assert 0.25 - 1e-6 <= filled.min() < 0.3
    assert 0.7 < filled.max() <= 0.75 + 1e-6
    assert filled[5, 7] == 0.25
    assert filled[60, 50] == 0.75
