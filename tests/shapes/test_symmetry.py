"""How far shapes are their own mirror images, against what is plain of boxes and turned things."""

import numpy as np
import pytest
from trimesh.creation import box, icosphere

from onet_cli.geometry.sampling import sample_surface
from onet_cli.geometry.symmetry import ANGLES
from onet_cli.models.code_layout import BINS
from onet_cli.shapes.symmetry import symmetry_of


def surface(*bounds, turn=0.0):
    parts = [box(bounds=bound) for bound in bounds]
    mesh = sum(parts[1:], parts[0])
    points, _ = sample_surface(mesh, 3300, np.random.default_rng(0))
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    # From +x towards +z, as the planes' angles are counted.
    return points @ np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])


CHAIR = (
    [[-0.3, -0.05, -0.3], [0.3, 0.0, 0.3]],
    [[-0.3, 0.0, -0.3], [0.3, 0.5, -0.25]],
    [[-0.3, -0.5, -0.3], [-0.25, -0.05, -0.25]],
    [[0.25, -0.5, -0.3], [0.3, -0.05, -0.25]],
)


@pytest.mark.parametrize("turn", [0, 30, 95])
def test_a_chair_has_one_plane(turn):
    found = symmetry_of(surface(*CHAIR, turn=turn))
    assert found.shape == (ANGLES,)
    assert int(found.argmax()) == turn // 5 % ANGLES
    assert found.max() == pytest.approx(1, abs=0.05)
    assert np.delete(found, found.argmax()).max() < 0.8


def test_a_plank_has_two_planes_and_a_cube_four():
    plank = symmetry_of(surface([[-0.5, -0.1, -0.2], [0.5, 0.1, 0.2]]))
    cube = symmetry_of(surface([[-0.5, -0.5, -0.5], [0.5, 0.5, 0.5]]))
    assert np.flatnonzero(plank > 0.93).tolist() == [0, 18]
    assert np.flatnonzero(cube > 0.93).tolist() == [0, 9, 18, 27]


def test_a_ball_has_all_and_a_hook_none():
    ball, _ = sample_surface(icosphere(4, 0.5), 3300, np.random.default_rng(0))
    hook = surface([[-0.5, -0.5, 0.1], [0.5, -0.4, 0.2]], [[0.2, -0.4, -0.5], [0.5, 0.5, -0.4]])
    assert symmetry_of(ball).min() > 0.95
    assert symmetry_of(hook).max() < 0.6


def test_few_points_will_do():
    assert np.isfinite(symmetry_of(surface(*CHAIR)[:2])).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [0, 1])
def test_of_too_few_points_nothing_is_known(count):
    found = symmetry_of(surface(*CHAIR)[:count])
    assert found.shape == (ANGLES,)
    assert np.isnan(found).all()


def test_networks_tell_as_many_angles_apart_as_are_measured():
    assert BINS == ANGLES
