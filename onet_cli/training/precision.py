"""In how many bits a network is trained."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from onet_cli.models.processor import has_bfloat16_units
from onet_cli.training.config import Precision

_DTYPES = {"bf16": torch.bfloat16, "16": torch.float16}


def mixed(precision: Precision, device: torch.device) -> torch.autocast:
    """Return the block in which a network's step computes in `precision` on `device`."""
    # Lightning takes bfloat16 on CPUs too where half precision is asked for.
    dtype = torch.bfloat16 if device.type == "cpu" else _DTYPES.get(precision, torch.bfloat16)
    return torch.autocast(device.type, dtype, enabled=precision in _DTYPES)


def takes_tf32(precision: Precision, device: torch.device) -> bool:
    """Return whether products of float32 matrices are to be rounded to TF32 on the way in.

    On a GPU they are several times as fast then, and nearer to float32 than bfloat16 is: TF32 has
    10 bits behind the point, bfloat16 7. Convolutions are so anyway, by torch's own default.
    """
    return precision == "32" and device.type == "cuda"


def slow_precision(precision: Precision, device: torch.device) -> str | None:
    """Return a warning where this processor has no units for half precision, else None."""
    if precision not in _DTYPES or device.type != "cpu" or has_bfloat16_units() is not False:
        return None
    return (
        f"warning: --precision {precision} is emulated on this processor, and slow: use "
        "--precision 32, or auto, which takes the faster one"
    )


@contextmanager
def float32_products(precision: Precision, device: torch.device) -> Iterator[None]:
    """Let products of float32 matrices inside the block be as `takes_tf32` says."""
    before = torch.get_float32_matmul_precision()
    if takes_tf32(precision, device):
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
