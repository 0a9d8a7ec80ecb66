"""Run every benchmark, keep what each prints as JSON, and write the tables into a page.

A benchmark that is missing, fails or takes too long is reported, and the others go on. The page
keeps all its text; between `<!-- NAME -->` and `<!-- /NAME -->` it gets the table of benchmark NAME
from the JSON files, and between the marks of `machine` what they ran on.

Usage: python bench/run_all.py [--only NAME ...] [--output FOLDER] [--docs PAGE] [--limit S]
       [--keep]
"""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BENCHMARKS: dict[str, list[str]] = {
    "simplify": ["--rounds", "2"],
    "inside": ["--rounds", "3"],
    "voxelize": ["--rounds", "2"],
    "mise": ["--rounds", "3"],
    "isosurface": ["--rounds", "2"],
    "nearest": ["--rounds", "3"],
    "evaluate": [],
    "render": ["--rounds", "1"],
    "procedural": ["--rounds", "1"],
    "reconstruct": [],
    "masks": [],
    "loader": ["--rounds", "3"],
    "train_step": ["--compile", "--rounds", "1"],
    "malloc": ["--rounds", "1"],
}
LONGEST = 240  # seconds that one benchmark may take, unless --limit says otherwise


def run(name: str, output: Path, limit: float) -> str:
    """Run benchmark `name`, and return "ok" or what went wrong in one line."""
    script = HERE / f"{name}.py"
    if not script.is_file():
        return "missing"
    target = output / f"{name}.json"
    command = [sys.executable, str(script), *BENCHMARKS[name], "--json", str(target)]
    try:
        done = subprocess.run(command, timeout=limit, stderr=subprocess.PIPE, text=True)
    except subprocess.TimeoutExpired:
        return f"stopped after {limit:g} s"
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return "ok" if target.is_file() else f"wrote no {target.name}"


def write_page(page: Path, output: Path) -> None:
    """Replace the tables between the marks of `page` by those in `output`."""
    text = page.read_text(encoding="utf-8")
    machine: dict[str, str] = {}
    for name in BENCHMARKS:
        source = output / f"{name}.json"
        if source.is_file():
            found = json.loads(source.read_text(encoding="utf-8"))
            machine |= found["environment"]
            text = replace(text, name, markdown(found["rows"]))
    facts = [f"* {name}: {value}" for name, value in machine.items()]
    page.write_text(replace(text, "machine", "\n".join(facts)), encoding="utf-8")


def replace(text: str, name: str, content: str) -> str:
    """Return `text` with `content` between the marks of `name`, where it has them."""
    marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return marks.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return `rows` as a table in Markdown, numbers to three digits and aligned right."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    numeric = [any(isinstance(row.get(name), int | float) for row in rows) for name in columns]
    lines = [columns, ["---:" if is_number else "---" for is_number in numeric]]
    lines += [[cell(row.get(name, "")) for name in columns] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if value and not 1e-3 <= abs(value) < 1e7:
            return f"{value:.2e}"
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, help="run these alone")
    parser.add_argument(
        "--output", type=Path, default=HERE.parent / "bench-results", help="folder of the JSON"
    )
    parser.add_argument("--docs", type=Path, help="page whose tables to replace")
    parser.add_argument("--limit", type=float, default=LONGEST, help="seconds for each")
    parser.add_argument("--keep", action="store_true", help="run nothing, take the JSON as it is")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, str] = {}
    for name in [] if options.keep else options.only or BENCHMARKS:
        start = time.perf_counter()
        outcome = run(name, options.output, options.limit)
        outcomes[name] = f"{outcome} ({time.perf_counter() - start:.0f} s)"
    if options.docs is not None:
        write_page(options.docs, options.output)
    for name, outcome in outcomes.items():
        print(f"{name:12} {outcome}")
    if not all(outcome.startswith("ok") for outcome in outcomes.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
