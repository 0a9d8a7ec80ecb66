import numpy as np
import pytest

from onet_cli.errors import SourceError
from onet_cli.preprocessing.placement import Placement

BOX = np.array([[0, 0, 0], [1, 2, 4]], float)


def placed(placement, vertices=BOX, up="y"):
    return vertices @ placement.matrix(vertices, up).T


def extent(points):
    return np.ptp(points, axis=0)


def test_without_instructions_nothing_moves():
    np.testing.assert_array_equal(Placement().matrix(BOX), np.eye(3))


def test_z_up_becomes_y_up_and_stays_right_handed():
    matrix = Placement().matrix(BOX, "z")

    np.testing.assert_array_equal(matrix @ [0, 0, 1], [0, 1, 0])
    np.testing.assert_array_equal(matrix @ [1, 0, 0], [1, 0, 0])
    assert np.linalg.det(matrix) == 1


def test_the_size_is_width_height_depth_after_the_rotation():
    rotation = (1, 0, 0, 0, 0, 1, 0, -1, 0)  # y' = z, z' = -y

    np.testing.assert_allclose(extent(placed(Placement(rotation))), [1, 4, 2])
    np.testing.assert_allclose(extent(placed(Placement(rotation, (50, 90, 40)))), [50, 90, 40])


def test_the_front_is_turned_last_and_exactly():
    points = placed(Placement(size=(50, 90, 40), front=90))

    np.testing.assert_array_equal(extent(points), [40, 90, 50])
    np.testing.assert_array_equal(Placement(front=90).matrix(BOX) @ [0, 0, 1], [1, 0, 0])
    np.testing.assert_array_equal(Placement(front=-90).matrix(BOX) @ [0, 0, 1], [-1, 0, 0])
    np.testing.assert_allclose(
        Placement(front=30).matrix(BOX) @ [0, 0, 1], [0.5, 0, np.sqrt(0.75)], atol=1e-12
    )


def test_what_is_flat_stays_flat():
    sheet = np.array([[0, 0, 0], [1, 0, 2]], float)

    np.testing.assert_allclose(extent(placed(Placement(size=(5, 7, 9)), sheet)), [5, 0, 9])


@pytest.mark.parametrize(
    "placement",
    [
        Placement(rotation=(0,) * 9),
        Placement(rotation=(1, 0, 0, 1, 0, 0, 0, 0, 1)),
        Placement(rotation=(np.nan, 0, 0, 0, 1, 0, 0, 0, 1)),
        Placement(size=(1, 0, 1)),
        Placement(size=(1, np.inf, 1)),
    ],
)
def test_a_placement_that_leaves_nothing_is_refused(placement):
    with pytest.raises(SourceError):
        placement.matrix(BOX)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_a_size_whose_cube_is_no_number_is_taken(scale):
    placement = Placement(size=(scale, 2 * scale, 3 * scale))

    np.testing.assert_allclose(extent(placed(placement)), np.array([1, 2, 3]) * scale)
