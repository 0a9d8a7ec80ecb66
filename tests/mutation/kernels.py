"""Mutants of Cython kernels: one word changed or a call left out of the text, and a build of each.

What a syntax tree tells of Python is told here by tokens: comments, docstrings, declarations and
casts are left alone.
"""

import ast
import io
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutation.modules import Mutant

ROOT = Path(__file__).parents[2]
OPERATORS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "+": "-",
    "-": "+",
    "*": "/",
    "+=": "-=",
    "-=": "+=",
    "&": "|",
    "|": "&",
    "|=": "&=",
    "&=": "|=",
    "*=": "/=",
    "/=": "*=",
    "/": "*",
    "//": "*",
    "%": "*",
    "<<": ">>",
    ">>": "<<",
    "and": "or",
    "or": "and",
}
NAMES = {
    "fmin": "fmax",
    "fmax": "fmin",
    "min": "max",
    "max": "min",
    "break": "continue",
    "continue": "break",
    "not": "",
}
SKIPPED = re.compile(r"\s*(cdef|def|cpdef|ctypedef|cimport|from|import|include|DEF|@|#)")
CALL = re.compile(r"\s+(?!free\b)\w+\(.*\)\n")
BUILD = """
import sys
from Cython.Build import cythonize
from setuptools import Distribution, Extension
name, target = sys.argv[1:]
flags = ["-O1", "-g0", "-ffp-contract=off", "-w"]
kernel = Extension(name, [f"ext/{name.rpartition('.')[2]}.pyx"], include_dirs=["ext"],
                   extra_compile_args=flags)
built = Distribution({"ext_modules": cythonize([kernel], quiet=True), "packages": []})
command = built.get_command_obj("build_ext")
command.build_lib, command.build_temp = target, "build"
command.ensure_finalized()
command.run()
"""


def sources(kernel: str) -> list[Path]:
    """Return the file of a kernel in `ext/` and the texts that it includes."""
    main = ROOT / "ext" / f"{kernel}.pyx"
    included = re.findall(r'^include "(.+)"', main.read_text(), re.MULTILINE)
    return [main, *(ROOT / "ext" / name for name in included)]


def mutants(kernel: str) -> Iterator[Mutant]:
    """Yield every mutant of a kernel of `ext/`."""
    for path in sources(kernel):
        yield from text_mutants(path)


def text_mutants(path: Path) -> Iterator[Mutant]:
    """Yield the mutants of one file."""
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (tokenize.OP, tokenize.NUMBER, tokenize.NAME):
            continue
        row, start = token.start
        line = lines[row - 1]
        end = start + len(token.string)
        changed = _changed(token, line)
        mended = [] if changed is None else [line[:start] + changed + line[end:]]
        if CALL.fullmatch(line) and not line[:start].strip() and _is_whole(line):
            mended.append(line[:start] + "pass\n")
        for new in mended:
            change = f"{line.strip()} -> {new.strip()}"
            source = "".join([*lines[: row - 1], new, *lines[row:]])
            yield Mutant(path, row, start, change, source)


def _is_whole(line: str) -> bool:
    """Return whether a line is a call by itself, not the end of a statement begun above it."""
    try:
        tree = ast.parse(line.strip().replace("&", ""))
    except SyntaxError:  # a cast
        return False
    return isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Call)


def _changed(token: tokenize.TokenInfo, line: str) -> str | None:
    start, end = token.start[1], token.start[1] + len(token.string)
    declares = SKIPPED.match(line)
    if declares and (declares[1] != "cdef" or "=" not in line[:start] or "(" in line.split("=")[0]):
        return None
    if token.type == tokenize.NUMBER:
        if line[:start].endswith("::"):  # a type of contiguous memory
            return None
        if token.string.isdigit():
            return str(int(token.string) + 1)
        try:
            return str(float(token.string) * 1.5 + 0.1)
        except ValueError:  # hexadecimal
            return None
    if token.string in NAMES:
        return NAMES[token.string]
    spaced = line[start - 1 : start].isspace() and line[end : end + 1].isspace()
    return OPERATORS.get(token.string) if spaced else None


@contextmanager
def built(kernel: str, mutant: Mutant | None) -> Iterator[Path | None]:
    """Give the compiled mutant of a kernel; None where it does not compile."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "ext", Path(folder, "ext"))
        if mutant is not None:
            Path(folder, "ext", mutant.path.name).write_text(mutant.source)
        name = f"onet_cli._ext.{kernel}"
        done = subprocess.run(
            [sys.executable, "-c", BUILD, name, folder], cwd=folder, capture_output=True
        )
        found = list(Path(folder, "onet_cli", "_ext").glob(f"{kernel}.*"))
        yield found[0] if done.returncode == 0 and found else None
