import subprocess
import sys

import pytest
import torch

from onet_cli.errors import InvalidOptionError, UnknownNameError
from onet_cli.models.catalogue import MODELS, find_model
from onet_cli.models.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from onet_cli.models.network import build_network, count_parameters, decoder_flops_per_point
from onet_cli.models.registry import DECODERS, ENCODERS, Registry, frame_of
from tests.models.networks import inputs, tiny_network, tiny_spec

# Other tests register parts of their own, which are not what this file is about.
OWN_ENCODERS, OWN_DECODERS = (
    [name for name in registry.names() if not name.startswith("test-")]
    for registry in (ENCODERS, DECODERS)
)

LARGER = {f"efficientnet-b{size}" for size in range(1, 9)} | {"resnet50"}


def is_slow(encoder, decoder):
    """Of networks that differ in their size alone, the smallest is enough most of the time."""
    return encoder in LARGER and (encoder, decoder) != ("resnet50", "cbn")


PAIRS = [
    pytest.param(encoder, decoder, marks=[pytest.mark.slow] if is_slow(encoder, decoder) else [])
    for encoder in OWN_ENCODERS
    for decoder in OWN_DECODERS
    if frame_of(ENCODERS, encoder) == frame_of(DECODERS, decoder)
]


@pytest.mark.parametrize(("encoder", "decoder"), PAIRS)
def test_every_pair_builds_runs_and_gives_the_same_logits_after_saving(encoder, decoder, tmp_path):
    network = tiny_network(encoder, decoder)
    images, points = inputs(size=network.spec.image_size)
    path = tmp_path / "network.safetensors"

    save_checkpoint(path, network, CheckpointInfo(network.spec))
    loaded = load_checkpoint(path, "cpu").network

    with torch.no_grad():
        logits = network(images, points)
        assert logits.shape == (2, 7)
        assert logits.std() > 0
        # Where weights lie in memory decides on some processors how sums are rounded.
        torch.testing.assert_close(loaded(images, points), logits, rtol=1e-4, atol=1e-5)
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


@pytest.mark.parametrize("decoder", OWN_DECODERS)
def test_for_code_agrees_with_decode_in_eval_mode(decoder):
    network = tiny_network(decoder=decoder)
    images, points = inputs(batch=3, count=500, size=network.spec.image_size)

    with torch.no_grad():
        codes = network.encode(images)
        expected = network.decode(points, codes)
        single = [network.for_code(codes[i : i + 1])(points[i]) for i in range(3)]

    torch.testing.assert_close(torch.stack(single), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("decoder", OWN_DECODERS)
def test_the_gradient_of_for_code_by_the_points_is_that_of_decode(decoder):
    network = tiny_network(decoder=decoder)
    images, points = inputs(batch=1, count=50, size=network.spec.image_size)
    points.requires_grad_()
    code = network.encode(images).detach()

    (expected,) = torch.autograd.grad(network.decode(points, code).sum(), points)
    (gradient,) = torch.autograd.grad(network.for_code(code)(points[0]).sum(), points)

    torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("decoder", OWN_DECODERS)
def test_for_code_keeps_the_weights_it_was_made_with(decoder):
    network = tiny_network(decoder=decoder)
    images, points = inputs(batch=1, size=network.spec.image_size)
    with torch.no_grad():
        decode = network.for_code(network.encode(images))
        before = decode(points[0])

        for parameter in network.parameters():
            parameter.zero_()

        torch.testing.assert_close(decode(points[0]), before, rtol=0, atol=0)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("decoder", OWN_DECODERS)
def test_a_few_steps_of_training_lower_the_loss(decoder, precision):
    network = build_network(tiny_network(decoder=decoder).spec, seed=3).train()
    images, points = inputs(batch=4, count=64, size=network.spec.image_size)
    inside = (points.norm(dim=-1) < 0.4).float()
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)

    losses = []
    for _ in range(8):
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            logits = network(images, points)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), inside)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    assert losses[-1] < 0.9 * losses[0]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize(("encoder", "decoder"), [("convnet", "aligned"), ("lite0-maps", "cbn")])
def test_parts_of_different_frames_are_refused(encoder, decoder):
    with pytest.raises(InvalidOptionError, match="frame"):
        build_network(tiny_spec(encoder, decoder))


def test_a_misspelt_encoder_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="no encoder is named 'resnet81'") as caught:
        ENCODERS.get("resnet81")

    assert caught.value.hint == "did you mean 'resnet18'?"


def test_a_misspelt_model_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError) as caught:
        find_model("onet-smal")

    assert caught.value.hint == "did you mean 'onet-small'?"


def test_a_name_cannot_be_registered_twice():
    registry = Registry("thing", "onet_cli.models", "onet.things")
    registry.register("one")(int)

    with pytest.raises(ValueError, match="twice"):
        registry.register("one")(int)


@pytest.mark.parametrize("spec", MODELS.values(), ids=list(MODELS))
def test_the_parameter_count_of_every_named_model_is_that_of_its_network(spec):
    network = build_network(spec)

    count = count_parameters(spec)

    assert count.encoder == sum(p.numel() for p in network.encoder.parameters())
    assert count.total == sum(p.numel() for p in network.parameters())


def test_the_paper_decoder_costs_what_its_matrices_cost():
    # 3 x 256 in, ten of 256 x 256, 256 x 1 out; a multiply-add is two operations.
    assert decoder_flops_per_point(MODELS["onet"]) == 2 * (3 * 256 + 10 * 256**2 + 256)


def test_the_small_model_fits_a_package_in_half_precision():
    assert count_parameters(MODELS["onet-small"]).total <= 7_000_000


def test_the_catalogue_is_read_without_torch():
    program = (
        "import sys, onet_cli.models.catalogue, onet_cli.models.registry\n"
        "sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
