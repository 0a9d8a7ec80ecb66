"""The blocks of commands and of Python in README.md and docs/, and what is said about them.

A comment before a block says how it is run; without one it is run as it stands:

    <!-- run: slow -->                  run by `make test-all` only, as training and evaluation are
    <!-- run: numbers within 5 % -->    in place of 2 %
    <!-- run: numbers any -->           words only are compared
    <!-- run: exits with 1 -->          it is to fail so; or with 2
    <!-- run: continues -->             in the folder of the slow block before
    <!-- not run: REASON -->            its options are checked, it is not run

Several of the former are separated by semicolons. Of programs that are not run whatever is said,
such as `pip` and `tensorboard`, it is checked that scripts and targets of theirs exist.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAMS = ("onet", "cat", "for", "make", "pip", "python", "python3", "srun", "tensorboard")
PROGRAMS += (
    "torchrun",
    ".venv/bin/pip",
    "recipes/furniture/prepare.sh",
    "recipes/furniture/train.sh",
)
NOTE = re.compile(r"^\s*<!-- (run|not run): (.*) -->$")
FENCE = re.compile(r"^( *)```(\w*)$")
USUAL_TOLERANCE = 0.02
SLOW = re.compile(r"\bonet (train|evaluate)\b|\.onnx\b|--turntable")


@dataclass
class Command:
    """One command of a block, and the lines that the page shows below it."""

    text: str
    first: int  # index of its first line in the page
    end: int  # index after the last line that it is typed in
    output: list[str] = field(default_factory=list)


@dataclass
class Block:
    """A block of commands, or of Python, in a page."""

    page: str
    line: int  # number of its first line
    language: str
    lines: list[str]
    indent: str
    commands: list[Command]
    slow: bool = False
    not_run: str = ""
    continues: bool = False
    exit_code: int = 0
    tolerance: float = USUAL_TOLERANCE

    def __str__(self) -> str:
        first = self.commands[0].text if self.commands else self.lines[0]
        return f"{self.page}:{self.line}: {first[:60]}"

    @property
    def shows_output(self) -> bool:
        return any(command.output for command in self.commands)


def pages() -> list[str]:
    found = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    return ["README.md", *found]


def read_blocks(page: str) -> list[Block]:
    """Return the blocks of a page that hold commands or Python."""
    lines = (ROOT / page).read_text().splitlines()
    blocks = [_block(page, lines, *span) for span in _spans(lines)]
    return [block for block in blocks if block.commands or block.language == "python"]


def all_blocks() -> list[Block]:
    return [block for page in pages() for block in read_blocks(page)]


def chains(blocks: list[Block]) -> list[list[Block]]:
    """Return blocks in groups that are run one after the other in one folder."""
    found: list[list[Block]] = []
    for block in blocks:
        if block.continues:
            found[-1].append(block)
        else:
            found.append([block])
    return found


def _spans(lines: list[str]) -> list[tuple[int, int, str, str]]:
    """Return first line, end, indent and language of each fenced or indented block."""
    spans, start = [], 0
    while start < len(lines):
        fence, end = FENCE.match(lines[start]), start + 1
        if fence:
            while not lines[end].strip().startswith("```"):
                end += 1
            spans.append((start + 1, end, fence[1], fence[2]))
        elif _is_indented(lines, start):
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            while not lines[end - 1].strip():
                end -= 1
            python = lines[start].startswith("    import ")
            spans.append((start, end, "    ", "python" if python else ""))
        start = end + 1 if fence else end
    return spans


def _is_indented(lines: list[str], start: int) -> bool:
    return lines[start].startswith("    ") and (start == 0 or not lines[start - 1].strip())


def _block(page: str, lines: list[str], start: int, end: int, indent: str, language: str) -> Block:
    body = [line.removeprefix(indent) for line in lines[start:end]]
    commands = [] if language == "python" else _commands(body, start)
    block = Block(page, start + 1, language, body, indent, commands)
    block.slow = any(SLOW.search(command.text) for command in commands)
    above = [start - 1] if not FENCE.match(lines[start - 1]) else [start - 2]
    if not lines[above[0]].strip():
        above.append(above[0] - 1)
    for note in filter(None, (NOTE.match(lines[index]) for index in above if index >= 0)):
        _take_note(block, note[1], note[2])
        break
    return block


def _commands(body: list[str], start: int) -> list[Command]:
    """Return the commands of a block; none if it does not begin with one."""
    first = body[0].removeprefix("$ ").split() if body else []
    if not first or first[0] not in PROGRAMS or "[options]" in body[0]:
        return []
    if first[0] == "for":
        return [Command("\n".join(body), start, start + len(body))]
    prompted = body[0].startswith("$ ")
    found: list[Command] = []
    index = 0
    while index < len(body):
        line, end = body[index], index + 1
        if line.startswith("$ ") or (not prompted and line.strip()):
            while body[end - 1].endswith("\\"):
                end += 1
            text = " ".join(part.rstrip("\\").strip() for part in body[index:end])
            found.append(Command(text.removeprefix("$ "), start + index, start + end))
        elif found and prompted:
            found[-1].output.append(line)
        index = end
    return found


def _take_note(block: Block, kind: str, text: str) -> None:
    if kind == "not run":
        block.not_run = text
        return
    for part in text.split(";"):
        words = part.strip()
        if words == "slow":
            block.slow = True
        elif words == "continues":
            block.continues = True
        elif found := re.fullmatch(r"exits with ([12])", words):
            block.exit_code = int(found[1])
        elif words == "numbers any":
            block.tolerance = float("inf")
        elif found := re.fullmatch(r"numbers within (\d+) %", words):
            block.tolerance = int(found[1]) / 100
        else:
            raise ValueError(f"{block}: {words!r} says nothing about how it is run")
