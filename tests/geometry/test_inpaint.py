import numpy as np

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
