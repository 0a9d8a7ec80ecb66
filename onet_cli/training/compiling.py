"""Training steps with torch.compile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from onet_cli.errors import InvalidOptionError

Result = TypeVar("Result")

_COMPILERS = "torch._dynamo", "torch._inductor", "torch._functorch", "triton"
"""Modules of compiler errors."""


def compiled(step: Callable[..., Result]) -> Callable[..., Result]:
    """Compile `step`, a function of tensors that calls a network.

    It is compiled at its first call, which takes half a minute or more, and shares the weights of
    the network. Its backward pass is compiled when first used; see `compiler_errors`.

    The function raises:
        InvalidOptionError: there is no compiler, or torch cannot compile this network.
    """
    fast: Callable[..., Result] = torch.compile(step)

    def call(*arguments: Any) -> Result:
        tensors = (leaf for leaf in tree_leaves(arguments) if isinstance(leaf, Tensor))
        with compiler_errors(next(tensors).device):
            return fast(*arguments)

    return call


@contextmanager
def compiler_errors(device: torch.device) -> Iterator[None]:
    """Convert compiler errors inside the block to OnetErrors with a hint.

    Raises:
        InvalidOptionError: there is no compiler for `device`, or torch cannot compile this network.
    """
    try:
        yield
    except Exception as error:
        if not _is_compilers(error):
            raise
        reason = " ".join(str(error).split("\n\n")[0].split())
        raise InvalidOptionError(f"--compile failed: {reason}", hint=_hint(device)) from error


def _is_compilers(error: BaseException | None) -> bool:
    """Return whether `error` or one of its causes is a compiler error."""
    while error is not None:
        if type(error).__module__.startswith(_COMPILERS):
            return True
        error = error.__cause__
    return False


def _hint(device: torch.device) -> str:
    if device.type == "cpu":
        return "install a C++ compiler, such as g++, or omit --compile"
    if find_spec("triton") is None:
        return "install Triton (pip install triton) for this torch, or omit --compile"
    return "install a C compiler, such as gcc, which Triton needs, or omit --compile"
