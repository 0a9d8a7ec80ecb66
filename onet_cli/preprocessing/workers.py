"""Conversion of shapes in this process or in worker processes, robust to their death."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from types import FrameType

import numpy as np

from onet_cli.errors import InvalidGeometryError, OnetError
from onet_cli.preprocessing.sources.source import Source
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore

Outcome = tuple[ShapeId, str | None]
"""A shape and the reason for skipping it, or None if it was stored."""

OVERTIME = "it exceeds the {:g} s of --shape-timeout"

OVERSIZE = "it exceeds the {:g} GB of --shape-memory"

KILLED = "its worker process was killed, probably because it ran out of memory"

_TASKS_PER_WORKER = 4
_MOST_KILLED = 8
"""After this many consecutive shapes that each kill a process, the cause is not the shapes."""


@dataclass(frozen=True)
class Converter:
    """Converts shapes from a source to a store; pickled for worker processes."""

    store: ShapeStore
    seed: int
    timeout_s: float = 0.0
    memory_gb: float = 0.0

    def __call__(self, source: Source, shape_id: ShapeId) -> Outcome:
        """Convert one shape and return the outcome.

        Raises:
            StoreError: the store cannot be written.
        """
        try:
            with _interrupting(self.timeout_s), limited_memory(self.memory_gb):
                shape = source.read(shape_id)
        except Exception as error:  # a bad shape never stops the run
            return shape_id, self._reason(error)
        try:
            self.store.write(shape, _generator(shape_id, self.seed))
        except InvalidGeometryError as error:
            return shape_id, str(error)
        return shape_id, None

    def _reason(self, error: Exception) -> str:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, MemoryError):
            cause = cause.__cause__
        if cause is not None:
            return OVERSIZE.format(self.memory_gb) if self.memory_gb > 0 else "out of memory"
        return str(error) if isinstance(error, OnetError) else f"{type(error).__name__}: {error}"


def convert_all(
    source: Source, converter: Converter, ids: list[ShapeId], workers: int
) -> Iterator[Outcome]:
    """Yield the outcome of each of `ids`, in order of completion.

    If a worker process dies, the shapes in progress are retried one at a time, in a single worker
    process, to identify the shape at fault and convert the others.

    Raises:
        StoreError: the store cannot be written.
        OnetError: worker processes die on every shape.
    """
    if workers <= 1:
        for shape_id in ids:
            yield converter(source, shape_id)
        return
    rest, workers = iter(ids), min(workers, len(ids))
    while True:
        if not ids:
            return
        suspects: set[ShapeId] = set()
        yield from _in_pool(source, converter, rest, workers, suspects)
        if not suspects:
            return
        # The other processes were terminated too, and may have been writing.
        converter.store.remove_leftovers()
        yield from _one_by_one(source, converter, sorted(suspects))


def _in_pool(
    source: Source,
    converter: Converter,
    rest: Iterator[ShapeId],
    workers: int,
    suspects: set[ShapeId],
) -> Iterator[Outcome]:
    """Yield outcomes until `rest` is exhausted or a process dies; track pending `suspects`."""
    pending: dict[Future[Outcome], ShapeId] = {}
    most = workers * _TASKS_PER_WORKER
    with _pool(converter, workers) as pool:
        try:
            while True:
                for shape_id in islice(rest, most - len(pending)):
                    suspects.add(shape_id)
                    future = pool.submit(_convert_in_worker, source.part(shape_id), shape_id)
                    pending[future] = shape_id
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    outcome = future.result()
                    suspects.discard(pending.pop(future))
                    yield outcome
        except BrokenProcessPool:
            return
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _one_by_one(source: Source, converter: Converter, ids: list[ShapeId]) -> Iterator[Outcome]:
    """Yield outcomes, with at most one shape in progress."""
    rest, killed = iter(ids), 0
    while True:
        with _pool(converter, 1) as pool:
            for shape_id in rest:
                began = time.monotonic()
                task = pool.submit(_convert_in_worker, source.part(shape_id), shape_id)
                try:
                    outcome = task.result()
                except BrokenProcessPool as error:
                    if 0 < converter.timeout_s <= time.monotonic() - began:
                        yield shape_id, OVERTIME.format(converter.timeout_s)
                        break
                    killed += 1
                    if killed == _MOST_KILLED:
                        raise OnetError(
                            "worker processes die on every shape",
                            hint="run the same command again with --workers 0: it resumes",
                        ) from error
                    yield shape_id, KILLED
                    break
                killed = 0
                yield outcome
            else:
                return


@contextmanager
def _interrupting(seconds: float) -> Iterator[None]:
    """Raise OnetError in the block after `seconds`, once control returns to Python.

    Worker processes use `_ending` instead.
    """
    usable = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if seconds <= 0 or not usable or _converter is not None:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise OnetError(OVERTIME.format(seconds))

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def limited_memory(gigabytes: float) -> Iterator[None]:
    """Let the block take at most `gigabytes` of memory (1e9 bytes) beyond what this process has.

    What asks for more gets a MemoryError, or ends the process where a library does not expect
    one. 0 is no limit; on systems other than Linux there is none.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except OSError:
        pages = 0
    if gigabytes <= 0 or pages == 0:
        yield
        return
    import resource

    before, hardest = resource.getrlimit(resource.RLIMIT_DATA)
    most = pages * resource.getpagesize() + round(gigabytes * 1e9)
    known = [limit for limit in (before, hardest, most) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(known), hardest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hardest))


@contextmanager
def _ending(seconds: float) -> Iterator[None]:
    """Terminate this process if the block takes more than `seconds`."""
    if seconds <= 0 or not hasattr(signal, "setitimer"):
        yield
        return
    # Default signal action, because a Python handler would not run inside a library call.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _generator(shape_id: ShapeId, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, *str(shape_id).encode()])


def _pool(converter: Converter, workers: int) -> ProcessPoolExecutor:
    # Not fork: the parent may hold open archives, HDF5 state and threads.
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    return ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(converter,))


_converter: Converter | None = None


def _start_worker(converter: Converter) -> None:
    global _converter
    _converter = converter
    # Ctrl-C reaches the whole group; the parent lets each worker finish its shape.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Exit when the parent is killed, instead of waiting for tasks forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


def _convert_in_worker(source: Source, shape_id: ShapeId) -> Outcome:
    if _converter is None:
        raise RuntimeError("the worker was not started by _start_worker")
    with _ending(_converter.timeout_s):
        return _converter(source, shape_id)
