"""Property tests draw the same examples in each run: a failure is news of a change."""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many processes as cores: with a team of threads in each, threads wait for one another more
    # than they compute. Read when torch is imported, which this is before; commands inherit it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
