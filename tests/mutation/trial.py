"""Runs the tests of a module with the module replaced, each time in a process of its own."""

import importlib.util
import multiprocessing
import os
import re
import resource
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A mutant may take so much processor time, or so many times what the module as it is takes, and
# so many times that on the clock, which other work on the computer slows down.
LEAST_SECONDS, TIMES, PATIENCE = 20, 5, 20
MEMORY = 16 << 30

REACH = ["own", "near", "all"]


def tests_of(module: str, reach: str) -> list[list[Path]]:
    """Return the test files of a module in the order in which they are run.

    First the file that is named after it, or else after a user of it, and for kernels after both;
    that is all where `reach` is "own". Then those of its package that import it; where there are
    none, all that import it, or else those of its users. With "all", every other that imports it or
    a user of it comes last.
    """
    near = _near(module)
    own = _named(near, [module])
    if not own or _is_kernel(module):
        own = [*own, *_named([path for path in near if path not in own], _users(module))]
    stages = [own] if own else []
    if reach != "own" or not own:
        stages.append([path for path in near if path not in own])
    if reach == "all":
        named = [module, *_users(module)]
        found = {path for name in named for path in _importers(name, ROOT / "tests", "test_*.py")}
        stages.append(sorted(found.difference(near)))
    return [stage for stage in stages if stage]


def _named(paths: list[Path], modules: list[str]) -> list[Path]:
    names = {f"test_{module.rpartition('.')[2]}.py" for module in modules}
    return [path for path in paths if path.name in names]


def _near(module: str) -> list[Path]:
    package = ROOT / "tests" / Path(*module.split(".")[1:-1])
    found = _importers(module, package, "test_*.py")
    found = found or _importers(module, ROOT / "tests", "test_*.py")
    if found and not _is_kernel(module):
        return found
    return sorted({*found, *(path for user in _users(module) for path in _near(user))})


def _is_kernel(module: str) -> bool:
    return module.startswith("onet_cli._ext.")


def _users(module: str) -> list[str]:
    found = _importers(module, ROOT / "onet_cli", "*.py")
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in found]


def _importers(module: str, folder: Path, pattern: str) -> list[Path]:
    package, _, name = module.rpartition(".")
    wanted = re.compile(
        rf"(from {re.escape(module)} import|import {re.escape(module)}\b"
        rf"|from {re.escape(package)} import .*\b{name}\b)"
    )
    return sorted(path for path in folder.rglob(pattern) if wanted.search(path.read_text()))


class _Durations:
    """A plugin of pytest that puts quick tests first, by what an earlier run in `seconds` took."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._known, self.measured = seconds, dict[str, float]()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self._known.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        before = self.measured.get(report.nodeid, 0.0)
        self.measured[report.nodeid] = before + report.duration


@dataclass
class Trial:
    """The tests of a module, how long each stage may take, and how long each test took."""

    module: str
    stages: list[list[Path]]
    limits: list[float]
    seconds: dict[str, float]

    @classmethod
    def of(
        cls, module: str, stages: list[list[Path]], original: str | Path | None = None
    ) -> "Trial | None":
        """Return the trial, timed on the module as it is; None where its tests fail already.

        `original` is the binary of a kernel without a change, built as its mutants are.
        """
        trial = cls(module, stages, [], {})
        for stage in stages:
            before = _children_seconds()
            if trial._fails(original, stage, None):
                return None
            trial.limits.append(max(LEAST_SECONDS, TIMES * (_children_seconds() - before)))
        return trial if stages else None

    def notices(self, replaced: str | Path) -> bool:
        """Return whether tests fail, or do not end, with the module's text or binary replaced."""
        return any(
            self._fails(replaced, stage, seconds)
            for stage, seconds in zip(self.stages, self.limits, strict=True)
        )

    def _fails(self, replaced: str | Path | None, tests: list[Path], limit: float | None) -> bool:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=self._child, args=(replaced, tests, theirs, limit))
        process.start()
        theirs.close()
        try:
            if not ours.poll(limit and PATIENCE * limit):
                return True
            code, seconds = ours.recv()
        except EOFError:  # it crashed
            return True
        finally:
            if process.is_alive():
                os.killpg(process.ident or 0, signal.SIGKILL)  # with what its tests started
            process.join()
        if limit is None:
            self.seconds |= seconds
        return code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)

    def _child(
        self,
        replaced: str | Path | None,
        tests: list[Path],
        result: Connection,
        limit: float | None,
    ) -> None:
        os.setsid()
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit)))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        if replaced is not None:
            sys.meta_path.insert(0, _Replaced(self.module, replaced))
        durations = _Durations(self.seconds)
        arguments = ["-x", "-q", "-p", "no:cacheprovider", *map(str, tests)]
        with Path(os.devnull).open("w") as quiet, redirect_stdout(quiet), redirect_stderr(quiet):
            os.dup2(quiet.fileno(), 2)
            code = int(pytest.main(arguments, plugins=[durations]))
        result.send((code, durations.measured))


def _children_seconds() -> float:
    """Return the processor time of all processes that have been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Replaced:
    """Finds one module in a text or a binary, all others where they are."""

    def __init__(self, module: str, replaced: str | Path) -> None:
        self._module, self._replaced = module, replaced

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        if name != self._module:
            return None
        if isinstance(self._replaced, Path):
            return importlib.util.spec_from_file_location(name, self._replaced)
        return importlib.util.spec_from_loader(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: object) -> None:
        return None

    def exec_module(self, module: object) -> None:
        assert isinstance(self._replaced, str)
        exec(compile(self._replaced, self._module, "exec"), module.__dict__)
