"""CachedField while a network trains: how much is left, and what to say when it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from onet_cli.errors import OnetError
from onet_cli.training.config import TrainingConfig


def free_memory(device: torch.device) -> int | None:
    """Return the bytes of memory that can still be had on `device`; None where that is unknown."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu":
        return None
    known = [free for free in (_available(), _left_in_group()) if free is not None]
    return min(known, default=None)


def _available() -> int | None:
    """Return what the system could give without swapping."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:  # no Linux: physical memory is a bound at least
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (ValueError, OSError, AttributeError):
            return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return 1024 * int(sizes[0]) if sizes else None


def _left_in_group() -> int | None:
    """Return what the control group of a container or a batch job leaves."""
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = ((group / f"memory.{name}").read_text() for name in ("max", "current"))
        return max(0, int(limit) - int(used))
    except (OSError, ValueError):  # no group, or no limit: "max"
        return None


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
