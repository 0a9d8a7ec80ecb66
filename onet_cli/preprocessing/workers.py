"""Conversion of shapes, each within limits of time and memory."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np

from onet_cli.errors import InvalidGeometryError, OnetError
from onet_cli.execution.run import map_unordered
from onet_cli.execution.work import LOST, Place
from onet_cli.execution.worker import is_expendable
from onet_cli.malloc import keep_some_freed_memory
from onet_cli.preprocessing.sources.source import Source
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore

Outcome = tuple[ShapeId, str | None]
"""A shape and the reason for skipping it, or None if it was stored."""

OVERTIME = "it exceeds the {:g} s of --shape-timeout"

OVERSIZE = "it exceeds the {:g} GB of --shape-memory"


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


@dataclass(frozen=True)
class Conversion:
    """A shape and a source of it, cheap to pickle."""

    source: Source
    id: ShapeId


@dataclass(frozen=True)
class ConversionWork:
    """Conversions by a `converter`, to be executed anywhere."""

    converter: Converter

    def start(self) -> Callable[[Conversion], Outcome]:
        """Return the function from a conversion to its outcome."""
        if is_expendable():  # not where others use the process, too
            keep_some_freed_memory()
        return self._convert

    def lost(self, task: Conversion, seconds: float | None) -> Outcome:
        """Return the outcome of a shape that ended its process."""
        limit = self.converter.timeout_s
        late = seconds is not None and 0 < limit <= seconds
        return task.id, OVERTIME.format(limit) if late else LOST

    def _convert(self, task: Conversion) -> Outcome:
        with _ending(self.converter.timeout_s):
            return self.converter(task.source, task.id)


def convert_all(
    source: Source, converter: Converter, ids: list[ShapeId], place: Place
) -> Iterator[Outcome]:
    """Yield the outcome of each of `ids`, in order of completion.

    Raises:
        StoreError: the store cannot be written.
        OnetError: worker processes die on every shape.
    """
    tasks = (Conversion(source.part(shape_id), shape_id) for shape_id in ids)
    yield from map_unordered(
        ConversionWork(converter),
        tasks,
        place,
        # The other processes were terminated too, and may have been writing.
        converter.store.remove_leftovers,
    )


@contextmanager
def _interrupting(seconds: float) -> Iterator[None]:
    """Raise OnetError in the block after `seconds`, once control returns to Python.

    Processes that may be ended use `_ending` instead.
    """
    usable = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if seconds <= 0 or not usable or is_expendable():
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
    """Terminate this process, if it may be ended, once the block takes more than `seconds`."""
    if seconds <= 0 or not hasattr(signal, "setitimer") or not is_expendable():
        yield
        return
    # Default signal action, because a Python handler would not run inside a library call.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _generator(shape_id: ShapeId, seed: int) -> np.random.Generator:
    words = [seed, *str(shape_id).encode()]
    if seed >= 2**32:
        return np.random.default_rng(words)
    return np.random.default_rng(np.array(words, np.uint32))  # the same, in less time
