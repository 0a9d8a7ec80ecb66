"""The kernel that takes points through feature planes, against torch's layers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.catalogue import MODELS
from onet_cli.models.decoders.plane_decoder import decode_points
from onet_cli.models.network import build_network
from onet_cli.models.plane_points import PlanePoints, PointLayers, Sight, can_decode

WIDEST = [
    pytest.param(
        widest,
        marks=pytest.mark.skipif(
            not can_decode(32, widest), reason="the processor has no such registers"
        ),
    )
    for widest in (8, 16)
]


SIGHT = pytest.mark.parametrize("sight", ["no", "plain", "mirrored"])
# Near the cube's faces the picture's frame amplifies what is rounded.
TOLERANCE = {"no": 2e-4, "plain": 3e-3, "mirrored": 1e-2}
MORE_ROWS = {"no": 3, "plain": 9 + 4, "mirrored": 9 + 4 + 5 + 9 + 4}


def random_layers(width=64, channels=5, side=7, seed=0, sight="no"):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(shape, generator=generator)

    return PointLayers(
        draw(3, channels, side, side),
        draw(width),
        draw(3 * channels + MORE_ROWS[sight], width),
        draw(2, width, width) / width**0.5,
        draw(2, width),
        draw(width),
        draw(),
        random_sight(draw, mirrored=sight == "mirrored") if sight != "no" else None,
    )


def random_sight(draw, mirrored):
    plane = torch.tensor([0.7, 0.05, 0.6]) if mirrored else None
    return Sight(draw(9, 11, 11), torch.tensor(0.4), torch.tensor(0.3), plane)


def doubled(layers):
    *parts, sight = layers
    exact = None
    if sight is not None:
        exact = Sight(*(None if part is None else part.double() for part in sight))
    return PointLayers(*(part.double() for part in parts), exact)


def points_in_and_around_the_cube(count, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return 1.4 * CUBE_EDGE * (torch.rand((count, 3), generator=generator) - 0.5)


@pytest.mark.parametrize("widest", WIDEST)
@pytest.mark.parametrize("count", [1, 5, 6, 12, 13, 1000])
@pytest.mark.parametrize("width", [32, 96])
@SIGHT
def test_it_computes_what_the_layers_do(widest, count, width, sight):
    layers, points = random_layers(width, sight=sight), points_in_and_around_the_cube(count)

    found = PlanePoints(layers, widest)(points.numpy())

    expected = decode_points(doubled(layers), points.double()).numpy()
    assert found.std() > 0 or count == 1
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[sight])


@pytest.mark.parametrize("widest", WIDEST)
def test_the_edges_of_cells_and_of_the_cube_belong_to_it(widest):
    layers, side = random_layers(), 7
    centres = (np.arange(side) + 0.5) / side - 0.5
    axis = CUBE_EDGE * np.concatenate([centres, [-0.5, 0.5, -3.0, 3.0, 0.0]])
    points = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3).astype(np.float32)

    found = PlanePoints(layers, widest)(points)

    expected = decode_points(layers, torch.from_numpy(points)).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("widest", WIDEST)
@pytest.mark.parametrize("axis", [0, 1, 2])
@SIGHT
def test_what_is_no_number_stays_none(widest, axis, sight):
    layers, points = random_layers(sight=sight), points_in_and_around_the_cube(20).numpy()
    points[3, axis] = np.nan
    assert np.flatnonzero(np.isnan(PlanePoints(layers, widest)(points))).tolist() == [3]
    broken = layers._replace(biases=torch.full_like(layers.biases, torch.nan))
    assert np.isnan(PlanePoints(broken, widest)(points)).all()


@pytest.mark.parametrize("widest", WIDEST)
def test_no_points_are_no_logits(widest):
    assert PlanePoints(random_layers(), widest)(np.empty((0, 3))).shape == (0,)


def test_widths_and_devices_that_it_is_not_for_are_left_to_torch():
    assert not can_decode(40)
    network = build_network(replace(MODELS["onet-small"], hidden_dim=40), seed=0).eval()
    points = points_in_and_around_the_cube(50)
    with torch.no_grad():
        code = torch.ones(1, 256)
        found = network.for_code(code)(points)
        expected = network.decode(points[None], code)[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
