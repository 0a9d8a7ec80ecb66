"""Run the commands of a block as a reader would, in a folder with what they take."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onet_cli.app import app
from onet_cli.errors import OnetError, printable
from tests.docs.ingredients import SMALL, STEPS, provide
from tests.docs.pages import ROOT, Block, Command

BUDGET = re.compile(r" --max-(steps|epochs|time) \S+")
SHELL = re.compile(r"[|><;&]")


class CommandError(AssertionError):
    """A command of the docs ended with an error."""


def run_block(block: Block, folder: Path) -> Iterator[tuple[Command, str]]:
    """Run each command of a block that is `onet`'s or the shell's; yield it and what it printed."""
    for command in block.commands:
        if command.text.split()[0] in ("onet", "cat", "for"):
            yield command, _run_command(block, command.text, folder)


def _run_command(block: Block, text: str, folder: Path) -> str:
    """Return what a command prints on stdout and stderr; done in small where it is not shown."""
    text = re.sub(r"  +#.*", "", text)
    provide(text, folder)
    if SHELL.search(text):
        return _in_shell(text, folder)
    if not block.shows_output and text.startswith("onet "):
        text = in_small(text)
    return _in_process(text, folder, block.exit_code)


def in_small(text: str) -> str:
    """Return a command whose output the page does not show, with less to do."""
    words = text.split()
    verb = words[1]
    if verb == "train":
        text = BUDGET.sub("", text)
        return shlex.join([*shlex.split(text), *STEPS])
    if verb == "preprocess":
        text = re.sub(r"--count \d+", "--count 12", text)
        text = re.sub(r"--near-points \d+", "--near-points 2048", text)
        rendered = words[2].startswith(("procedural", "my_meshes"))
        text += " " + shlex.join(SMALL if rendered else ["--workers", "0"])
        return text + (" --resolution 32" if words[2].startswith("my_meshes") else "")
    if verb == "evaluate" and "--compare" not in words:
        return text + " --workers 0" + ("" if "--limit" in words else " --limit 2")
    return text


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _in_process(text: str, folder: Path, exit_code: int) -> str:
    with _inside(folder):
        result = CliRunner(env={"COLUMNS": "80"}).invoke(app, shlex.split(text)[1:])
    if isinstance(result.exception, OnetError):
        if exit_code == 1:
            return result.output + error_lines(result.exception)
        raise CommandError(f"{text}\nerror: {printable(str(result.exception))}")
    if result.exit_code != exit_code:
        raise CommandError(f"{text}\n{result.output}\n{result.exception!r}") from result.exception
    return result.output


def error_lines(error: OnetError) -> str:
    """Return what `onet` prints of an error."""
    hint = f"  try: {printable(error.hint)}\n" if error.hint else ""
    return f"error: {printable(str(error))}\n{hint}"


def _in_shell(text: str, folder: Path) -> str:
    """Run a line with pipes in a shell that knows `onet`."""
    if "| jq" in text and shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    function = f'onet() {{ {shlex.quote(sys.executable)} -m onet_cli "$@"; }}\n'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", function + text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        raise CommandError(f"{text}\n{result.stdout}{result.stderr}")
    return result.stdout + result.stderr
