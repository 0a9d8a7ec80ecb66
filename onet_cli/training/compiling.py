"""A training step through torch.compile."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch

from onet_cli.errors import InvalidOptionError

Result = TypeVar("Result")


def compiled(step: Callable[..., Result]) -> Callable[..., Result]:
    """Return `step`, a function of tensors that calls a network, compiled.

    It is compiled when first called, for half a minute or more, and trains the weights of
    the network itself.

    The function raises:
        InvalidOptionError: there is no compiler, or torch cannot compile this network.
    """
    fast: Callable[..., Result] = torch.compile(step)

    def call(*arguments: Any) -> Result:
        try:
            return fast(*arguments)
        except torch._dynamo.exc.TorchDynamoException as error:
            reason = " ".join(str(error).split("\n\n")[0].split())
            raise InvalidOptionError(
                f"--compile failed: {reason}",
                hint="install a C++ compiler, such as g++, or leave out --compile",
            ) from error

    return call
