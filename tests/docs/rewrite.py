"""Write into README.md and docs/ what their commands print where it is not what they show.

    python -m tests.docs.rewrite [--all] [PAGE ...]

Of a block in which all agrees nothing is changed, unless `--all` is given; times and rates
alone are no difference. With `--all`, outputs with a line `...` stay where they agree.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.docs.compare import difference
from tests.docs.pages import ROOT, Block, Command, chains, pages, read_blocks
from tests.docs.run import CommandError, run_block


def rewrite(page: str, every: bool = False) -> list[str]:
    """Bring outputs in a page up to date; return what was changed or failed, in lines.

    With `every`, those that agree are written anew, too.
    """
    said: list[str] = []
    outputs: list[tuple[Block, Command, str]] = []
    runnable = [block for block in read_blocks(page) if block.commands and not block.not_run]
    quick = [[block] for block in runnable if not block.slow]
    for chain in quick + chains([block for block in runnable if block.slow]):
        with TemporaryDirectory() as folder:
            for block in chain:
                try:
                    outputs += [(block, *done) for done in run_block(block, Path(folder))]
                except CommandError as error:
                    said.append(f"{block} fails: {error}")
    lines = (ROOT / page).read_text().splitlines()
    # From the last to the first, so that indices into the page hold.
    for block, command, printed in sorted(outputs, key=lambda one: -one[1].first):
        shown = "\n".join(command.output)
        stale = difference(shown, printed, block.tolerance) is not None
        if block.shows_output and (stale or (every and "..." not in command.output)):
            new = [(block.indent + line).rstrip() for line in printed.rstrip("\n").splitlines()]
            count = len(shown.rstrip("\n").splitlines())  # blank lines below it stay
            lines[command.end : command.end + count] = new
            said.append(f"{block} is rewritten")
    (ROOT / page).write_text("\n".join(lines) + "\n")
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="outputs that agree, too")
    parser.add_argument("pages", nargs="*", default=pages())
    said = []
    options = parser.parse_args()
    for page in options.pages:
        print(page, file=sys.stderr, flush=True)
        said += rewrite(page, options.all)
    print("\n".join(said) or "all outputs are up to date")
    return int(any(" fails: " in line for line in said))


if __name__ == "__main__":
    sys.exit(main())
