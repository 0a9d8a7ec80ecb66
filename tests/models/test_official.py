"""Truth: recordings of the original implementation, whose weights follow a formula."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from onet_cli.errors import CheckpointError
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.network import build_network
from onet_cli.models.official import convert_official, translate_name
from onet_cli.models.weights import read_plain_pickle

DATA = Path(__file__).parents[1] / "data"
FACTS = json.loads((DATA / "forward.json").read_text())
RECORDED = np.load(DATA / "forward.npz")
READABLE = ["img_onet", "img_simple", "img_cbatchnorm2"]


def formula(key, shape):
    """The tensor that the recordings used for `key`."""
    n = np.random.default_rng([FACTS["seed"], zlib.crc32(key.encode())]).standard_normal(shape)
    conditional = "gamma" in key or "beta" in key
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if key.endswith("running_var"):
        value = 0.75 + 0.5 * np.abs(n)
    elif key.endswith("running_mean"):
        value = 0.1 * n
    elif len(shape) >= 2:
        scale = (
            0.2 / np.sqrt(np.prod(shape[1:])) if conditional else np.sqrt(2 / np.prod(shape[1:]))
        )
        value = n * scale
    elif "gamma" in key:
        value = 1 + 0.1 * n
    elif key.endswith(".weight"):
        value = 0.5 + 0.05 * n
    else:
        value = 0.1 * n
    return np.asarray(value, np.float32)


def official_state(model):
    facts = FACTS[model]
    keys = facts["keys"] if facts.get("own_encoder") else FACTS["encoder_features"] | facts["keys"]
    return {key: torch.from_numpy(formula(key, tuple(shape))) for key, shape in keys.items()}


def converted(model):
    original = convert_official(official_state(model))
    network = build_network(original.spec)
    network.load_state_dict(original.tensors)
    return network


def images():
    b, channel, i, j = np.ogrid[:2, :3, :224, :224]
    wave = np.sin(0.05 * i * (channel + 1) + 0.031 * j * (b + 1) + b)
    return torch.from_numpy((0.5 + 0.5 * wave).astype(np.float32))


@pytest.mark.parametrize("model", READABLE)
def test_codes_and_logits_are_those_of_the_original(model):
    network = converted(model).eval()
    points = torch.from_numpy(RECORDED["points"])

    with torch.no_grad():
        code = network.encode(images())
        logits = network.decode(points, code)
        single = torch.stack([network.for_code(code[b : b + 1])(points[b]) for b in range(2)])

    np.testing.assert_allclose(code, RECORDED[f"{model}/c"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(logits, RECORDED[f"{model}/logits"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(single, RECORDED[f"{model}/logits"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("model", READABLE)
def test_a_training_step_is_that_of_the_original(model):
    facts, network = FACTS[model], converted(model).train()
    optimizer = torch.optim.Adam(network.parameters(), 1e-4)
    points, occupancy = (torch.from_numpy(RECORDED[name]) for name in ("points", "occ"))

    def loss():
        logits = network(images(), points)
        errors = F.binary_cross_entropy_with_logits(logits, occupancy, reduction="none")
        return errors.sum(dim=1).mean()

    first = loss()
    first.backward()
    norms = {name: parameter.grad.norm() for name, parameter in network.named_parameters()}
    optimizer.step()

    assert first.item() == pytest.approx(facts["train_loss_sum_over_points"], rel=1e-4)
    for key, norm in facts.get("grad_norm", {}).items():
        assert norms[translate_name(key)].item() == pytest.approx(norm, rel=1e-2, abs=1e-3), key
    assert loss().item() == pytest.approx(facts["train_loss_step2"], rel=2e-2)
    # Recorded after both forward passes.
    np.testing.assert_allclose(
        network.encoder.features.bn1.running_var,
        RECORDED[f"{model}/after_step/encoder.features.bn1.running_var"],
        rtol=1e-3,  # processors sum in different orders, by up to 3e-4
    )


def test_the_network_has_as_many_parameters_as_the_original():
    for model in READABLE:
        count = sum(parameter.numel() for parameter in converted(model).parameters())
        assert count == FACTS[model]["n_params"]


def test_the_legacy_layout_of_the_conditional_norm_is_read():
    original = convert_official(official_state("img_onet_legacy"))

    network = build_network(original.spec)
    network.load_state_dict(original.tensors)
    expected = formula("decoder.bn.fc_gamma.weight", (256, 256))
    np.testing.assert_array_equal(network.decoder.bn.gamma.weight.detach(), expected)


def original_norm(features, state, name, code=None):
    """Batch norm in eval mode of `features` (B, H, T), by the original's tensors."""
    bn = f"{name}.bn" if code is not None else name
    mean, variance = (state[f"{bn}.running_{what}"] for what in ("mean", "var"))
    if code is None:
        return F.batch_norm(features, mean, variance, state[f"{bn}.weight"], state[f"{bn}.bias"])
    gamma, beta = (
        F.conv1d(
            code[..., None], state[f"{name}.conv_{kind}.weight"], state[f"{name}.conv_{kind}.bias"]
        )
        for kind in ("gamma", "beta")
    )
    return gamma * F.batch_norm(features, mean, variance) + beta


