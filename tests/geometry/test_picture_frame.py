"""The picture's frame for arrays, against the same for tensors."""

import numpy as np
import pytest
import torch

from onet_cli.geometry.picture_frame import from_cube, look, tilt, to_cube
from onet_cli.models import frame

POINTS = 1.1 * (np.random.default_rng(0).random((500, 3)) - 0.5)


def test_the_maps_from_and_to_the_cube_are_those_of_networks():
    tensors = torch.from_numpy(POINTS)

    np.testing.assert_allclose(from_cube(POINTS), frame.from_cube(tensors).numpy(), atol=1e-12)
    np.testing.assert_allclose(to_cube(POINTS), frame.to_cube(tensors).numpy(), atol=1e-12)
    inner = 0.9 * POINTS
    np.testing.assert_allclose(to_cube(from_cube(inner)), inner, atol=1e-12)


@pytest.mark.parametrize(("elevation", "kappa"), [(0.0, 0.0), (0.4, 0.3), (-0.2, 0.55)])
def test_points_are_seen_where_networks_see_them(elevation, kappa):
    seen, near = look(POINTS, elevation, kappa)

    angle, perspective = torch.tensor([[elevation], [kappa]], dtype=torch.float64)
    places, nearness = frame.look(torch.from_numpy(POINTS)[None], angle, perspective)
    np.testing.assert_allclose(seen, places[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(near, nearness[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(tilt(tilt(POINTS, elevation), elevation), POINTS, atol=1e-12)
