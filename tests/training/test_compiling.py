import copy
import shutil

import pytest
import torch

from onet_cli.errors import InvalidOptionError
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.training import compiling
from onet_cli.training.compiling import compiled as compile_step
from onet_cli.training.compiling import compiler_errors
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.run import train_network

TINY = ModelSpec("tiny", "convnet", "cbn", code_dim=16, hidden_dim=16, image_size=32)


@pytest.fixture
def fresh_compiler():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


class TritonMissingError(Exception):
    """As torch's own, which is found by where it is defined."""

    __module__ = "torch._inductor.exc"


@pytest.mark.parametrize(
    ("device", "triton", "hint"),
    [("cpu", None, "g++"), ("cuda", None, "pip install triton"), ("cuda", object(), "gcc")],
)
def test_what_a_compiler_lacks_is_what_the_device_needs(monkeypatch, device, triton, hint):
    monkeypatch.setattr(compiling, "find_spec", lambda name: triton)

    missing = pytest.raises(InvalidOptionError, match="--compile failed: no Triton")
    with missing as error, compiler_errors(torch.device(device)):
        raise TritonMissingError("no Triton")

    assert hint in error.value.hint


def test_errors_of_the_network_are_no_compilers():
    with pytest.raises(RuntimeError, match="do not fit"), compiler_errors(torch.device("cpu")):
        raise RuntimeError("shapes do not fit")


@pytest.mark.slow
def test_a_compiler_that_fails_on_the_way_back_only_says_so_too(
    balls, tmp_path, monkeypatch, fresh_compiler
):
    from torch._dynamo.backends.common import aot_autograd
    from torch._inductor.exc import CppCompileError

    def fail(graph, inputs):
        raise CppCompileError(["no-such-compiler"], "nothing")

    broken = aot_autograd(fw_compiler=lambda graph, inputs: graph.forward, bw_compiler=fail)
    plain = torch.compile
    monkeypatch.setattr(torch, "compile", lambda step: plain(step, backend=broken))
    config = TrainingConfig(Budget(steps=2), batch_size=4, points=16, workers=0, compile=True)

    with pytest.raises(InvalidOptionError, match=r"--compile failed: C\+\+ compile error"):
        train_network(
            balls, tmp_path, build_network(TINY, seed=0), config, hardware=Hardware("cpu")
        )


@pytest.mark.slow
def test_without_a_compiler_it_says_so(fresh_compiler):
    from torch._inductor import config

    logits = compile_step(build_network(TINY, seed=0).train().forward)
    missing = {"cpp.cxx": (None, "no-such-compiler"), "force_disable_caches": True}

    with config.patch(missing), pytest.raises(InvalidOptionError, match="no-such-compiler"):
        logits(torch.rand(2, 3, 32, 32), torch.rand(2, 64, 3))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="compiling needs g++")
def test_a_compiled_step_has_the_gradients_of_the_network(fresh_compiler):
    network = build_network(TINY, seed=0).train()
    twin = copy.deepcopy(network).double()
    images, points = torch.rand(4, 3, 32, 32), torch.rand(4, 64, 3) - 0.5

    compile_step(network.forward)(images, points).square().sum().backward()
    twin(images.double(), points.double()).square().sum().backward()

    for (name, made), true in zip(network.named_parameters(), twin.parameters(), strict=True):
        assert made.grad is not None, name
        torch.testing.assert_close(made.grad.double(), true.grad, rtol=1e-2, atol=5e-4)
    for made, true in zip(network.buffers(), twin.buffers(), strict=True):
        torch.testing.assert_close(made.double(), true.double(), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="compiling needs g++")
def test_a_compiled_run_learns_what_a_plain_one_does(balls, tmp_path, fresh_compiler):
    def train(name, compiled):
        config = TrainingConfig(
            Budget(steps=8), batch_size=4, points=256, workers=0, compile=compiled
        )
        network = build_network(TINY, seed=0)
        result = train_network(balls, tmp_path / name, network, config, hardware=Hardware("cpu"))
        return result.best_iou, network.state_dict()

    (plain_iou, plain), (iou, compiled) = train("plain", False), train("compiled", True)

    assert list(compiled) == list(plain)
    assert iou == pytest.approx(plain_iou, abs=0.02)
