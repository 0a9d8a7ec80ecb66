import numpy as np
import pytest
from trimesh.creation import box, cylinder
from trimesh.util import concatenate

from onet_cli.geometry.symmetry import MirrorPlane, mirror_planes


def surface(mesh, count=6000):
    points, _ = mesh.sample(count, return_index=True, seed=0)
    return np.asarray(points)


def angles_of(planes):
    return sorted(np.degrees(np.arctan2(p.normal[2], p.normal[0])) % 180 for p in planes)


def turned(mesh, degrees):
    from trimesh.transformations import rotation_matrix

    return mesh.copy().apply_transform(rotation_matrix(np.radians(degrees), (0, 1, 0)))


def test_a_plane_mirrors_points_and_directions():
    plane = MirrorPlane(np.array([1.0, 0.0, 0.0]), 0.25)

    np.testing.assert_allclose(plane.mirror(np.array([[0.5, 1, 2]])), [[0.0, 1, 2]])
    np.testing.assert_allclose(plane.turn(np.array([[0.6, 0.8, 0]])), [[-0.6, 0.8, 0]])


@pytest.mark.parametrize("turn", [0, 17, 64])
def test_a_box_has_the_two_upright_planes_through_its_middle(turn):
    middle = np.array([0.2, 0.0, -0.1])

    planes = mirror_planes(surface(turned(box((1.0, 0.5, 0.4)), turn)) + middle)

    # Turned about +y from z to x, an angle in the plane of x and z falls.
    expected = sorted(angle % 180 for angle in (-turn, 90 - turn))
    distance = np.abs((np.array(angles_of(planes)) - expected + 90) % 180 - 90)
    assert len(planes) == 2
    assert distance.max() < 0.7  # half of the finest steps, 1.25 degrees
    for plane in planes:
        assert plane.offset == pytest.approx(plane.normal @ middle, abs=0.02)


def test_a_round_shape_has_many_and_a_crooked_one_none():
    crooked = concatenate(
        [
            box((1.0, 0.2, 0.3)),
            box((0.2, 0.5, 0.9)).apply_translation((0.4, 0.2, 0.3)),
            box((0.2, 0.3, 0.2)).apply_translation((-0.3, 0.2, -0.1)),
        ]
    )

    upright = cylinder(radius=0.3, height=1.0)
    upright.apply_transform([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])

    assert len(mirror_planes(surface(upright))) >= 2
    assert mirror_planes(surface(crooked)) == []


def test_nothing_is_found_in_no_points_or_in_one():
    assert mirror_planes(np.empty((0, 3))) == []
    assert mirror_planes(np.zeros((5, 3))) == []
