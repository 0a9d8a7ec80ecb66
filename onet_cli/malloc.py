"""Settings of the C library's malloc."""

import ctypes
import sys
from collections.abc import Iterable

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -2, -3, -4
"""Parameters of mallopt(3)."""

_LARGEST = 2**31 - 1
_PAD = 2**28
_SOME, _SMALL = 2**26, 2**25


def keep_freed_memory() -> bool:
    """Make malloc keep freed memory, and return whether this system's malloc supports that.

    Each training step, and each photo of a batch, allocates and frees large arrays of nearly the
    same sizes. By default glibc returns each array to the kernel at once, which zeroes it again,
    page by page, at the next allocation, while other threads wait. See bench/malloc.py.
    """
    return _set(((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _LARGEST), (_M_TOP_PAD, _PAD)))


def keep_some_freed_memory() -> bool:
    """Make malloc keep at most 64 MiB of freed memory; otherwise as `keep_freed_memory`.

    For a worker whose tasks differ in size: arrays above 32 MiB are returned to the kernel.
    """
    return _set(((_M_MMAP_THRESHOLD, _SMALL), (_M_TRIM_THRESHOLD, _SOME)))


def _set(settings: Iterable[tuple[int, int]]) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # a C library other than glibc
        return False
    return all(mallopt(name, value) == 1 for name, value in settings)
