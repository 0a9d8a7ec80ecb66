"""Checkpoints of project noisypixel: names, shapes and forward pass of its published source."""

import sys
import types

import numpy as np
import pytest
import torch
from efficientnet_pytorch import EfficientNet
from torch import nn
from torch.nn import functional as F

from onet_cli.errors import CheckpointError
from onet_cli.models.checkpoint import load_checkpoint, read_info
from onet_cli.models.encoders.resnet import ResidualBlock, ResNetFeatures

CODE, HIDDEN, POINT = 8, 16, 3
MEAN, DEVIATION = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def filled(shape, seed, scale=0.3):
    values = np.random.default_rng(seed).standard_normal(shape) * scale
    return torch.from_numpy(np.asarray(values, np.float32))


def decoder_tensors(kind):
    """The tensors of its decoder by name, as its layers are declared."""
    shapes = {"fc_p.weight": (HIDDEN, POINT), "fc_p.bias": (HIDDEN,)}
    if kind == "fc":
        shapes |= {"fc_c.weight": (HIDDEN, CODE), "fc_c.bias": (HIDDEN,)}
        for block in range(5):
            for layer in ("fc_0", "fc_1"):
                shapes[f"blocks.{block}.{layer}.weight"] = (HIDDEN, HIDDEN)
                shapes[f"blocks.{block}.{layer}.bias"] = (HIDDEN,)
        shapes |= {"fc.weight": (1, HIDDEN), "fc.bias": (1,)}
    else:
        shapes["fc_p.weight"] = (HIDDEN, POINT, 1)
        norms = [f"block{block}.batchnorm_{norm}" for block in range(1, 6) for norm in (0, 1)]
        for norm in [*norms, "bn"]:
            for half in ("gamma", "beta"):
                shapes |= {
                    f"{norm}.{half}.weight": (HIDDEN, CODE),
                    f"{norm}.{half}.bias": (HIDDEN,),
                }
            for statistic in ("running_mean", "running_var"):
                shapes[f"{norm}.batchnorm.{statistic}"] = (HIDDEN,)
        for block in range(1, 6):
            for layer in ("fc_0", "fc_1"):
                shapes[f"block{block}.{layer}.weight"] = (HIDDEN, HIDDEN, 1)
                shapes[f"block{block}.{layer}.bias"] = (HIDDEN,)
        shapes |= {"fc_out.weight": (1, HIDDEN, 1), "fc_out.bias": (1,)}
    tensors = {name: filled(shape, seed) for seed, (name, shape) in enumerate(shapes.items())}
    for name in tensors:
        if name.endswith("running_var"):
            tensors[name] = tensors[name].abs() + 0.5
    counts = [name.replace("running_var", "num_batches_tracked") for name in tensors]
    return tensors | {name: torch.tensor(7) for name in counts if name.endswith("tracked")}


def decode(kind, tensors, points, code):
    """Its forward pass, layer by layer."""
    if kind == "fc":
        enc = F.linear(points, tensors["fc_p.weight"], tensors["fc_p.bias"])
        enc = enc + F.linear(code, tensors["fc_c.weight"], tensors["fc_c.bias"]).unsqueeze(1)
        for block in range(5):
            layer = f"blocks.{block}.fc_1."  # what fc_0 gives is dropped there
            enc = enc + F.relu(F.linear(enc, tensors[layer + "weight"], tensors[layer + "bias"]))
        return F.linear(F.relu(enc), tensors["fc.weight"], tensors["fc.bias"]).squeeze(-1)

    def norm(name, x):
        gamma, beta = (
            F.linear(code, tensors[f"{name}.{half}.weight"], tensors[f"{name}.{half}.bias"])
            for half in ("gamma", "beta")
        )
        mean, var = (tensors[f"{name}.batchnorm.running_{one}"] for one in ("mean", "var"))
        return gamma[..., None] * F.batch_norm(x, mean, var) + beta[..., None]

    def conv(name, x):
        return F.conv1d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    enc = conv("fc_p", points.transpose(1, 2))
    for block in (f"block{number}" for number in range(1, 6)):
        out = conv(f"{block}.fc_0", F.relu(norm(f"{block}.batchnorm_0", enc)))
        enc = enc + conv(f"{block}.fc_1", F.relu(norm(f"{block}.batchnorm_1", out)))
    return conv("fc_out", F.relu(norm("bn", enc))).squeeze(1)


