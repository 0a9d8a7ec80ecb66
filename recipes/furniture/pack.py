#!/usr/bin/env python3
"""Put the real objects of tables into one file of a few ten megabytes.

Usage: python recipes/furniture/pack.py -o real.pack SOURCE TABLE [SOURCE TABLE]...
  SOURCE, TABLE  as for `onet preprocess SOURCE --manifest TABLE`
Meshes of more than --faces faces are simplified; pictures have at most --picture pixels an edge.
"""

import argparse
import csv
import io
import sys
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from packing.packed import PackedMesh, pack
from packing.store import write_pack
from renders import in_unit_cube

from onet_cli.errors import OnetError
from onet_cli.preprocessing.sources.manifest import Manifest, entries_of
from onet_cli.preprocessing.sources.meshes import MeshEntry
from onet_cli.shapes.split import SPLITS

COLUMNS = ("obj", "category", "use", "creator", "licence")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--uses", nargs="+", default=["train", "val"], choices=SPLITS)
    parser.add_argument("--faces", type=int, default=12000)
    parser.add_argument("--picture", type=int, default=192)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if len(options.sources) % 2:
        parser.error("each SOURCE needs a TABLE")
    pairs = zip(options.sources[::2], options.sources[1::2], strict=True)
    found = [entry for source, table in pairs for entry in entries_of(Manifest.read(table), source)]
    entries = [entry for entry in found if entry.use in options.uses]
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    writer.writeheader()
    meshes = []
    convert = partial(_pack_entry, faces=options.faces, picture=options.picture)
    with Pool(options.workers) as pool:
        for entry, packed in zip(entries, pool.imap(convert, entries, 4), strict=True):
            if isinstance(packed, str):
                print(f"{entry.id}: {packed}", file=sys.stderr)
                continue
            meshes.append(packed)
            writer.writerow(
                {
                    "obj": f"{packed.name}.glb",
                    "category": entry.id.category,
                    "use": entry.use,
                    "creator": entry.notes.get("creator", ""),
                    "licence": entry.licence,
                }
            )
    write_pack(options.output, meshes, lines.getvalue())
    faces = sum(len(mesh.faces) for mesh in meshes)
    size = options.output.stat().st_size
    print(f"{options.output}: {len(meshes)} objects, {faces} faces, {size / 1e6:.1f} MB")


def _pack_entry(entry: MeshEntry, faces: int, picture: int) -> PackedMesh | str:
    try:
        return pack(str(entry.id), *in_unit_cube(entry), faces, picture)
    except OnetError as error:
        return str(error)


if __name__ == "__main__":
    main()
