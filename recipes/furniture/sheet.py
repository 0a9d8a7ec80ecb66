"""Draw what a model makes of every test object: photo, mesh made from it, truth.

Usage: python recipes/furniture/sheet.py DATA LIBRARIES MESHES OUTPUT.png [--view 0] [--columns 6]

DATA is the data set of prepare.sh, LIBRARIES the folder that it was made from, and MESHES what
`onet evaluate DATA --view N --meshes MESHES` kept. An empty middle means that there is no mesh.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from trimesh import Trimesh

from onet_cli.geometry.camera import Camera, fit_distance
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.normalize import UnitCube
from onet_cli.geometry.render import on_white, render
from onet_cli.meshes.clean import clean
from onet_cli.meshes.read import load_mesh, read_mesh
from onet_cli.preprocessing.sources.manifest import Manifest, entries_of
from onet_cli.preprocessing.sources.meshes import MeshEntry
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore

SIZE, GAP, CAPTION = 112, 8, 12
COLOURS = 256
FOCAL, FILL, ELEVATION_DEG, AZIMUTH_DEG = 1.8, 0.92, 20.0, 35.0


def picture(mesh: Trimesh | None) -> Image.Image:
    """Return a shaded view of `mesh`, in the unit cube, or white."""
    if mesh is None or len(mesh.faces) == 0:
        return Image.new("RGB", (SIZE, SIZE), "white")
    turn = Camera.orbit(AZIMUTH_DEG, ELEVATION_DEG, 1.0, SIZE).world[:, :3]
    distance = fit_distance(np.asarray(mesh.vertices) @ turn.T, FILL, FOCAL)
    camera = Camera.orbit(AZIMUTH_DEG, ELEVATION_DEG, distance, SIZE, FOCAL * SIZE)
    return Image.fromarray(on_white(render(mesh, camera, SIZE)))


def truths(libraries: Path) -> dict[ShapeId, Trimesh]:
    """Return the mesh of every test object, in the unit cube."""
    manifest = Manifest.read(Path(__file__).parent / "split.csv")
    entries = [entry for entry in entries_of(manifest, libraries) if entry.use == "test"]
    return {entry.id: load(entry) for entry in entries}


def load(entry: MeshEntry) -> Trimesh:
    """Return the mesh of `entry`, placed and in the unit cube."""
    mesh = clean(load_mesh(entry.files, entry.path)).mesh
    placed = mesh.vertices @ entry.placement.matrix(mesh.vertices).T
    return make_mesh(UnitCube.around(placed).to_unit(placed), mesh.faces)


def triple(
    store: ShapeStore, shape: ShapeId, view: int, meshes: Path, truth: Trimesh
) -> Image.Image:
    """Return photo, prediction and truth side by side over the name."""
    strip = Image.new("RGB", (3 * SIZE, SIZE + CAPTION), "white")
    photo = Image.fromarray(decode_view(store.read_view(shape, view)))
    made = meshes / shape.category / shape.name / f"{view:02}.ply"
    pictures = (photo, picture(read_mesh(made) if made.is_file() else None), picture(truth))
    for place, drawn in enumerate(pictures):
        strip.paste(drawn.resize((SIZE, SIZE), Image.Resampling.LANCZOS), (place * SIZE, 0))
    ImageDraw.Draw(strip).text((4, SIZE), str(shape)[:52], fill=(90, 90, 90))
    return strip


def main() -> None:
    """Read the command line and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("data", "libraries", "meshes", "output"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--view", type=int, default=0)
    parser.add_argument("--columns", type=int, default=4)
    asked = parser.parse_args()
    store, found = ShapeStore.open(asked.data), truths(asked.libraries)
    shapes = sorted(store.ids("test"), key=str)
    width, height = 3 * SIZE + GAP, SIZE + CAPTION
    rows = -(-len(shapes) // asked.columns)
    paper = Image.new("RGB", (asked.columns * width, rows * height), "white")
    for place, shape in enumerate(shapes):
        row, column = divmod(place, asked.columns)
        strip = triple(store, shape, asked.view, asked.meshes, found[shape])
        paper.paste(strip, (column * width, row * height))
    paper.quantize(COLOURS).save(asked.output, optimize=True)


if __name__ == "__main__":
    main()
