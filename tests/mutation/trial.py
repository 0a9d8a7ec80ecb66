"""Runs the tests of a module with the module replaced, each time in a process of its own."""

import importlib.util
import multiprocessing
import os
import re
import resource
import signal
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAST_SECONDS, TIMES = 60, 10  # a mutant may take so long, or so many times what the module takes
MEMORY = 16 << 30
NO_TESTS = int(pytest.ExitCode.NO_TESTS_COLLECTED)

REACH = ["own", "near", "all"]


def tests_of(module: str, reach: str) -> list[list[Path]]:
    """Return the test files of a module in the order in which they are run.

    First the file that is named after it, or else after a user of it; that is all where `reach` is
    "own". Then those of its package that import it; where there are none, all that import it, or
    else those of its users. With "all", every other that imports it or a user of it comes last.
    """
    near = _near(module)
    own = _named(near, [module]) or _named(near, _users(module))
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
    return found or sorted({path for user in _users(module) for path in _near(user)})


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


@dataclass
class Trial:
    """The tests of a module, and how long each stage may take."""

    module: str
    stages: list[list[Path]]
    seconds: list[float]

    @classmethod
    def of(cls, module: str, stages: list[list[Path]]) -> "Trial | None":
        """Return the trial, timed on the module as it is; None where its tests fail already."""
        trial = cls(module, stages, [])
        for stage in stages:
            begun = time.monotonic()
            if _fails(module, None, stage, None):
                return None
            trial.seconds.append(max(LEAST_SECONDS, TIMES * (time.monotonic() - begun)))
        return trial if stages else None

    def notices(self, replaced: str | Path) -> bool:
        """Return whether tests fail, or do not end, with the module's text or binary replaced."""
        return any(
            _fails(self.module, replaced, stage, seconds)
            for stage, seconds in zip(self.stages, self.seconds, strict=True)
        )


def _fails(
    module: str, replaced: str | Path | None, tests: list[Path], seconds: float | None
) -> bool:
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_child, args=(module, replaced, tests))
    process.start()
    try:
        process.join(seconds)
        return process.is_alive() or process.exitcode not in (0, NO_TESTS)
    finally:
        if process.is_alive():
            os.killpg(process.ident or 0, signal.SIGKILL)  # with what its tests started
            process.join()


def _child(module: str, replaced: str | Path | None, tests: list[Path]) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if replaced is not None:
        sys.meta_path.insert(0, _Replaced(module, replaced))
    with Path(os.devnull).open("w") as quiet, redirect_stdout(quiet), redirect_stderr(quiet):
        os.dup2(quiet.fileno(), 2)
        sys.exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *map(str, tests)])))


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
