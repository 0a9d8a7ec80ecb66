"""The aligned decoder for one code: its kernel, torch's operations and the plain decoder agree."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.picture_frame import FARTHEST
from onet_cli.models.catalogue import find_model
from onet_cli.models.code_layout import CodeLayout
from onet_cli.models.decoders.plane_decoder import decode_points
from onet_cli.models.encoders.maps import with_camera, with_plane
from onet_cli.models.network import build_network
from onet_cli.models.plane_points import PlanePoints, can_decode

CAMERAS = pytest.mark.parametrize(
    "camera", [(0.4, 0.3), (-0.6, 0.0), (-0.6, 0.6), (1.5, 0.0), (1.5, 0.6)]
)


PLANE = 0.7, 0.05, 0.6
FIRST = 103490
"""Numbers of the first such codes, which had no mirror plane."""


@pytest.fixture(scope="module", params=[(96, None), (128, None), (96, FIRST)])
def network(request):
    width, code_dim = request.param
    spec = find_model("onet-aligned")
    spec = replace(spec, hidden_dim=width, code_dim=code_dim or spec.code_dim)
    network = build_network(spec, seed=0).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.decoder.parameters():  # some start at zero
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    return network


@pytest.fixture(scope="module")
def exact(network):
    return deepcopy(network).double()


def code_of(network, camera):
    generator = torch.Generator().manual_seed(2)
    code = torch.randn((1, network.spec.code_dim), generator=generator)
    code = with_camera(code, torch.tensor([camera]))
    mirrored = CodeLayout(network.spec.code_dim).mirrored
    return with_plane(code, torch.tensor([PLANE])) if mirrored else code


def points_in_and_around_the_cube(count=3000):
    """Return points in the cube, beyond it, and on the planes where the frame's squeeze ends."""
    generator = torch.Generator().manual_seed(3)
    points = 1.3 * CUBE_EDGE * (torch.rand((count, 3), generator=generator) - 0.5)
    axis = CUBE_EDGE / 2 * torch.tensor([-3.0, -1.0, -FARTHEST, 0.0, FARTHEST, 1.0, 3.0])
    return torch.cat([points, torch.cartesian_prod(axis, axis, axis)])


@CAMERAS
def test_one_codes_decoder_computes_what_the_plain_one_does(network, exact, camera):
    code, points = code_of(network, camera), points_in_and_around_the_cube()
    layers = network.decoder.layers_for(code)
    with torch.no_grad():
        expected = network.decode(points[None], code)[0]
        truth = exact.decode(points[None].double(), code.double())[0]

        ways = {"torch": decode_points(layers, points)}
    for widest in (8, 16):  # numbers in a register
        if can_decode(96, widest):
            ways[f"kernel, {widest}"] = torch.from_numpy(
                PlanePoints(layers, widest)(points.numpy())
            )

    assert expected.std() > 0.05
    # Near the faces across y and z the frame amplifies what single precision rounds.
    inner = points[:, 1:].abs().amax(dim=1) < 0.9 * CUBE_EDGE / 2
    for way, found in ways.items():
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
        error = (found.double() - truth).abs()
        assert error[inner].max() < 3e-5, way
        assert error.max() < 1e-3, way


def test_every_part_of_the_code_matters(network):
    code, points = code_of(network, (0.4, 0.3)), points_in_and_around_the_cube()
    layers = network.decoder.layers_for(code)
    whole = PlanePoints(layers)(points.numpy())
    parts = [name for name, part in layers.sight._asdict().items() if part is not None]
    for part in parts:
        changed = getattr(layers.sight, part) + 0.2
        sight = layers.sight._replace(**{part: changed})
        found = PlanePoints(layers._replace(sight=sight))(points.numpy())
        assert np.abs(found - whole).mean() > 1e-3, part


@CAMERAS
def test_slopes_are_those_of_the_plain_decoder(network, exact, camera):
    code, points = code_of(network, camera), points_in_and_around_the_cube()[:500]
    plain, folded = points.double().requires_grad_(), points.double().requires_grad_()

    expected = exact.decode(plain[None], code.double())[0]
    found = exact.for_code(code.double())(folded)

    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    slopes = (torch.autograd.grad(v.sum(), p)[0] for v, p in ((found, folded), (expected, plain)))
    torch.testing.assert_close(*slopes, rtol=1e-7, atol=1e-7)


@CAMERAS
def test_slopes_are_those_of_finite_differences(exact, camera):
    layers = exact.decoder.layers_for(code_of(exact, camera).double())
    points = 0.6 * (points_in_and_around_the_cube()[:200].double()).requires_grad_()
    (slopes,) = torch.autograd.grad(decode_points(layers, points).sum(), points)

    step = 1e-7 * torch.eye(3, dtype=torch.float64)
    with torch.no_grad():
        differences = [
            (decode_points(layers, points + move) - decode_points(layers, points - move)) / 2e-7
            for move in step
        ]

    # Almost no point is so near a kink, of a cell or a ReLU, that its difference spans it.
    error = (torch.stack(differences, dim=1) - slopes).abs().amax(dim=1)
    assert error.quantile(0.97) < 1e-5 * slopes.abs().max()


def test_points_that_want_no_slope_take_the_kernel_and_agree_with_those_that_do(network):
    code, points = code_of(network, (0.4, 0.3)), points_in_and_around_the_cube()
    decode = network.for_code(code)

    fast, slow = decode(points), decode(points.clone().requires_grad_())

    assert not fast.requires_grad
    assert slow.requires_grad
    torch.testing.assert_close(fast, slow.detach(), rtol=0, atol=3e-4)


def test_it_keeps_the_weights_and_the_code_of_its_day(network):
    changed, code = deepcopy(network), code_of(network, (0.4, 0.3))
    decode, points = changed.for_code(code), points_in_and_around_the_cube().requires_grad_()
    with torch.no_grad():
        before = decode(points), decode(points.detach())
        code.mul_(2)
        for parameter in changed.parameters():
            parameter.mul_(-2)

        after = decode(points), decode(points.detach())

    assert all(map(torch.equal, before, after))
