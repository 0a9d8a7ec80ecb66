"""What every benchmark here shares: interleaved timing, one table, one JSON file.

A benchmark names its contestants, each a function that does the same work once. They take turns in
one process, so that a noisy machine slows all of them alike, and medians are compared as ratios.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Row = dict[str, Any]


def interleave(
    contestants: Mapping[str, Callable[[], object]], rounds: int = 5, warm_up: bool = True
) -> dict[str, float]:
    """Return the median seconds of each contestant; they take turns, in `rounds` rounds."""
    if warm_up:
        for work in contestants.values():
            work()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def environment(packages: Sequence[str] = ()) -> dict[str, str]:
    """Return what a figure depends on: processor, cores, Python and the versions of `packages`."""
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
    }
    for package in ("onet-cli", "numpy", *packages):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have: --rounds and --json."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant")
    parser.add_argument("--json", type=Path, help="write rows and environment to this file")
    return parser


def publish(
    title: str, rows: Sequence[Row], json_path: Path | None, packages: Sequence[str] = ()
) -> None:
    """Print `rows` as a table, columns in the order of their first appearance, and write JSON."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(title=title)
    for name in columns:
        table.add_column(name, justify="left" if name == columns[0] else "right")
    for row in rows:
        table.add_row(*(_cell(row.get(name, "")) for name in columns))
    Console(width=None if os.isatty(1) else 160).print(table)
    facts = environment(packages)
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    if json_path is not None:
        text = json.dumps({"title": title, "environment": facts, "rows": list(rows)}, indent=2)
        json_path.write_text(text + "\n", encoding="utf-8")


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
