"""Settings of the C library's malloc."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
"""Parameters of mallopt(3)."""

_LARGEST = 2**31 - 1
_PAD = 2**28


def keep_freed_memory() -> bool:
    """Make malloc keep freed memory, and return whether this system's malloc supports that.

    Each training step, and each photo of a batch, allocates and frees large arrays of nearly the
    same sizes. By default glibc returns each array to the kernel at once, which zeroes it again,
    page by page, at the next allocation, while other threads wait. See bench/malloc.py.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # a C library other than glibc
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _LARGEST), (_M_TOP_PAD, _PAD))
    return all(mallopt(name, value) == 1 for name, value in settings)
