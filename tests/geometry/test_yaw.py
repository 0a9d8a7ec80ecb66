import numpy as np
import pytest

from onet_cli.geometry.yaw import TURNS, best_turn, turn

POINTS = np.random.default_rng(0).uniform(-0.5, 0.5, (3000, 3))


def lies_within(points):
    """A box off the axis, so that every rotation about it differs."""
    return ((points > [0.1, -0.3, -0.1]) & (points < [0.4, 0.2, 0.1])).all(axis=1)


def test_a_quarter_turn_takes_z_to_x_and_x_to_minus_z():
    quarter = turn(np.array([[0, 2, 1], [1, 3, 0]]), 90.0)

    np.testing.assert_allclose(quarter, [[1, 2, 0], [0, 3, -1]], atol=1e-15)


@pytest.mark.parametrize("degrees", [10.0, 75.0, -130.0])
def test_a_turn_is_a_rotation_about_the_upright_axis(degrees):
    there = turn(POINTS, degrees)

    np.testing.assert_allclose(np.linalg.norm(there, axis=1), np.linalg.norm(POINTS, axis=1))
    assert np.array_equal(there[:, 1], POINTS[:, 1])
    angles = np.degrees(np.arctan2(there[:, 0], there[:, 2]))
    before = np.degrees(np.arctan2(POINTS[:, 0], POINTS[:, 2]))
    np.testing.assert_allclose((angles - before - degrees + 180) % 360, 180, atol=1e-9)
    np.testing.assert_allclose(turn(there, -degrees), POINTS, atol=1e-15)


@pytest.mark.parametrize("step", [0, 1, 9, TURNS - 1])
def test_the_turn_by_which_the_truth_differs_is_found(step):
    degrees = step * 10.0
    truth = lies_within(turn(POINTS, -degrees).astype(np.float32))

    assert best_turn(lies_within, POINTS, truth) == (degrees, 1.0)


def test_the_iou_is_that_of_the_best_turn():
    truth = lies_within(POINTS) & (POINTS[:, 1] > 0)

    degrees, iou = best_turn(lies_within, POINTS, truth)

    assert degrees == 0
    assert iou == truth.sum() / lies_within(POINTS).sum()


def test_without_any_point_inside_no_turn_is_taken():
    nothing = np.zeros(len(POINTS), bool)

    assert best_turn(lambda points: np.zeros(len(points), bool), POINTS, nothing) == (0.0, 0.0)


def test_a_single_point_inside_both_is_a_perfect_fit():
    point = np.array([[0.0, 0.1, 0.2]])

    assert best_turn(lambda points: points[:, 2] > 0.19, point, np.array([True])) == (0.0, 1.0)
