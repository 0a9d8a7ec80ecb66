"""Where kernels of our own replace torch's operations in training: on a CPU."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn


def trains_on_cpu(*tensors: Tensor) -> bool:
    """Return whether operations on `tensors` are part of a training step on a CPU.

    Not for double precision, which kernels do not have, nor for fake tensors and the compiler,
    which have to see torch's own operations.
    """
    return (
        torch.is_grad_enabled()
        and not torch.compiler.is_compiling()
        and all(type(part) in (Tensor, nn.Parameter) for part in tensors)
        and all(part.device.type == "cpu" for part in tensors)
        and all(part.dtype != torch.float64 for part in tensors)
    )


def in_single(features: Tensor) -> bool:
    """Return whether layers of `features` compute in float32, without autocast."""
    return features.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")


def without_autocast(device: str) -> AbstractContextManager[object]:
    """Return a context without autocasting on `device`; a null context if there is none anyway."""
    on = torch.is_autocast_enabled(device)
    return torch.autocast(device, enabled=False) if on else nullcontext()
