"""Threads on which a model computes."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from onet_cli.cores import available_cores


class Workers(Protocol):
    """Threads for work in parallel: several photos, or several chunks of a photo's points."""

    @property
    def threads(self) -> int:
        """The number of threads that the calling thread may use; 1 in a thread of `pool`."""

    def pool(self, threads: int) -> AbstractContextManager[ThreadPoolExecutor]:
        """Return a pool of threads, each of which computes alone."""


class PlainWorkers:
    """Threads of kernels and libraries that release Python's lock and start no threads."""

    _inside = threading.local()

    @property
    def threads(self) -> int:
        """The number of cores, or OMP_NUM_THREADS; 1 in a thread of `pool`."""
        return 1 if getattr(self._inside, "yes", False) else usable_threads()

    @contextmanager
    def pool(self, threads: int) -> Iterator[ThreadPoolExecutor]:
        """Yield a pool of threads, each of which computes alone."""
        with ThreadPoolExecutor(threads, initializer=self._enter) as pool:
            yield pool

    @classmethod
    def _enter(cls) -> None:
        cls._inside.yes = True


def usable_threads() -> int:
    """Return the number of threads to use: OMP_NUM_THREADS, or the cores of this process."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return available_cores()
