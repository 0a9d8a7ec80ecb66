#!/usr/bin/env python3
"""Collect the objects of sources.csv from local clones of their repositories, as .glb files.

Usage: python recipes/furniture/collect.py CLONES MESHES [--limit N] [--source OWNER/NAME] [--later]
  CLONES  folder of clones called OWNER/NAME, each with its commit of the table
  MESHES  folder to write to: CATEGORY/NAME.glb, as the column obj says
An object that is there already is left as it is. `--list` prints the repositories and commits.
"""

import argparse
import csv
import sys
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from collecting.assembly import read_assembly
from collecting.clones import Clone
from collecting.gltf import read_gltf
from collecting.palette import paint
from collecting.parts import Part, write_glb
from collecting.scenes import read_scene
from collecting.wavefront import read_wavefront

from onet_cli.shapes.split import SPLITS

TABLE = Path(__file__).with_name("sources.csv")
READERS = {
    ".fbx": read_scene,
    ".dae": read_scene,
    ".obj": read_wavefront,
    ".xml": read_assembly,
}
Row = dict[str, str]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("clones", nargs="?", type=Path)
    parser.add_argument("meshes", nargs="?", type=Path)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--limit", type=int, help="so many objects of each source")
    parser.add_argument("--source", action="append", help="only this repository")
    parser.add_argument("--later", action="store_true", help="also the rows whose use is `later`")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="print repositories and commits")
    options = parser.parse_args()
    with options.table.open(encoding="utf-8", newline="") as file:
        uses = (*SPLITS, "later") if options.later else SPLITS
        rows = [row for row in csv.DictReader(file) if row["use"] in uses]
    if options.source:
        rows = [row for row in rows if row["source"] in options.source]
    if options.list:
        print("\n".join(sorted({f"{row['source']} {row['commit']}" for row in rows})))
        return
    if options.clones is None or options.meshes is None:
        parser.error("CLONES and MESHES are required")
    sys.exit(
        collect(_limited(rows, options.limit), options.clones, options.meshes, options.workers)
    )


def collect(rows: list[Row], clones: Path, meshes: Path, workers: int) -> int:
    """Write the objects of `rows`; print what failed. Return the exit code."""
    lacking = sorted(
        f"{name} {commit}"
        for name, commit in {(row["source"], row["commit"]) for row in rows}
        if not Clone(clones, name, commit).holds_commit()
    )
    if lacking:
        print(f"error: not in {clones}, or without the commit:", *lacking, sep="\n  ")
        return 1
    convert = partial(_convert_row, clones=clones, meshes=meshes)
    with Pool(workers) as pool:
        problems = [problem for problem in pool.imap(convert, rows, 4) if problem]
    print(f"{meshes}: {len(rows) - len(problems)} objects, {len(problems)} failed")
    for problem in problems:
        print(f"  {problem}")
    return int(bool(problems))


def read_parts(row: Row, clone: Clone) -> list[Part]:
    """Return the parts of a row's object, with colours where its file gives none."""
    suffix = Path(row["path"]).suffix.lower()
    reader = READERS.get(suffix)
    if reader is not None:
        parts = reader(clone.read, row["path"])
    else:
        parts = read_gltf(clone.read, row["path"], row["node"])
    return paint(parts, row["obj"])


def _convert_row(row: Row, clones: Path, meshes: Path) -> str:
    target = meshes / row["obj"]
    if target.exists():
        return ""
    try:
        data = write_glb(read_parts(row, Clone(clones, row["source"], row["commit"])))
    except Exception as error:  # the readers fail in many ways; the others are still done
        return f"{row['obj']}: {type(error).__name__}: {error}"
    target.parent.mkdir(parents=True, exist_ok=True)
    partial_file = target.with_suffix(".part")
    partial_file.write_bytes(data)
    partial_file.replace(target)
    return ""


def _limited(rows: list[Row], limit: int | None) -> list[Row]:
    taken: dict[str, int] = {}
    kept = []
    for row in rows:
        taken[row["source"]] = taken.get(row["source"], 0) + 1
        if limit is None or taken[row["source"]] <= limit:
            kept.append(row)
    return kept


if __name__ == "__main__":
    main()
