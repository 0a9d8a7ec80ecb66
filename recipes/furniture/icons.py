"""Make meshes from the catalogue's own icons of the test objects: pictures by another renderer.

Usage: python recipes/furniture/icons.py LIBRARIES MESHES [--checkpoint furniture]
       onet evaluate DATA --predictions MESHES

LIBRARIES is the folder that DATA was made from by prepare.sh. An icon of which no mesh can be made
is named and left out, and so counts as failed in the evaluation.
"""

import argparse
from pathlib import Path

from onet_cli.errors import OnetError
from onet_cli.meshes.write import write_mesh
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.preprocessing.sources.manifest import Manifest, entries_of
from onet_cli.reconstruction.batch import reconstruct


def main() -> None:
    """Read the command line and write the meshes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", type=Path)
    parser.add_argument("meshes", type=Path)
    parser.add_argument("--checkpoint", default="furniture")
    asked = parser.parse_args()
    manifest = Manifest.read(Path(__file__).with_name("split.csv"))
    checkpoint = load_checkpoint(asked.checkpoint, "cpu")
    pairs = zip(manifest.wanted(), entries_of(manifest, asked.libraries), strict=True)
    made = failed = 0
    for row, entry in pairs:
        if entry.use != "test":
            continue
        try:
            result = reconstruct(entry.files.read(row["icon"]), checkpoint, confidence=False)
        except (OnetError, OSError) as error:
            print(f"{entry.id}: {error}")
            failed += 1
            continue
        target = asked.meshes / entry.id.category / f"{entry.id.name}.ply"
        target.parent.mkdir(parents=True, exist_ok=True)
        write_mesh(result.mesh, target)
        made += 1
    print(f"{asked.meshes}: {made} meshes, {failed} icons without one")


if __name__ == "__main__":
    main()
