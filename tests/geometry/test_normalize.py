import numpy as np
import pytest

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.normalize import CUBE_EDGE, PADDING, UnitCube

# A box from (1, -2, 10) to (5, 0, 13): centre (3, -1, 11.5), longest edge 4.
CORNERS = np.array([[1.0, 0.0, 13.0], [5.0, -2.0, 10.0], [2.0, -1.0, 12.0]])


def test_the_unit_cube_has_the_centre_and_the_longest_edge_of_the_box():
    cube = UnitCube.around(CORNERS)

    assert cube == UnitCube((3.0, -1.0, 11.5), 4.0)


def test_points_go_to_the_unit_cube_and_back():
    cube = UnitCube((3.0, -1.0, 11.5), 4.0)

    unit = cube.to_unit(CORNERS)

    np.testing.assert_allclose(
        unit, [[-0.5, 0.25, 0.375], [0.5, -0.25, -0.375], [-0.25, 0.0, 0.125]], atol=1e-15
    )
    np.testing.assert_allclose(cube.from_unit(unit), CORNERS, atol=1e-14)


def test_single_precision_is_computed_in_double():
    points = np.array([[16777216.0, 0, 0], [16777218.0, 0, 0]], np.float32)

    cube = UnitCube.around(points)

    assert cube == UnitCube((16777217.0, 0.0, 0.0), 2.0)
    assert cube.to_unit(points).tolist() == [[-0.5, 0, 0], [0.5, 0, 0]]
    assert cube.from_unit(np.zeros((1, 3), np.float32)).tolist() == [[16777217.0, 0, 0]]


def test_a_single_extent_is_enough():
    assert UnitCube.around(np.array([[0.0, 2.0, 0.0], [0.0, 2.5, 0.0]])).scale == 0.5


@pytest.mark.parametrize("shape", [(0, 3), (4, 2), (3,), (2, 3, 3)])
def test_points_of_another_shape_are_refused(shape):
    with pytest.raises(InvalidGeometryError, match="points must be"):
        UnitCube.around(np.zeros(shape))


@pytest.mark.parametrize("stray", [1.0, np.nan, np.inf, -np.inf])
def test_a_shape_without_a_finite_extent_is_refused(stray):
    with pytest.raises(InvalidGeometryError, match="no finite extent"):
        UnitCube.around(np.array([[1.0, 1.0, 1.0], [stray, 1.0, 1.0]]))


def test_the_sampled_cube_is_that_of_the_paper():
    assert (PADDING, CUBE_EDGE) == (0.1, 1.1)
