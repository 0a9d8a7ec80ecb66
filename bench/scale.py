"""The tables of docs/scale.md that are computed: arithmetic, and training on one GPU.

    python bench/scale.py            # prints both
    python bench/scale.py --write    # puts both into the page

They follow from measured figures, which are here once, each with the command that prints it and
the words that show it on a page. A test compares the tables, and looks for those words, so that
figures change here and there together.
"""

import argparse
import math
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = "docs/scale.md"


@dataclass(frozen=True)
class Measured:
    """A figure, the command that prints it, and what a page says.

    In `words`, `{}` is the figure, and `*` stands for figures that are not used here.
    """

    value: float
    command: str
    page: str
    words: str

    def is_shown(self, text: str) -> bool:
        """Return whether the `text` of the page shows the figure, across line breaks, too."""
        words = re.escape(self.words.replace("{}", number(self.value)))
        pattern = words.replace(r"\*", r"[\d. ]+").replace(r"\ ", r"\s+")
        return re.search(pattern, text) is not None


ZIP_MS = Measured(
    25.3,
    "python bench/official_zip.py --objects 50",
    PAGE,
    "| conversion of an object | | {} ms |",
)
PACKING_MS = Measured(
    3.1,
    "python bench/official_zip.py --objects 50",
    PAGE,
    "| packing, in the command's own process | {} |",
)
MESH_S = Measured(
    5.8,
    "onet preprocess /usr/share/sweethome3d DATA --manifest recipes/furniture/split.csv "
    "--limit 96 --image-size 224 --near-points 65536",
    PAGE,
    "take {} s of processor time",
)
MESH_BYTES = Measured(2_382_000, MESH_S.command, PAGE, "and {} bytes")
PHOTO_S = Measured(
    0.365,
    "python bench/folder.py --photos 1000 --chunk 100",
    PAGE,
    "| 2 processes, the default from 64 photos on | * | * | * | {} |",
)
EVALUATE_S = Measured(
    0.47,
    "OMP_NUM_THREADS=1 python bench/evaluate_stages.py DATA --objects 40",
    "docs/evaluate.md",
    "took {} s of CPU time per object",
)
ZIP_BYTES = Measured(
    1_936_000,
    "python bench/packs.py --objects 512 --pack 256",
    PAGE,
    "| packs of 256 | * | * | * | {} |",
)
NAME_BYTES = Measured(
    900,
    "python bench/ids.py --objects 100000",
    PAGE,
    "Each object takes {} bytes of memory",
)
NAME_MS = Measured(0.25, "python bench/ids.py --objects 100000", PAGE, "and {} ms of its time")
STEP_GFLOP = Measured(
    299, "python bench/train_step.py --batch-size 16", "docs/train.md", "Of {} GFLOP per step"
)
STEP_GB = Measured(6.1, "python bench/train_memory.py", "docs/train.md", "| `onet` | 64 | * | {} |")

MEASURED = (
    *(ZIP_MS, PACKING_MS, MESH_S, MESH_BYTES, PHOTO_S, EVALUATE_S),
    *(ZIP_BYTES, NAME_BYTES, NAME_MS, STEP_GFLOP, STEP_GB),
)

OBJECTS = (50_000, 10_000_000)
PACK = 256
SHAPES, BATCH, STEPS = 44_000, 64, 300_000
VIEWS, PIXELS, POINTS = 24, 137 * 137, 100_000
SPEEDS = (10, 50)
"""TFLOP/s that a GPU sustains; assumed, not measured."""


def number(value: float) -> str:
    """Return a number as pages show it, thousands in groups."""
    return f"{value:,.0f}".replace(",", " ") if value >= 10_000 else f"{value:g}"


def span(seconds: float, whose: str = "") -> str:
    """Return a time in minutes or hours, such as those of a core."""
    value, unit = (seconds / 60, "minutes") if seconds < 3600 else (seconds / 3600, "hours")
    digits = number(value) if value >= 10_000 else f"{value:.{0 if value >= 10 else 1}f}"
    return f"{digits} {whose}{unit}"


