"""Asynchronous transfer of tensors from the CPU to a device."""

import torch
from torch import Tensor


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy a CPU `tensor` to `device`.

    The copy to a GPU is asynchronous, which requires pinned memory.
    """
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
