"""Settings of malloc, each in a process of its own."""

import subprocess
import sys

import pytest

FAULTS = """
import resource
from onet_cli import malloc

def faults(size):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        bytearray(size)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

assert malloc.keep_some_freed_memory()
bytearray(2**22)
print(faults(2**22), faults(2**26))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_a_worker_keeps_small_arrays_of_freed_memory_and_returns_large_ones():
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True
    )

    small, large = map(int, done.stdout.split())

    assert small < 20  # one array has 1024 pages
    assert large >= 20 * 16  # 16 384 small pages, or fewer large ones
