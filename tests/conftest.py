"""Property tests draw the same examples in each run: a failure is news of a change.

No test goes to the network, nor does a process that it starts.
"""

import os
from pathlib import Path

from hypothesis import settings

import tests.offline.sitecustomize  # noqa: F401 - from here on, sockets are watched

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many processes as cores: with a team of threads in each, threads wait for one another more
    # than they compute. Read when torch is imported, which this is before; commands inherit it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

OFFLINE = str(Path(__file__).parent / "offline")
os.environ["PYTHONPATH"] = os.pathsep.join([OFFLINE, *filter(None, [os.environ.get("PYTHONPATH")])])
