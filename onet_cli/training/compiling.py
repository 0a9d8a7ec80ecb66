"""A network's training step through torch.compile."""

from collections.abc import Callable

import torch
from torch import Tensor

from onet_cli.errors import InvalidOptionError
from onet_cli.models.network import OccupancyNetwork


def compile_network(network: OccupancyNetwork) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a function of images and points that gives the logits of `network`, compiled.

    It is compiled when first called, for half a minute or more, and trains the weights of
    `network` itself.

    The function raises:
        InvalidOptionError: there is no compiler, or torch cannot compile this network.
    """
    compiled = torch.compile(network.forward)

    def logits(images: Tensor, points: Tensor) -> Tensor:
        try:
            return compiled(images, points)
        except torch._dynamo.exc.TorchDynamoException as error:
            reason = " ".join(str(error).split("\n\n")[0].split())
            raise InvalidOptionError(
                f"--compile failed: {reason}",
                hint="install a C++ compiler, such as g++, or leave out --compile",
            ) from error

    return logits