def original_conv(features, state, name):
    return F.conv1d(features, state[f"{name}.weight"], state[f"{name}.bias"])


def batchnorm_logits(state, code, points):
    net = original_conv(points.transpose(1, 2), state, "decoder.fc_p")
    added = F.linear(code, state["decoder.fc_c.weight"], state["decoder.fc_c.bias"])
    net = net + added[..., None]
    for k in range(5):
        block = f"decoder.block{k}"
        change = original_norm(net, state, f"{block}.bn_0").relu()
        change = original_conv(change, state, f"{block}.fc_0")
        change = original_norm(change, state, f"{block}.bn_1").relu()
        net = net + original_conv(change, state, f"{block}.fc_1")
    net = original_norm(net, state, "decoder.bn").relu()
    return original_conv(net, state, "decoder.fc_out")[:, 0]


def noresnet_logits(state, code, points):
    net = original_conv(points.transpose(1, 2), state, "decoder.fc_p")
    for k in range(5):
        net = original_norm(net, state, f"decoder.bn_{k}", code).relu()
        net = original_conv(net, state, f"decoder.fc_{k}")
    net = original_norm(net, state, "decoder.bn_5", code).relu()
    return original_conv(net, state, "decoder.fc_out")[:, 0]


@pytest.mark.parametrize(
    ("model", "twin", "decoder"),
    [
        ("img_batchnorm", batchnorm_logits, "batchnorm"),
        ("img_cbatchnorm_noresnet", noresnet_logits, "cbn-noresnet"),
    ],
)
def test_decoders_without_recorded_logits_agree_with_their_definition(model, twin, decoder):
    network = converted(model).eval()
    assert network.spec.decoder == decoder
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == FACTS[model]["n_params"]
    points = torch.from_numpy(RECORDED["points"])

    with torch.no_grad():
        code = torch.randn((2, 256), generator=torch.Generator().manual_seed(0))
        expected = twin(official_state(model), code, points)
        logits = network.decode(points, code)
        single = torch.stack([network.for_code(code[b : b + 1])(points[b]) for b in range(2)])

    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-4)


def test_the_convolutional_encoder_takes_the_pictures_that_the_original_took():
    state = official_state("img_onet_simple_conv")
    network = converted("img_onet_simple_conv").eval()
    assert sum(parameter.numel() for parameter in network.parameters()) == 3806529
    net = images()  # not normalised there
    for k in range(5):
        conv = f"encoder.conv{k}"
        net = F.conv2d(
            net if k == 0 else net.relu(), state[f"{conv}.weight"], state[f"{conv}.bias"], 2
        )
    net = net.flatten(2).mean(dim=2).relu()
    expected = F.linear(net, state["encoder.fc_out.weight"], state["encoder.fc_out.bias"])

    with torch.no_grad():
        np.testing.assert_allclose(network.encode(images()), expected, rtol=1e-4, atol=1e-4)


