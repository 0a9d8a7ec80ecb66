"""Memory during training: free memory, and errors when it runs out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from onet_cli.errors import OnetError
from onet_cli.training.config import TrainingConfig


def free_memory(device: torch.device) -> int | None:
    """Return the free memory on `device` in bytes, or None if unknown."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu":
        return None
    known = [free for free in (_available(), _left_in_group()) if free is not None]
    return min(known, default=None)


def _available() -> int | None:
    """Return the memory available without swapping."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:  # not Linux: physical memory is an upper bound
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (ValueError, OSError, AttributeError):
            return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return 1024 * int(sizes[0]) if sizes else None


def _left_in_group() -> int | None:
    """Return the remaining memory of the control group of a container or batch job."""
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = ((group / f"memory.{name}").read_text() for name in ("max", "current"))
        return max(0, int(limit) - int(used))
    except (OSError, ValueError):  # no group, or "max": no limit
        return None


@contextmanager
def memory_errors(config: TrainingConfig) -> Iterator[None]:
    """Convert out-of-memory errors inside the block to OnetErrors with a hint.

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
            f"out of memory with batches of {size}",
            hint="lower --batch-size or --points; on a GPU, --precision bf16 nearly halves memory",
        ) from error
