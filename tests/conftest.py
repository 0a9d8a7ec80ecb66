"""Property tests draw the same examples in each run: a failure is news of a change.

No test goes to the network, nor does a process that it starts.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import settings

# From here on sockets are watched; a worker of pytest-xdist has watched them from its start.
WATCH = "tests.offline.sitecustomize"
if hasattr(sys.modules.get("sitecustomize"), "NetworkUsed"):
    sys.modules[WATCH] = sys.modules["sitecustomize"]
else:
    import_module(WATCH)

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many processes as cores: with a team of threads in each, threads wait for one another more
    # than they compute. Read when torch is imported, which this is before; commands inherit it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

OFFLINE = str(Path(__file__).parent / "offline")
os.environ["PYTHONPATH"] = os.pathsep.join([OFFLINE, *filter(None, [os.environ.get("PYTHONPATH")])])


@pytest.fixture(autouse=True)
def _folders_are_searched(monkeypatch):
    """Search folders each time, also after a test that did in this process what workers do."""
    monkeypatch.setattr("onet_cli.files._searched", None)