def size(count: float) -> str:
    """Return bytes to three digits."""
    exponent = int(math.log10(count)) // 3
    return f"{count / 1000**exponent:.3g} {('B', 'kB', 'MB', 'GB', 'TB')[exponent]}"


def files(count: float) -> str:
    """Return a number of files."""
    return f"{count / 1e6:.0f} million" if count >= 1e6 else number(math.ceil(count))


def table(rows: list[list[str]]) -> str:
    """Return a table in Markdown, all columns but the first aligned right."""
    head, *rest = (
        "|".join(["", *(f" {cell} " if cell else " " for cell in row), ""]) for row in rows
    )
    return "\n".join([head, f"|---{'|---:' * (len(rows[0]) - 1)}|", *rest])


def arithmetic() -> str:
    """Return the table of what objects take."""
    rows = [["", "an object", "50 thousand", "10 million"]]
    for what, seconds in (
        ("`preprocess`, the official zip", ZIP_MS.value / 1000),
        ("`preprocess`, meshes", MESH_S.value),
        ("`reconstruct`", PHOTO_S.value),
        ("`evaluate`", EVALUATE_S.value),
    ):
        every = (span(count * seconds, "core ") for count in OBJECTS)
        rows.append([what, f"{seconds:g} s", *every])
    for what, milliseconds in (
        ("in one process: packing, by `--pack` or `--merge`", PACKING_MS.value),
        ("in one process: names, at the end, by `--merge` or resumed", NAME_MS.value),
    ):
        every = (span(count * milliseconds / 1000) for count in OBJECTS)
        rows.append([what, f"{milliseconds:g} ms", *every])
    for what, count in (
        ("memory of that process", NAME_BYTES.value),
        ("storage, the official zip", ZIP_BYTES.value),
        ("storage, meshes", MESH_BYTES.value),
    ):
        rows.append([what, *(size(objects * count) for objects in (1, *OBJECTS))])
    rows.append(["files", *(files(objects) for objects in (1, *OBJECTS))])
    packs = (files(objects / PACK) for objects in OBJECTS)
    rows.append([f"files with `--pack {PACK}`", f"{1 / PACK:.4f}", *packs])
    return table(rows)


def training() -> str:
    """Return the table of a training run on one GPU."""
    step = STEP_GFLOP.value * 1e9 * BATCH / 16
    steps = math.ceil(SHAPES / BATCH)
    times = ", ".join(f"{STEPS * step / (speed * 1e12) / 3600:.1f}" for speed in SPEEDS)
    cache = SHAPES * (VIEWS * 3 * PIXELS + POINTS * 6 + POINTS // 8)
    rows = [
        ["", ""],
        ["a step, forward and backward", f"{step / 1e12:.1f} TFLOP"],
        [f"a pass over {number(SHAPES)} shapes, {steps} steps", f"{steps * step / 1e15:.2f} PFLOP"],
        [f"{number(STEPS)} steps, as in the paper", f"{STEPS * step / 1e15:.0f} PFLOP"],
        [f"these at a sustained {', '.join(map(str, SPEEDS))} TFLOP/s", f"{times} hours"],
        [
            "memory of weights, Adam, EMA and activations (float32)",
            f"{number(STEP_GB.value)} GB",
        ],
        [
            f"memory of `--cache ram` or `gpu` ({VIEWS} images, {number(POINTS)} points a shape)",
            f"{cache / 1e9:.0f} GB",
        ],
    ]
    return table(rows)


TABLES = {"arithmetic": arithmetic, "training": training}


def main() -> None:
    """Print the tables, or put them between their marks in the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE}")
    page = ROOT / PAGE
    if parser.parse_args().write:
        text = page.read_text(encoding="utf-8")
        for name, make in TABLES.items():
            before, first, rest = text.partition(f"<!-- {name} -->\n")
            _, last, after = rest.partition(f"<!-- /{name} -->")
            text = f"{before}{first}{make()}\n{last}{after}"
        page.write_text(text, encoding="utf-8")
        return
    print("\n\n".join(make() for make in TABLES.values()))


if __name__ == "__main__":
    main()
