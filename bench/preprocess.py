"""Where the time goes when meshes become training data, stage by stage.

Usage: python bench/preprocess.py SOURCE [--manifest FILE.csv] [--limit 40] [--json FILE]

Converts meshes of SOURCE one after the other in this process, with the options that `onet
preprocess` has by default, into a temporary folder, and prints the median and the 90th percentile
of each stage's processor seconds, which other programs on the machine hardly change, and of the
seconds on the clock. Nothing is compared: this is the profile of one program.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from onet_cli.preprocessing import convert_mesh
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.sources.resolve import open_source
from onet_cli.preprocessing.workers import Converter
from onet_cli.shapes.store import DatasetInfo, ShapeStore

STAGES = {
    "load": ("load_mesh", "clean"),
    "watertight": ("_solid",),
    "sampling": ("sample_cube", "sample_surface", "sample_near_surface"),
    "inside": ("contains",),
    "views": ("take_views",),
}
"""The functions of `convert_mesh` that make up each stage; what is left is writing."""


def timed(function: Callable[..., Any], spent: dict[str, float], stage: str) -> Callable[..., Any]:
    """Return `function`, adding the processor seconds that it takes to `spent[stage]`."""

    def wrapper(*arguments: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[stage] += time.process_time() - start

    return wrapper


def main() -> None:
    """Convert, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("--manifest", type=Path)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    source = open_source(asked.source, PreprocessOptions(manifest=asked.manifest))
    ids = source.ids()
    ids = [ids[i] for i in np.linspace(0, len(ids) - 1, min(asked.limit, len(ids))).astype(int)]
    spent: dict[str, float] = {}
    for stage, names in STAGES.items():
        for name in names:
            setattr(convert_mesh, name, timed(getattr(convert_mesh, name), spent, stage))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        convert = Converter(ShapeStore.create(Path(folder), DatasetInfo("bench")), 0)
        for shape_id in ids:
            spent.update(dict.fromkeys(STAGES, 0.0))
            clock, start = time.perf_counter(), time.process_time()
            _, reason = convert(source, shape_id)
            total, clock = time.process_time() - start, time.perf_counter() - clock
            if reason is None:
                rest = total - sum(spent.values())
                rows.append({"id": str(shape_id), **spent, "rest": rest, "total": total})
                rows[-1]["clock"] = clock
    print(f"{len(rows)} of {len(ids)} meshes; processor seconds per mesh, and seconds on the clock")
    for stage in (*STAGES, "rest", "total", "clock"):
        values = [row[stage] for row in rows]
        share = sum(values) / sum(row["total"] for row in rows)
        median, high = np.percentile(values, [50, 90])
        print(f"{stage:12} median {median:6.3f}   90 % {high:6.3f}   {share:5.1%} of all")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
