"""The look-up that trains on CPUs. Truth: torch's own, in double precision."""

import pytest
import torch
from torch.nn import functional as F

from onet_cli.models.decoders import look_up as module
from onet_cli.models.decoders.look_up import look_up

# Widths and counts that fill no register, tile or thread; the smallest map; one point.
SIZES = [(2, 24, 48, 300), (3, 7, 5, 17), (1, 70, 9, 33), (2, 3, 1, 4), (1, 1, 2, 1)]


@pytest.fixture(params=[1, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def given(samples, width, side, points, edge):
    rng = torch.Generator().manual_seed(side)
    plane = torch.randn(samples, width, side, side, generator=rng)
    positions = edge * 1.2 * (torch.rand(samples, points, 2, generator=rng) - 0.5)
    weights = torch.randn(samples, width, points, generator=rng)
    return plane.requires_grad_(), positions.requires_grad_(), weights


def outcome(found, plane, positions, weights):
    return [found.detach(), *torch.autograd.grad((found * weights).sum(), (plane, positions))]


def true_outcome(plane, positions, weights, edge):
    plane, positions = (part.detach().double().requires_grad_() for part in (plane, positions))
    grid = (positions * (2 / edge))[:, :, None]
    found = F.grid_sample(plane, grid, padding_mode="border", align_corners=False)[..., 0]
    return outcome(found, plane, positions, weights.double())


def smooth_at(positions, side, edge):
    """Whether a position is away from the centres, where the slope has two values."""
    cells = positions.detach() * side / edge + side / 2 - 0.5
    return ((cells - cells.round()).abs() > 1e-3).all(dim=2)


@pytest.mark.parametrize("edge", [1.1, 2.0])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_has_the_values_and_gradients_of_torchs(threads, size, edge, layout):
    plane, positions, weights = given(*size, edge)
    plane = plane.detach().contiguous(memory_format=layout).requires_grad_()

    features, by_plane, by_positions = outcome(
        look_up(plane, positions, edge), plane, positions, weights
    )

    true = true_outcome(plane, positions, weights, edge)
    torch.testing.assert_close(features.double(), true[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(by_plane.double(), true[1], rtol=1e-4, atol=1e-4)
    smooth = smooth_at(positions, size[2], edge)
    slopes = by_positions.double()[smooth]
    torch.testing.assert_close(slopes, true[2][smooth], rtol=1e-3, atol=1e-3 * size[2])


def test_positions_that_need_no_gradient_get_none():
    plane, positions, weights = given(2, 8, 6, 40, 1.1)

    (look_up(plane, positions.detach()) * weights).sum().backward()
    alone = plane.grad.clone()
    plane.grad = None
    (look_up(plane, positions) * weights).sum().backward()

    assert torch.equal(alone, plane.grad)


def test_a_gradient_that_is_a_view_is_read_as_it_is_meant():
    plane, positions, weights = given(2, 5, 6, 40, 1.1)
    expected = torch.autograd.grad((look_up(plane, positions) * weights).sum(), plane)[0]

    rows = look_up(plane, positions).transpose(1, 2)
    found = torch.autograd.grad((rows * weights.transpose(1, 2)).sum(), plane)[0]

    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("points", [0, 3])
def test_no_points_and_no_samples_are_possible(points):
    plane = torch.rand(0 if points else 2, 3, 4, 4, requires_grad=True)
    positions = torch.rand(len(plane), points, 2)

    found = look_up(plane, positions)
    found.sum().backward()

    assert found.shape == (len(plane), 3, points)
    assert not plane.grad.any()


def test_half_precision_is_read_in_single(monkeypatch):
    plane, positions, weights = given(2, 8, 6, 40, 1.1)
    coarse = plane.detach().bfloat16().requires_grad_()

    found, by_plane, _ = outcome(look_up(coarse, positions), coarse, positions, weights)

    true = true_outcome(coarse, positions, weights, 1.1)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), true[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(by_plane.double(), true[1], rtol=1e-2, atol=2e-2)


def test_meshes_are_read_by_torchs_own(monkeypatch):
    taken = []
    monkeypatch.setattr(module._LookUp, "apply", lambda *given: taken.append(1))
    plane, positions, _ = given(2, 8, 6, 40, 1.1)

    with torch.no_grad():
        look_up(plane, positions)
    look_up(plane.detach(), positions)

    assert not taken
