"""Run an `onet` command in a forked process, optionally with a fault.

The parent loads all libraries once, so that a forked command spends its time on its own work.
"""

import errno
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

TICK_S = 0.002
"""Seconds between two looks at a folder while a command writes into it."""

_OPERATIONS = {"os.rename": 1, "os.remove": 0, "os.mkdir": 0, "os.rmdir": 0}
"""Audit events of file operations, and the index of the changed path in their arguments."""


def with_one_thread(module: str) -> None:
    """Restart this program with one OpenMP thread: OpenMP's threads do not survive a fork."""
    if os.environ.get("OMP_NUM_THREADS") != "1":
        os.environ["OMP_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])


def load_libraries() -> None:
    """Import everything that commands import, before forking."""
    import onnxruntime  # noqa: F401
    import onnxscript  # noqa: F401
    import torch.onnx
    import torch.utils.tensorboard  # noqa: F401

    import onet_cli.app
    import onet_cli.evaluation.html.write
    import onet_cli.evaluation.run
    import onet_cli.exporting.export
    import onet_cli.exporting.mesh
    import onet_cli.exporting.onnx
    import onet_cli.preprocessing.pipeline
    import onet_cli.preprocessing.sources.resolve
    import onet_cli.reconstruction.batch
    import onet_cli.reconstruction.preview
    import onet_cli.training.begin
    import onet_cli.training.calibration
    import onet_cli.training.run  # noqa: F401


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (or minus the signal), what it printed, its seconds.

    `processor_s` is of the command and its workers, `memory_bytes` the maximum of one of them, with
    what it shares with the process that it was forked from.
    """

    code: int
    printed: str
    seconds: float
    processor_s: float
    memory_bytes: int


class Command:
    """A running `onet` command in its own process group, in the folder `folder`.

    `before` is called in the new process before the command, to set limits or faults. Output of the
    command goes to `log`, outside of the folder.
    """

    def __init__(
        self,
        arguments: list[str],
        folder: Path,
        log: Path,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.log, self.began = log, time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _run(arguments, folder, log, before)
        self._code: int | None = None
        self._used: resource.struct_rusage | None = None

    def poll(self) -> bool:
        """Return whether the command has ended."""
        return self._take(os.WNOHANG)

    def wait(self) -> Ended:
        """Wait for the end of the command and its workers."""
        self._take(0)
        assert self._code is not None
        assert self._used is not None
        seconds = time.monotonic() - self.began
        self._outlive_group()
        printed, used = self.log.read_text(errors="replace"), self._used
        processor_s = used.ru_utime + used.ru_stime
        return Ended(self._code, printed, seconds, processor_s, 1024 * used.ru_maxrss)

    def _take(self, options: int) -> bool:
        if self._code is None:
            pid, status, self._used = os.wait4(self.pid, options)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None

    def kill(self, whole_group: bool) -> Ended:
        """Send SIGKILL to the process, or to it and its workers, and wait until all have ended."""
        if whole_group:
            os.killpg(self.pid, signal.SIGKILL)
        else:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def _outlive_group(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                os.killpg(self.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.01)
        os.killpg(self.pid, signal.SIGKILL)
        raise RuntimeError("worker processes outlived their command")


def _run(arguments: list[str], folder: Path, log: Path, before: Callable[[], None]) -> None:
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.modules["__main__"] = ModuleType("__main__")  # which workers would import
        sys.argv = ["onet", *arguments]
        before()
        from onet_cli.app import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def count_operations(folder: Path, count: Path) -> Callable[[], None]:
    """Return a fault that only appends a byte to `count` for each file operation in `folder`."""

    def before() -> None:
        descriptor = os.open(count, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        _at_each_operation(folder, lambda number: os.write(descriptor, b"."))

    return before


def die_at_operation(folder: Path, which: int) -> Callable[[], None]:
    """Return a fault that kills the process group before file operation `which` in `folder`."""

    def act(number: int) -> None:
        if number == which:
            os.killpg(0, signal.SIGKILL)

    return lambda: _at_each_operation(folder, act)


def _at_each_operation(folder: Path, act: Callable[[int], object]) -> None:
    """Call `act` with 0, 1, ... before each operation that changes `folder`."""
    inside, done = str(folder.resolve()) + os.sep, 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        if event == "open":
            path, flags = arguments[0], arguments[2]
            if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return
        elif event in _OPERATIONS:
            path = arguments[_OPERATIONS[event]]
        else:
            return
        if not isinstance(path, str | bytes | os.PathLike):
            return
        if str(Path.cwd() / os.fsdecode(path)).startswith(inside):
            done += 1
            act(done - 1)

    sys.addaudithook(hook)


def limit_files(most: int) -> Callable[[], None]:
    """Return a fault that limits files to `most` bytes."""

    def before() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    return before


@dataclass(frozen=True)
class Writing:
    """First and last time a run changed its folder, in seconds since its start."""

    first: float
    last: float


def watch(command: Command, folder: Path, look: Callable[[], object] = lambda: None) -> Writing:
    """Return when `command` changes `folder`, calling `look` at each tick."""
    before, first, last = folder_state(folder), None, 0.0
    while not command.poll():
        look()
        state, now = folder_state(folder), time.monotonic() - command.began
        if state != before:
            first, last, before = now if first is None else first, now, state
        time.sleep(TICK_S)
    ended = time.monotonic() - command.began
    return Writing(max(0.0, (ended if first is None else first) - 0.02), max(last, ended - 0.02))


def folder_state(folder: Path) -> set[tuple[str, int, int]]:
    """Return paths, sizes and modification times of `folder` and all in it."""
    found, folders = {(str(folder), 0, folder.stat().st_mtime_ns)}, [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    state = entry.stat(follow_symlinks=False)
                    found.add((entry.path, state.st_size, state.st_mtime_ns))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
    return found
