"""What is asked of the C library's malloc."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
"""Parameters of mallopt(3)."""

_LARGEST = 2**31 - 1
_PAD = 2**28


def keep_freed_memory() -> bool:
    """Let malloc keep what is freed, and return whether this system's malloc can be told so.

    A training step, or a photo among others, allocates and frees large arrays of much the same
    sizes as the one before. By default glibc gives each back to the kernel at once and has it
    zeroed again, page by page, when it is next asked for; and threads wait for each other while the
    kernel does so. See bench/malloc.py.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # a C library other than glibc
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _LARGEST), (_M_TOP_PAD, _PAD))
    return all(mallopt(name, value) == 1 for name, value in settings)
