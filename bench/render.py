"""Rendering: pictures a second on one core, and what the parts of a picture cost.

A row is one mesh: a ring of 5 000 faces with a texture and a highlight; the same ring plain; a
procedural piece with its own textures; a fine iso-surface. `views/s` is the whole way of a data
set's view: `take_views` makes 24 pictures of 137 x 137, 2 x 2 samples each, from the mesh to JPEG
bytes, normals, ambient depths and mip maps included; `wide` with new lamps and so new shadows for
every view, `choy` with one lamp that stands still, `png` as wide with a transparent background.
`prepare ms` is what a scene costs once, `raster ms` finding the face of each sample, `picture ms` a
wide picture without encoding it, `Msamples/s` the covered samples lit a second.

`embree ms` casts one ray a sample through trimesh and embree, the fastest tracer that one can
install: it finds the faces, as `raster ms` does, without light, texture or shadow.

Everything here runs in one thread, and seconds are those that the processor spent on it: a busy
machine lengthens the clock's, not these.

Usage: python bench/render.py [--size 137] [--samples 2] [--rounds 5] [--json FILE]
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import count

import numpy as np
import trimesh
from harness import Row, arguments, interleave, publish
from meshes import bench_meshes
from trimesh.ray.ray_pyembree import RayMeshIntersector

from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.camera import outline
from onet_cli.geometry.lighting import Lighting
from onet_cli.geometry.scene import Scene
from onet_cli.preprocessing.views import ViewOptions, take_views, wide_camera
from onet_cli.procedural.design import design

Pair = tuple[trimesh.Trimesh, Appearance]
VIEWS = 24


def scenes() -> dict[str, Pair]:
    ring = trimesh.creation.torus(0.35, 0.13, major_sections=50, minor_sections=50)
    picture = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    uv = (3 * ring.vertices[ring.faces][..., :2]).astype(np.float32)
    owners = np.zeros(len(ring.faces), np.int32)
    fine = bench_meshes()["iso-surface 54k"]
    return {
        "ring, textured": (ring, Appearance((Material(gloss=0.4, texture=picture),), owners, uv)),
        "ring, plain": (ring, Appearance.plain(len(ring.faces))),
        "procedural": design(7, 0).mesh(),
        "iso-surface": (fine, Appearance.plain(len(fine.faces))),
    }


def compare(name: str, pair: Pair, size: int, samples: int, rounds: int) -> Row:
    mesh, looks = pair
    scene, rng = Scene(mesh, looks), np.random.default_rng(0)
    rim = outline(np.asarray(mesh.vertices))
    cameras = [wide_camera(rim, rng, size) for _ in range(VIEWS)]
    lights = [Lighting.random(rng) for _ in range(VIEWS)]
    tracer, view, turn = RayMeshIntersector(mesh), scene._view(cameras[0], samples), count()

    def picture() -> None:
        index = next(turn) % VIEWS
        scene.render(cameras[index], size, lights[index], samples)

    def cast() -> None:
        rays = _rays(view.rays, size * samples)
        eye = np.linalg.solve(cameras[0].world[:, :3], -cameras[0].world[:, 3])
        tracer.intersects_first(np.broadcast_to(eye, rays.shape), rays)

    def views(cameras: str, background: str) -> Callable[[], object]:
        options = ViewOptions(VIEWS, size, cameras, background, samples)  # type: ignore[arg-type]
        return lambda: take_views(mesh, looks, np.random.default_rng(0), options)

    seconds = processor_seconds(
        {
            "wide": views("wide", "white"),
            "choy": views("choy", "white"),
            "png": views("wide", "transparent"),
            "prepare": lambda: Scene(mesh, looks),
            "raster": lambda: list(scene._layers(view, size * samples)),
            "picture": lambda: [picture() for _ in range(VIEWS)],
            "embree": cast,
        },
        rounds,
    )
    covered = [
        np.count_nonzero(scene.render(camera, size, samples=samples)[..., 3]) for camera in cameras
    ]
    lit = float(np.mean(covered)) * samples**2
    row: Row = {"mesh": name, "faces": len(mesh.faces)}
    row |= {f"{key} views/s": VIEWS / seconds[key] for key in ("wide", "choy", "png")}
    row |= {f"{key} ms": 1e3 * seconds[key] for key in ("prepare", "raster", "embree")}
    row |= {"picture ms": 1e3 * seconds["picture"] / VIEWS}
    return row | {"Msamples/s": lit * VIEWS / seconds["picture"] / 1e6}


def processor_seconds(
    contestants: dict[str, Callable[[], object]], rounds: int
) -> dict[str, float]:
    """Return the median seconds of the processor that each contestant takes, by turns."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}

    def timed(name: str) -> None:
        start = time.process_time()
        contestants[name]()
        taken[name].append(time.process_time() - start)

    interleave({name: partial(timed, name) for name in contestants}, rounds)
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}


def _rays(matrix: np.ndarray, fine: int) -> np.ndarray:
    """Return the directions (fine * fine, 3) of all samples' rays."""
    axis = np.arange(fine) + 0.5
    columns, rows = (plane.ravel() for plane in np.meshgrid(axis, axis))
    return np.column_stack([columns, rows, np.ones(fine * fine)]) @ matrix.T


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--size", type=int, default=137, help="pixels a side")
    parser.add_argument("--samples", type=int, default=2, help="samples a pixel, along each side")
    options = parser.parse_args()
    rows = [
        compare(name, pair, options.size, options.samples, options.rounds)
        for name, pair in scenes().items()
    ]
    publish("Rendering on one core", rows, options.json, ["trimesh", "embreex", "pillow"])


if __name__ == "__main__":
    main()
