"""Networks of any specification with weights near, but not at, their special initial values."""

import torch

from onet_cli.models.network import OccupancyNetwork, build_network
from onet_cli.models.spec import ModelSpec


def lively_network(spec: ModelSpec) -> OccupancyNetwork:
    """A network of `spec` in eval mode whose every layer has an effect."""
    network = build_network(spec, seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.decoder.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=generator)
        for name, buffer in network.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer += 0.5 * torch.rand(buffer.shape, generator=generator)
    return network.eval()
