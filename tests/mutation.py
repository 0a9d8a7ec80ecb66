"""Mutation testing: small faults put into modules, one at a time, that their tests should notice.

    python -m tests.mutation onet_cli.geometry.thin onet_cli.geometry.metrics --limit 100

prints, for each module, how many mutants its tests killed, and each survivor as `file:line: from ->
to`. A survivor is a hole in the tests, or a change that changes nothing that can be seen.
"""

import argparse
import ast
import copy
import importlib.util
import multiprocessing
import os
import random
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SECONDS = 90
COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
COMPUTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """A module's source with one change, which `change` tells."""

    path: Path
    line: int
    change: str
    source: str


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield `node` with one change each."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        yield ast.Compare(
            node.left, [COMPARED[type(node.ops[0])](), *node.ops[1:]], node.comparators
        )
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in COMPUTED:
        changed = copy.copy(node)
        changed.op = COMPUTED[type(node.op)]()
        yield changed
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield node.operand
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield ast.Constant(not node.value)
        elif isinstance(node.value, int):
            yield ast.Constant(node.value + 1)
        elif isinstance(node.value, float):
            yield ast.Constant(node.value * 1.5 + 0.1)
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of the functions and methods of a file."""
    tree = ast.parse(path.read_text())
    for parent, field, place, node in list(_places(tree)):
        for changed in variants(node):
            _put(parent, field, place, ast.copy_location(changed, node))
            source = ast.unparse(ast.fix_missing_locations(tree))
            change = f"{ast.unparse(node)} -> {ast.unparse(changed)}"
            yield Mutant(path, node.lineno, change, source)
            _put(parent, field, place, node)


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.expr]]:
    """Yield the expressions in function bodies and their places; no annotations, no errors."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for statement in function.body:
                yield from _inside(statement)


def _inside(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.expr]]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "exc"):
            continue
        entries = enumerate(value) if isinstance(value, list) else [(None, value)]
        for place, child in entries:
            if isinstance(child, ast.expr | ast.AugAssign):
                yield node, field, place, child  # type: ignore[misc]
            if isinstance(child, ast.AST) and not isinstance(child, ast.FunctionDef):
                yield from _inside(child)


def _put(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node


def tests_of(module: str) -> list[Path]:
    """Return the test files of its package that import `module`, or else all that import its users.

    The file that is named after the module comes first.
    """
    folder = ROOT / "tests" / Path(*module.split(".")[1:-1])
    found = _importers(module, folder, "test_*.py")
    if found:
        own = f"test_{module.rpartition('.')[2]}.py"
        return sorted(found, key=lambda path: path.name != own)
    users = _importers(module, ROOT / "onet_cli", "*.py")
    names = {".".join(user.relative_to(ROOT).with_suffix("").parts) for user in users}
    return sorted(
        {test for name in names for test in _importers(name, ROOT / "tests", "test_*.py")}
    )


def _importers(module: str, folder: Path, pattern: str) -> list[Path]:
    package, _, name = module.rpartition(".")
    wanted = re.compile(
        rf"(from {re.escape(module)} import|import {re.escape(module)}\b"
        rf"|from {re.escape(package)} import .*\b{name}\b)"
    )
    return sorted(path for path in folder.rglob(pattern) if wanted.search(path.read_text()))


def run(module: str, source: str | None, tests: list[Path]) -> int:
    """Return pytest's exit code for `tests` with `module` replaced by `source`, in this process."""
    if source is not None:
        sys.meta_path.insert(0, _Replaced(module, source))
    with Path(os.devnull).open("w") as quiet, redirect_stdout(quiet), redirect_stderr(quiet):
        return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *map(str, tests)]))


class _Replaced:
    """Finds one module in a text, all others where they are."""

    def __init__(self, module: str, source: str) -> None:
        self._module, self._source = module, source

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        if name != self._module:
            return None
        return importlib.util.spec_from_loader(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: object) -> None:
        return None

    def exec_module(self, module: object) -> None:
        exec(compile(self._source, self._module, "exec"), module.__dict__)


def _child(
    module: str, source: str | None, tests: list[Path], code: "multiprocessing.Queue[int]"
) -> None:
    code.put(run(module, source, tests))


def noticed(module: str, source: str | None, tests: list[Path]) -> bool:
    """Return whether the tests fail, or do not end: the first file alone, then the others."""
    return _fails(module, source, tests[:1]) or _fails(module, source, tests[1:])


def _fails(module: str, source: str | None, tests: list[Path]) -> bool:
    if not tests:
        return False
    context = multiprocessing.get_context("fork")
    code = context.Queue()
    process = context.Process(target=_child, args=(module, source, tests, code))
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        return True
    return process.exitcode != 0 or code.empty() or code.get() != 0


def main() -> None:
    """Print a line for each module, and its survivors."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--limit", type=int, default=50, help="mutants of a module, at random")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    import scipy.ndimage  # noqa: F401 - imported once, before the forks
    import trimesh  # noqa: F401

    total = killed = 0
    for module in options.modules:
        path = ROOT / (module.replace(".", "/") + ".py")
        tests, chosen = tests_of(module), list(mutants(path))
        random.Random(options.seed).shuffle(chosen)
        chosen = chosen[: options.limit]
        if not tests or noticed(module, None, tests):
            print(f"{module}: no tests, or they fail as it is", flush=True)
            continue
        survivors = [mutant for mutant in chosen if not noticed(module, mutant.source, tests)]
        total, killed = total + len(chosen), killed + len(chosen) - len(survivors)
        print(f"{module}: {len(chosen) - len(survivors)} of {len(chosen)} noticed", flush=True)
        for mutant in sorted(survivors, key=lambda m: m.line):
            print(f"  {path.relative_to(ROOT)}:{mutant.line}: {mutant.change}", flush=True)
    print(f"{killed} of {total} mutants noticed")


if __name__ == "__main__":
    main()
