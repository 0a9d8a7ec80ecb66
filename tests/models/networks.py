"""Small networks with weights far from their special initial values."""

import torch

from onet_cli.models.network import OccupancyNetwork, build_network
from onet_cli.models.spec import ModelSpec

IMAGE_SIZE = 32


MAPS = 32 * 56 * 56 + 41 + 2
"""Numbers of a code of maps beside the cells."""


def tiny_spec(encoder=None, decoder="cbn", **changes):
    if decoder == "aligned":
        own = {"code_dim": 2 * 49 + MAPS, "hidden_dim": 32, "image_size": 64, "frame": "picture"}
        return ModelSpec("tiny", encoder or "convnet-maps", decoder, **{**own, **changes})
    encoder = encoder or "convnet"
    cells = encoder == "convnet-map" or decoder == "attention"
    code_dim = 2 * 49 if cells else 8
    size = 2 * IMAGE_SIZE if encoder == "simple-conv" else IMAGE_SIZE
    settings = {"code_dim": code_dim, "hidden_dim": 16, "image_size": size, **changes}
    return ModelSpec("tiny", encoder, decoder, **settings)


def tiny_network(encoder=None, decoder="cbn", **changes) -> OccupancyNetwork:
    """A network in eval mode. Zero layers and untouched statistics would hide mistakes."""
    network = build_network(tiny_spec(encoder, decoder, **changes), seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.startswith("decoder."):
                parameter += 0.2 * torch.randn(parameter.shape, generator=generator)
        for name, buffer in network.decoder.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer += torch.rand(buffer.shape, generator=generator)
    return network.eval()


def inputs(batch=2, count=7, size=IMAGE_SIZE):
    """Images (B, 3, S, S) in [0, 1] and points (B, T, 3) in the sampled cube."""
    generator = torch.Generator().manual_seed(2)
    images = torch.rand((batch, 3, size, size), generator=generator)
    points = 1.1 * (torch.rand((batch, count, 3), generator=generator) - 0.5)
    return images, points
