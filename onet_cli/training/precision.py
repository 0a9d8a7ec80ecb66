"""Numerical precision of training."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from onet_cli.models.processor import has_bfloat16_units
from onet_cli.training.config import Precision

_DTYPES = {"bf16": torch.bfloat16, "16": torch.float16}


def mixed(precision: Precision, device: torch.device) -> torch.autocast:
    """Return the autocast context for `precision` on `device`."""
    # Like Lightning, use bfloat16 on CPUs for half precision.
    dtype = torch.bfloat16 if device.type == "cpu" else _DTYPES.get(precision, torch.bfloat16)
    return torch.autocast(device.type, dtype, enabled=precision in _DTYPES)


def takes_tf32(precision: Precision, device: torch.device) -> bool:
    """Return whether inputs of float32 matrix products are rounded to TF32.

    On a GPU this is several times as fast, and more precise than bfloat16: TF32 has 10 mantissa
    bits, bfloat16 has 7. Convolutions use TF32 by torch's default.
    """
    return precision == "32" and device.type == "cuda"


def slow_precision(precision: Precision, device: torch.device) -> str | None:
    """Return a warning if this processor has no units for half precision, else None."""
    if precision not in _DTYPES or device.type != "cpu" or has_bfloat16_units() is not False:
        return None
    return (
        f"warning: --precision {precision} is emulated on this processor, and slow: use "
        "--precision 32, or auto, which takes the faster one"
    )


@contextmanager
def float32_products(precision: Precision, device: torch.device) -> Iterator[None]:
    """Within the block, use TF32 for float32 matrix products if `takes_tf32`."""
    before = torch.get_float32_matmul_precision()
    if takes_tf32(precision, device):
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
