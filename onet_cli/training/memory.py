"""Memory while a network trains: how the C library keeps it, and what to say when it ends."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from onet_cli.errors import OnetError
from onet_cli.training.config import TrainingConfig

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
"""Parameters of mallopt(3)."""

_LARGEST = 2**31 - 1
_PAD = 2**28


def keep_freed_memory() -> bool:
    """Let malloc keep what is freed, and return whether this system's malloc can be told so.

    Every step allocates and frees the same large tensors. By default glibc gives each back to the
    kernel at once and has it zeroed again, page by page, in the next step; see bench/malloc.py.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # a C library other than glibc
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _LARGEST), (_M_TOP_PAD, _PAD))
    return all(mallopt(name, value) == 1 for name, value in settings)


@contextmanager
def memory_errors(config: TrainingConfig) -> Iterator[None]:
    """Turn "out of memory" inside the block into an error that names the options to lower.

    Raises:
        OnetError: memory ran out, on the CPU or on a GPU.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not isinstance(error, MemoryError | torch.OutOfMemoryError) and not any(
            words in str(error) for words in ("out of memory", "can't allocate memory")
        ):
            raise
        size = f"{config.batch_size} x {config.points} points"
        raise OnetError(
            f"there is not enough memory for batches of {size}",
            hint="lower --batch-size or --points; on a GPU, --precision bf16 halves most of it",
        ) from error
