"""What README.md and docs/ show is what happens: every command of theirs is run."""

import __future__

import re
import shlex
from functools import cache

import pytest
import typer.main

from onet_cli.app import app
from tests.docs.compare import difference
from tests.docs.ingredients import provide
from tests.docs.pages import ROOT, Block, all_blocks, chains, pages
from tests.docs.run import run_block

BLOCKS = all_blocks()
COMMANDS = [block for block in BLOCKS if block.commands and not block.not_run]
QUICK = [block for block in COMMANDS if not block.slow]
CHAINS = chains([block for block in COMMANDS if block.slow])
PYTHON = sorted({block.page for block in BLOCKS if block.language == "python"})
MOST_NOT_RUN = 20


@pytest.mark.parametrize("block", QUICK, ids=str)
def test_a_block_prints_what_its_page_shows(block, tmp_path):
    compare(block, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: str(chain[0]))
def test_slow_blocks_print_what_their_page_shows(chain, tmp_path):
    for block in chain:
        compare(block, tmp_path)


def compare(block: Block, folder):
    for command, printed in run_block(block, folder):
        if block.shows_output:
            fault = difference("\n".join(command.output), printed, block.tolerance)
            assert fault is None, f"{block}\n{command.text}\n{fault}\ntry: make docs-outputs"


@pytest.mark.slow
@pytest.mark.parametrize("page", PYTHON)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in BLOCKS:
        if block.page == page and block.language == "python" and not block.not_run:
            source = "\n".join(block.lines)
            provide(source, tmp_path)
            exec(compile(source, str(block), "exec", __future__.annotations.compiler_flag), names)


def test_few_commands_are_not_run_and_each_says_why():
    left = [block for block in BLOCKS if block.not_run]

    assert all(len(block.not_run.split()) > 2 for block in left)
    assert len(left) <= MOST_NOT_RUN, [str(block) for block in left]


@cache
def commands():
    return typer.main.get_command(app).commands


def options_of(verb: str) -> set[str]:
    return {
        name
        for parameter in commands()[verb].params
        for name in (*parameter.opts, *parameter.secondary_opts)
    } | {"-h", "--help"}


@pytest.mark.parametrize("page", pages())
def test_every_option_that_a_page_names_exists(page):
    text = (ROOT / page).read_text()
    spans = [" ".join(span.split()) for span in re.findall(r"`(onet [a-z][^`]*)`", text)]
    spans += [
        command.text
        for block in BLOCKS
        if block.page == page and block.exit_code != 2  # a wrong command line on purpose
        for command in block.commands
    ]

    for span in spans:
        for verb, rest in re.findall(r"\bonet ([a-z]+)([^|;&#]*)", span):
            if verb not in commands():
                pytest.fail(f"{page}: there is no command onet {verb}")
            named = set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", " " + rest))
            unknown = {one for one in named if one not in options_of(verb)}
            assert not unknown, f"{page}: {span}: {sorted(unknown)}"


def test_every_script_and_target_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in BLOCKS:
        for command in block.commands:
            words = shlex.split(command.text, comments=True)
            if words[0] == "make":
                assert words[1] in targets, command.text
            if words[0] == "python" and words[1].endswith(".py") and "src/" not in words[1]:
                assert (ROOT / words[1]).is_file(), command.text
