"""Draw the contact sheet of the renderer's page: real objects, then procedural ones.

Usage: python recipes/furniture/renders.py LIBRARIES [--output docs/images/renders.png] [--seed N]

LIBRARIES is the folder of the Sweet Home 3D libraries (Debian: /usr/share/sweethome3d). The objects
are of the Blend Swap CC-0 library, in the public domain and in the training split; each is drawn
twice with `--cameras wide`, then some with `--cameras choy`, where the light stands still.
"""

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image
from trimesh import Trimesh

from onet_cli.geometry.appearance import Appearance
from onet_cli.geometry.normalize import UnitCube
from onet_cli.meshes.clean import clean
from onet_cli.meshes.read import load_mesh
from onet_cli.meshes.transform import transform
from onet_cli.preprocessing.sources.manifest import Manifest, entries_of
from onet_cli.preprocessing.sources.meshes import MeshEntry
from onet_cli.preprocessing.views import Cameras, ViewOptions, take_views
from onet_cli.procedural.design import design

WIDE = "armchair crate fireExtinguisher oakChair beerGlass cartoon_biplane umbrella iphone"
WIDE += " glassDoorCabinet bedWithTexture barrel motorbike"
CHOY = "plasticChair oakTable desklamp led_tv shelves mofx_mailbox caballito sillaBlanca"
PROCEDURAL = 16
COLUMNS = 8

Pair = tuple[Trimesh, Appearance]


def main() -> None:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("libraries", type=Path)
    parser.add_argument("--output", type=Path, default=Path("docs/images/renders.png"))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    manifest = Manifest.read(Path(__file__).with_name("split.csv"))
    entries = {
        entry.id.name.removeprefix("Blend_Swap_CC-0_"): entry
        for entry in entries_of(manifest, options.libraries)
        if entry.licence == "CC0-1.0" and entry.use == "train"
    }
    rng = np.random.default_rng(options.seed)
    tiles: list[Image.Image] = []
    for name in WIDE.split():
        tiles += views(in_unit_cube(entries[name]), rng, "wide", 2)
    for name in CHOY.split():
        tiles += views(in_unit_cube(entries[name]), rng, "choy", 1)
    for index in range(PROCEDURAL):
        tiles += views(design(options.seed, index).mesh(), rng, "wide", 1)
    save_sheet(tiles, options.output)


def in_unit_cube(entry: MeshEntry) -> Pair:
    """Return an object's mesh and looks, placed as the catalogue says, in the unit cube."""
    loaded = clean(load_mesh(entry.files, entry.path))
    placed = entry.placement.matrix(loaded.mesh.vertices)
    cube = UnitCube.around(loaded.mesh.vertices @ placed.T)
    matrix = np.eye(4)
    matrix[:3, :3] = placed / cube.scale
    matrix[:3, 3] = -np.asarray(cube.centre) / cube.scale
    moved = transform(loaded, matrix)
    return moved.mesh, moved.appearance


def views(pair: Pair, rng: np.random.Generator, cameras: Cameras, count: int) -> list[Image.Image]:
    """Return pictures as a data set has them, before they are laid on white."""
    taken = take_views(*pair, rng, ViewOptions(count, cameras=cameras, background="transparent"))
    return [Image.open(io.BytesIO(image)) for image in taken.images]


def save_sheet(tiles: list[Image.Image], path: Path) -> None:
    """Write `tiles` in rows of `COLUMNS`."""
    edge = tiles[0].width
    sheet = Image.new("RGB", (COLUMNS * edge, -(-len(tiles) // COLUMNS) * edge), "white")
    for index, tile in enumerate(tiles):
        sheet.paste(tile, (index % COLUMNS * edge, index // COLUMNS * edge), mask=tile)
    sheet.save(path, optimize=True)


if __name__ == "__main__":
    main()