def make_encoder(name):
    """Its encoder, in eval mode, with statistics that are not those of a new one."""
    torch.manual_seed(0)
    encoder = nn.Module()
    if name == "resnet18":
        encoder.features, encoder.fc = ResNetFeatures(ResidualBlock, (2, 2, 2, 2)), None
        encoder.fc = nn.Linear(512, CODE)
        run = lambda x: encoder.fc(encoder.features(x))  # noqa: E731
    else:
        encoder.features = EfficientNet.from_name(name, num_classes=CODE)
        run = encoder.features
    return encoder.eval(), run


def write_checkpoint(path, encoder, decoder):
    """A file as Lightning 1.2 wrote it, which keeps callbacks by their class."""
    state = {f"net.encoder.{name}": tensor for name, tensor in encoder.state_dict().items()}
    state |= {f"net.decoder.{name}": tensor for name, tensor in decoder.items()}
    module = types.ModuleType("pytorch_lightning.callbacks.model_checkpoint")
    callback = type("ModelCheckpoint", (), {"__module__": module.__name__})
    module.ModelCheckpoint = callback
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        facts = {"monitor": "val_loss", "best_model_score": torch.tensor(0.3)}
        content = {"epoch": 3, "global_step": 1234, "pytorch-lightning_version": "1.2.8"}
        torch.save(content | {"callbacks": {callback: facts}, "state_dict": state}, path)
    finally:
        del sys.modules[module.__name__]
        if before is not None:
            sys.modules[module.__name__] = before


@pytest.mark.parametrize("kind", ["fc", "cbn"])
@pytest.mark.parametrize("name", ["resnet18", "efficientnet-b0"])
def test_a_checkpoint_answers_as_the_published_source_does(name, kind, tmp_path):
    encoder, run = make_encoder(name)
    decoder = decoder_tensors(kind)
    write_checkpoint(tmp_path / "epoch=3.ckpt", encoder, decoder)
    images, points = torch.rand(2, 3, 64, 64), torch.rand(2, 50, 3) - 0.5

    loaded = load_checkpoint(tmp_path / "epoch=3.ckpt", "cpu")

    assert (loaded.info.spec.encoder, loaded.info.step) == (name, 1234)
    assert (loaded.info.threshold, loaded.info.spec.image_size) == (0.2, 137)
    with torch.no_grad():
        # Its loader normalises the images.
        mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
        code = run((images - mean) / deviation)
        torch.testing.assert_close(loaded.network.encode(images), code, rtol=1e-4, atol=1e-4)
        logits = loaded.network.decode(points, code)
        expected = decode(kind, decoder, points, code)
    assert expected.std() > 0.01
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)


def test_the_size_of_an_encoder_follows_from_its_blocks(tmp_path):
    encoder, _ = make_encoder("efficientnet-b1")
    write_checkpoint(tmp_path / "b1.ckpt", encoder, decoder_tensors("fc"))

    assert read_info(tmp_path / "b1.ckpt").spec.encoder == "efficientnet-b1"


def test_a_checkpoint_of_another_project_is_not_read(tmp_path):
    torch.save({"state_dict": {"network.x": torch.zeros(1)}}, tmp_path / "last.ckpt")

    with pytest.raises(CheckpointError, match="resume"):
        load_checkpoint(tmp_path / "last.ckpt", "cpu")


def test_a_checkpoint_that_lacks_its_encoder_is_refused(tmp_path):
    state = {f"net.decoder.{name}": tensor for name, tensor in decoder_tensors("fc").items()}
    torch.save({"state_dict": state}, tmp_path / "half.ckpt")

    with pytest.raises(CheckpointError, match="incomplete"):
        load_checkpoint(tmp_path / "half.ckpt", "cpu")
