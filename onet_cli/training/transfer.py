"""From the CPU to where a network computes, without waiting."""

import torch
from torch import Tensor


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """Return `tensor`, which lies on the CPU, on `device`.

    The copy to a GPU is queued behind what the GPU still computes, and the CPU goes on at once. For
    that it has to lie in memory that the GPU can read by itself.
    """
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
