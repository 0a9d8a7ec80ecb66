import numpy as np
import pytest
import torch

from onet_cli.models import torch_points as module
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.spec import ModelSpec
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.field import OccupancyField


@pytest.fixture(params=[1, 2])
def small_chunks(request, monkeypatch):
    """Chunks of 100 points, on one thread and on two."""
    monkeypatch.setattr(module, "CPU_ROWS", 100)
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def random_points(count):
    return np.random.default_rng(0).random((count, 3), dtype=np.float32) - 0.5


def test_chunks_and_threads_give_what_one_decode_gives(small_chunks):
    torch.manual_seed(0)
    network = OccupancyNetwork(ModelSpec("", "convnet", "cbn", 8, 16, image_size=32)).eval()
    code, points = torch.randn(1, 8), random_points(1234)

    logits = OccupancyField(TorchPoints(network.for_code(code)))(points)

    with torch.no_grad():
        expected = network.decode(torch.from_numpy(points)[None], code)[0].numpy()
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_gradients_are_those_of_the_formula(small_chunks):
    points = random_points(777)

    logits, gradients = OccupancyField(TorchPoints(lambda p: (p**2).sum(dim=1) * 3))(points), None
    logits_again, gradients = OccupancyField(
        TorchPoints(lambda p: (p**2).sum(dim=1) * 3)
    ).with_gradient(points)

    np.testing.assert_allclose(logits_again, logits, rtol=1e-6)
    np.testing.assert_allclose(gradients, 6 * points, rtol=1e-5)


def test_float64_points_and_an_empty_set_are_accepted():
    field = OccupancyField(TorchPoints(lambda p: p[:, 0]))

    assert field(np.zeros((0, 3))).shape == (0,)
    assert field(np.full((2, 3), 0.25)).tolist() == [0.25, 0.25]


def test_the_thread_settings_are_as_before_even_after_an_error(small_chunks):
    def fail(points):
        raise RuntimeError("broken")

    before = torch.get_num_threads()

    with pytest.raises(RuntimeError, match="broken"):
        OccupancyField(TorchPoints(fail))(random_points(500))

    assert torch.get_num_threads() == before
