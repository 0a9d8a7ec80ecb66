"""The size of functions, and that stubs say what kernels are: read from the sources."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES = 60
MOST_PARAMETERS = 8
KERNELS = sorted(path.stem for path in (ROOT / "ext").glob("*.pyx"))


def functions_in(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def parameters_of(function):
    """Return the names of a function's parameters, without what Python or torch pass it."""
    every = function.args
    names = [one.arg for one in (*every.posonlyargs, *every.args, *every.kwonlyargs)]
    names += [one.arg for one in (every.vararg, every.kwarg) if one is not None]
    return names[1:] if names[:1] in (["self"], ["cls"], ["ctx"]) else names


SOURCES = sorted((ROOT / "onet_cli").rglob("*.py"))


def test_no_function_is_long_or_has_many_parameters():
    found = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in SOURCES
        for function in functions_in(path)
        if function.end_lineno - function.lineno >= MOST_LINES
        or len(parameters_of(function)) > MOST_PARAMETERS
    ]

    assert found == []


def kernel_functions(name):
    """Return the public functions of a .pyx and what it includes: parameter names by name."""
    source = (ROOT / "ext" / f"{name}.pyx").read_text(encoding="utf-8")
    for included in re.findall(r'^include "(.+)"', source, re.M):
        source += (ROOT / "ext" / included).read_text(encoding="utf-8")
    found = {}
    for match in re.finditer(r"^def (\w+)\((.*?)\):$", source, re.M | re.S):
        text = re.sub(r"\[[^\]]*\]|#.*|=[^,]*", "", match[2])
        names = [one.split()[-1] for one in text.split(",") if one.strip()]
        found[match[1]] = names
    return found


@pytest.mark.parametrize("name", KERNELS)
def test_a_stub_names_the_functions_and_parameters_of_its_kernel(name):
    stub = functions_in(ROOT / "onet_cli" / "_ext" / f"{name}.pyi")

    assert {function.name: parameters_of(function) for function in stub} == kernel_functions(name)


def test_every_kernel_has_a_stub_and_no_stub_is_left_over():
    stubs = sorted(path.stem for path in (ROOT / "onet_cli" / "_ext").glob("*.pyi"))

    assert [name for name in stubs if name != "__init__"] == KERNELS