def test_another_encoder_of_the_original_is_refused():
    state = official_state("img_onet")
    for name in [name for name in state if name.startswith("encoder.")]:
        state[name.replace("encoder.", "encoder.pointnet.")] = state.pop(name)

    with pytest.raises(CheckpointError, match="does not have"):
        convert_official(state)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pt_file_is_accepted_wherever_a_checkpoint_is(tmp_path, zipped):
    path = tmp_path / "model_best.pt"
    content = {
        "model": official_state("img_simple"),
        "it": 1234,
        "epoch_it": 5,
        "loss_val_best": np.float64(0.5),
    }
    torch.save(content, path, _use_new_zipfile_serialization=zipped)

    loaded = load_checkpoint(path, "cpu")

    assert (loaded.info.step, loaded.info.threshold) == (1234, 0.2)
    points = torch.from_numpy(RECORDED["points"])
    with torch.no_grad():
        logits = loaded.network(images(), points)
    np.testing.assert_allclose(logits, RECORDED["img_simple/logits"], rtol=0, atol=1e-4)


def test_a_file_with_a_numpy_scalar_of_the_original_is_read():
    content = read_plain_pickle(DATA / "tiny_zip.pt")

    expected = np.load(DATA / "tiny_checkpoint.npz")
    assert set(content) == {"epoch_it", "it", "loss_val_best", "model", "optimizer"}
    for name, tensor in content["model"].items():
        np.testing.assert_array_equal(tensor, expected[f"model/{name}"])


def test_a_network_without_an_image_encoder_is_refused():
    with pytest.raises(CheckpointError, match="does not have"):
        load_checkpoint(DATA / "tiny_zip.pt", "cpu")


def test_a_dictionary_of_other_things_is_no_network(tmp_path):
    torch.save({"model": {1: "one"}}, tmp_path / "odd.pt")

    with pytest.raises(CheckpointError, match="holds no network"):
        load_checkpoint(tmp_path / "odd.pt", "cpu")


def test_a_damaged_pt_file_is_refused(tmp_path):
    path = tmp_path / "half.pt"
    data = (DATA / "tiny_zip.pt").read_bytes()
    path.write_bytes(data[: len(data) // 2])

    with pytest.raises(CheckpointError, match=r"half.pt: the file is damaged"):
        load_checkpoint(path, "cpu")


class Reduced:
    """Pickles as a call of `function`, with a state for what it returns."""

    def __init__(self, function, arguments, state=None):
        self.how = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.how


HOSTILE = {
    "a dtype with the state of a structure": Reduced(
        np.dtype, ("f8",), (3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 2**31 - 1, 1, 63)
    ),
    "a dtype with an odd state": Reduced(np.dtype, ("f8",), ([], None)),
    "a scalar of no kind": Reduced(np.float64(0).__reduce__()[0], (3, b"12345678")),
    "a scalar with too few bytes": Reduced(np.float64(0).__reduce__()[0], (np.dtype("f8"), b"123")),
    "a scalar of objects": Reduced(
        np.float64(0).__reduce__()[0], (Reduced(np.dtype, ("O",)), b"12345678")
    ),
    "an array": np.zeros(3),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_pickle_makes_no_numpy_object(tmp_path, name):
    path = tmp_path / "hostile.pt"
    torch.save({"model": {}, "loss": HOSTILE[name]}, path)

    try:
        content = read_plain_pickle(path)
    except CheckpointError:
        return
    assert not type(content["loss"]).__module__.startswith("numpy")


@pytest.mark.parametrize(
    "number", [np.float64(0.25), np.float32(0.25), np.float16(0.25), np.int64(3)]
)
def test_numpy_scalars_come_back_as_plain_numbers(tmp_path, number):
    path = tmp_path / "scalar.pt"
    torch.save({"loss": number}, path)

    back = read_plain_pickle(path)["loss"]

    assert type(back).__module__ == "builtins"
    assert back == number


@pytest.mark.parametrize("lacking", ["encoder.fc.weight", "decoder.fc_p.weight"])
def test_a_network_without_its_layers_is_refused(tmp_path, lacking):
    state = official_state("img_onet")
    own = next(name for name in state if translate_name(name) == lacking)
    del state[own]
    path = tmp_path / "part.pt"
    torch.save({"model": state}, path)

    with pytest.raises(CheckpointError):
        load_checkpoint(path, "cpu")
