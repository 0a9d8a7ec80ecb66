"""Meshes that are likely to be slow, each a small set of files, drawn from a seed.

`size` is 1 for what a person might really have at worst; counts shrink with it, so that a sample
of 0.01 takes seconds.
"""

import io
from collections.abc import Callable

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image

Points = NDArray[np.float64]
Faces = NDArray[np.int64]
Files = dict[str, bytes]
Random = np.random.Generator


def _ply(points: Points, faces: Faces) -> Files:
    """Return a binary PLY of triangles, its coordinates as doubles."""
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(points)}\n"
        "property double x\nproperty double y\nproperty double z\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    rows = np.zeros(len(faces), dtype=[("count", "u1"), ("corners", "<i4", 3)])
    rows["count"], rows["corners"] = 3, faces
    body = np.ascontiguousarray(points, dtype="<f8").tobytes() + rows.tobytes()
    return {"m.ply": head.encode() + body}


def _mesh(mesh: trimesh.Trimesh) -> Files:
    return _ply(np.asarray(mesh.vertices), np.asarray(mesh.faces))


def _polygons(points: Points, polygons: list[NDArray[np.int64]]) -> Files:
    """Return an OFF file of polygons."""
    lines = [f"OFF {len(points)} {len(polygons)} 0"]
    lines += [f"{x:.9g} {y:.9g} {z:.9g}" for x, y, z in points.tolist()]
    lines += [f"{len(each)} {' '.join(map(str, each.tolist()))}" for each in polygons]
    return {"m.off": ("\n".join(lines) + "\n").encode()}


def _flat(x: Points, y: Points) -> Files:
    """Return one polygon in the plane, with a tip above it, so that the object has an extent."""
    points = np.column_stack([x, y, 0 * x])
    tip = points.mean(axis=0, keepdims=True) + np.array([0, 0, 0.5])
    points = np.vstack([points, tip])
    return _polygons(points, [np.arange(len(x)), np.array([0, 1, len(x)])])


def _copies(mesh: trimesh.Trimesh, offsets: Points, scales: Points | float = 1.0) -> Files:
    """Return copies of a mesh, scaled, then moved."""
    points, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    scales = np.broadcast_to(scales, len(offsets))
    moved = points * scales[:, None, None] + offsets[:, None]
    starts = len(points) * np.arange(len(offsets))[:, None, None]
    return _ply(moved.reshape(-1, 3), (faces + starts).reshape(-1, 3))


def _count(size: float, count: int, least: int = 4) -> int:
    return max(least, round(size * count))


def _soup(count: int) -> Callable[[Random, float], Files]:
    """Return a maker of `count` triangles with random corners: all of them cross many others."""

    def make(rng: Random, size: float) -> Files:
        points = rng.random((3 * _count(size, count), 3))
        return _ply(points, np.arange(len(points)).reshape(-1, 3))

    return make


def _sphere(faces: int, change: Callable[[Random, Points], Points]) -> Callable[..., Files]:
    """Return a maker of a sphere of about `faces` faces whose vertices `change` moves."""

    def make(rng: Random, size: float) -> Files:
        level = max(1, round(np.log(size * faces / 20) / np.log(4)))
        ball = trimesh.creation.icosphere(subdivisions=level)
        return _ply(change(rng, np.asarray(ball.vertices)), np.asarray(ball.faces))

    return make


def _random_polygon(rng: Random, size: float) -> Files:
    x, y = rng.random((2, _count(size, 2**15)))
    return _flat(x, y)


def _random_polygons(rng: Random, size: float) -> Files:
    points = rng.random((_count(size, 400_000, 100), 3))
    return _polygons(points, np.array_split(np.arange(len(points)), max(1, len(points) // 2000)))


def _star(rng: Random, size: float) -> Files:
    count = _count(size, 2**15, 8) // 2 * 2
    turns, radii = np.arange(count) * 2 * np.pi / count, np.where(np.arange(count) % 2, 1.0, 0.2)
    return _flat(radii * np.cos(turns), radii * np.sin(turns))


def _spiral(rng: Random, size: float) -> Files:
    count = _count(size, 2**14)
    turns = np.linspace(0, 60 * np.pi, count)
    radii = np.concatenate([turns + 1, turns[::-1] + 3])
    turns = np.concatenate([turns, turns[::-1]])
    return _flat(radii * np.cos(turns), radii * np.sin(turns))


def _comb(rng: Random, size: float) -> Files:
    teeth = np.arange(_count(size, 2**14 - 2))
    x = np.concatenate([np.repeat(teeth, 2)[1:], [teeth[-1], 0]]).astype(float)
    y = np.concatenate([np.tile([0.0, 1.0], len(teeth))[1:], [-1.0, -1.0]])
    return _flat(x / len(teeth), y)


def _line(rng: Random, size: float) -> Files:
    x = rng.random(_count(size, 2**15))
    return _flat(x, 0.5 * x)


def _same_polygons(rng: Random, size: float) -> Files:
    turns = np.arange(1000) * 2 * np.pi / 1000
    points = np.column_stack([np.cos(turns), np.sin(turns), np.cos(3 * turns)])
    return _polygons(points, [np.arange(1000)] * _count(size, 1000))


def _needles(rng: Random, size: float) -> Files:
    starts, ends = rng.random((2, _count(size, 20_000), 3))
    points = np.stack([starts, ends, ends + 1e-5], axis=1).reshape(-1, 3)
    return _ply(points, np.arange(len(points)).reshape(-1, 3))


def _two_hubs(rng: Random, size: float) -> Files:
    count = _count(size, 200_000)
    turns, rim = np.arange(count) * 2 * np.pi / count, np.arange(count)
    points = np.column_stack([np.cos(turns), 0 * turns, np.sin(turns)])
    points = np.vstack([points, [(0, 1, 0), (0, -1, 0)]])
    following = (rim + 1) % count
    upper = np.column_stack([following, rim, np.full(count, count)])
    lower = np.column_stack([rim, following, np.full(count, count + 1)])
    return _ply(points, np.vstack([upper, lower]))


def _book(rng: Random, size: float) -> Files:
    points = np.vstack([[(0, 0, 0), (0, 1, 0)], rng.random((_count(size, 50_000), 3))])
    pages = np.arange(2, len(points))
    return _ply(points, np.column_stack([0 * pages, 0 * pages + 1, pages]))


def _same_face(rng: Random, size: float) -> Files:
    return _ply(rng.random((3, 3)), np.tile(np.arange(3), (_count(size, 500_000), 1)))


def _same_box(rng: Random, size: float) -> Files:
    return _copies(trimesh.creation.box(), np.zeros((_count(size, 20_000), 3)))


def _both_sides(rng: Random, size: float) -> Files:
    ball = trimesh.creation.icosphere(subdivisions=max(1, round(6 + np.log(size) / np.log(4))))
    faces = np.asarray(ball.faces)
    return _ply(np.asarray(ball.vertices), np.vstack([faces, faces[:, ::-1]]))


def _stacked_squares(rng: Random, size: float) -> Files:
    count = _count(size, 20_000)
    corners = np.array([(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)], float)
    offsets = rng.random((count, 1, 3)) * (0.3, 0, 0.3)
    faces = np.array([(0, 1, 2), (0, 2, 3)]) + 4 * np.arange(count)[:, None, None]
    return _ply((corners + offsets).reshape(-1, 3), faces.reshape(-1, 3))


def _tiny_parts(rng: Random, size: float) -> Files:
    part = trimesh.creation.icosphere(subdivisions=0, radius=0.002)
    return _copies(part, rng.random((_count(size, 50_000), 3)))


def _overlapping_balls(rng: Random, size: float) -> Files:
    part = trimesh.creation.icosphere(subdivisions=1, radius=0.1)
    return _copies(part, rng.random((_count(size, 5000), 3)))


def _shells(rng: Random, size: float) -> Files:
    count = _count(size, 300)
    part = trimesh.creation.icosphere(subdivisions=3)
    return _copies(part, np.zeros((count, 3)), np.linspace(0.01, 1, count))


def _boxes_in_boxes(rng: Random, size: float) -> Files:
    count = _count(size, 5000)
    return _copies(trimesh.creation.box(), np.zeros((count, 3)), np.linspace(0.01, 1, count))


def _chain(rng: Random, size: float) -> Files:
    steps = np.linspace(0, 1, _count(size, 20_000))
    turns = 40 * np.pi * steps
    offsets = np.column_stack([np.cos(turns), 4 * steps, np.sin(turns)])
    return _copies(trimesh.creation.box((0.05, 0.05, 0.05)), offsets)


def _touching_boxes(rng: Random, size: float) -> Files:
    side = np.arange(max(2, round(32 * size ** (1 / 3))))
    return _copies(
        trimesh.creation.box(), np.stack(np.meshgrid(side, side, side), -1).reshape(-1, 3)
    )


def _sheet(rng: Random, size: float) -> Files:
    side = max(4, round(600 * size**0.5))
    x, z = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side), indexing="ij")
    points = np.column_stack([x.ravel(), 0.1 * np.sin(40 * x * z).ravel(), z.ravel()])
    first = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    halves = [(first, first + 1, first + side), (first + 1, first + side + 1, first + side)]
    return _ply(points, np.vstack([np.column_stack(half) for half in halves]))


def _sponge(rng: Random, size: float) -> Files:
    level = 3 if size == 1 else 2
    cells = np.ones((1, 1, 1), bool)
    block = np.add.outer(np.add.outer([0, 1, 0], [0, 1, 0]), [0, 1, 0]) < 2
    for _ in range(level):
        cells = np.kron(cells, block).astype(bool)
    return _copies(trimesh.creation.box(), np.argwhere(cells).astype(float))


def _knot(rng: Random, size: float) -> Files:
    count, sides = _count(size, 20_000, 40), 16
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    middle = np.column_stack([np.sin(31 * t), np.cos(37 * t), np.sin(41 * t)])
    turn = np.arange(sides) * 2 * np.pi / sides
    ring = 0.1 * np.column_stack([np.cos(turn), np.sin(turn), 0 * turn])
    points = (middle[:, None] + ring).reshape(-1, 3)
    first = (np.arange(count)[:, None] * sides + np.arange(sides)).ravel()
    beside = first - first % sides + (first % sides + 1) % sides
    halves = [(first, beside, first + sides), (beside, beside + sides, first + sides)]
    return _ply(points, np.vstack([np.column_stack(half) for half in halves]) % len(points))


def _hair(rng: Random, size: float) -> Files:
    roots = rng.normal(size=(_count(size, 50_000), 3))
    roots /= np.linalg.norm(roots, axis=1, keepdims=True)
    ends = 1.5 * roots + 0.2 * rng.normal(size=roots.shape)
    points = np.stack([roots, roots + 0.001, ends], axis=1).reshape(-1, 3)
    return _ply(points, np.arange(len(points)).reshape(-1, 3))


def _loose_points(rng: Random, size: float) -> Files:
    ball = trimesh.creation.icosphere(subdivisions=3)
    points = np.vstack([ball.vertices, rng.normal(size=(_count(size, 3_000_000), 3))])
    return _ply(points, np.asarray(ball.faces))


def _far_face(rng: Random, size: float) -> Files:
    ball = trimesh.creation.icosphere(subdivisions=5)
    count = len(ball.vertices)
    points = np.vstack([ball.vertices, [(1e6, 0, 0), (1e6, 1, 0), (1e6, 0, 1)]])
    return _ply(points, np.vstack([ball.faces, [(count, count + 1, count + 2)]]))


def _picture(edge: int) -> bytes:
    """Return a PNG of `edge` pixels a side that packs well."""
    ramp = np.arange(edge) * 255 // max(1, edge - 1)
    pixels = np.zeros((edge, edge, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = ramp, ramp[:, None]
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _painted(
    materials: int, textures: int, edge: int, repeat: float
) -> Callable[[Random, float], Files]:
    """Return a maker of a textured sphere of many materials, its OBJ with an MTL and pictures."""

    def make(rng: Random, size: float) -> Files:
        count = _count(size, materials, 1)
        pictures = min(count, textures)
        ball = trimesh.creation.icosphere(subdivisions=5 if size == 1 else 3)
        uv = repeat * rng.random((len(ball.vertices), 2))
        lines = ["mtllib a.mtl"]
        lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in ball.vertices.tolist()]
        lines += [f"vt {u:.6f} {v:.6f}" for u, v in uv.tolist()]
        for number, part in enumerate(np.array_split(np.asarray(ball.faces) + 1, count)):
            lines.append(f"usemtl c{number}")
            lines += [f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in part.tolist()]
        told = []
        for number in range(count):
            told += [f"newmtl c{number}", f"Kd {number % 7 / 7:.3f} 0.5 0.4"]
            told += [f"map_Kd {number % pictures}.png"] if pictures else []
        image = _picture(max(4, round(edge * size)))
        files = {f"{number}.png": image for number in range(pictures)}
        texts = {"m.obj": lines, "a.mtl": told}
        return files | {name: "\n".join([*text, ""]).encode() for name, text in texts.items()}

    return make


def _panes(rng: Random, size: float) -> Files:
    count = _count(size, 1000)
    lines = ["mtllib a.mtl", "usemtl glass"]
    for z in np.linspace(0, 1, count).tolist():
        lines += [f"v {x} {y} {z:.6f}" for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
        lines.append("f -4 -3 -2 -1")
    lines.append("")
    return {"m.obj": "\n".join(lines).encode(), "a.mtl": b"newmtl glass\nKd 1 0 0\nd 0.01\n"}


def _noisy(rng: Random, points: Points) -> Points:
    return points * (1 + rng.normal(size=(len(points), 1)))


def _shuffled(rng: Random, points: Points) -> Points:
    return points[rng.permutation(len(points))]


def _bits(rng: Random, points: Points) -> Points:
    """Return points of very different scales: their differences take many digits to tell."""
    return points * 10.0 ** rng.uniform(-300, 0, (len(points), 1))


MAKERS: dict[str, Callable[[Random, float], Files]] = {
    "polygon of 32,768 random corners": _random_polygon,
    "200 polygons of 2000 random corners": _random_polygons,
    "star of 32,768 corners": _star,
    "spiral of 32,768 corners": _spiral,
    "comb of 32,766 corners": _comb,
    "polygon of 32,768 corners on a line": _line,
    "1000 coincident polygons of 1000 corners": _same_polygons,
    "3000 random triangles": _soup(3000),
    "30,000 random triangles": _soup(30_000),
    "300,000 random triangles": _soup(300_000),
    "20,000 long needles": _needles,
    "two vertices of 200,000 faces each": _two_hubs,
    "edge of 50,000 faces": _book,
    "500,000 coincident faces": _same_face,
    "20,000 coincident boxes": _same_box,
    "sphere of 82,000 faces, each twice": _both_sides,
    "20,000 squares in a plane": _stacked_squares,
    "50,000 tiny parts": _tiny_parts,
    "5000 overlapping balls": _overlapping_balls,
    "300 nested spheres": _shells,
    "5000 nested boxes": _boxes_in_boxes,
    "chain of 20,000 boxes": _chain,
    "32,768 touching boxes": _touching_boxes,
    "sheet of 717,000 faces": _sheet,
    "sponge of 8000 boxes": _sponge,
    "tube of 640,000 faces through itself": _knot,
    "50,000 hairs": _hair,
    "sphere of 1.3 million faces": _sphere(1_310_720, lambda rng, points: points),
    "sphere of 82,000 faces, radii random": _sphere(81_920, _noisy),
    "sphere of 82,000 faces, vertices shuffled": _sphere(81_920, _shuffled),
    "sphere of 82,000 faces, 1e300 wide": _sphere(81_920, lambda rng, points: 1e300 * points),
    "sphere of 82,000 faces, 1e-300 wide": _sphere(81_920, lambda rng, points: 1e-300 * points),
    "sphere of 82,000 faces, 300 scales": _sphere(81_920, _bits),
    "sphere, and 3 million loose points": _loose_points,
    "sphere, and a face a million radii away": _far_face,
    "texture of 8192 pixels, repeated 100 times": _painted(1, 1, 8192, 100.0),
    "500 textures of 1024 pixels": _painted(500, 500, 1024, 1.0),
    "20,000 materials": _painted(20_000, 0, 4, 1.0),
    "1000 panes of glass": _panes,
}
"""What makes the files of each mesh from random numbers and a size."""


def make_files(name: str, seed: int = 0, size: float = 1.0) -> Files:
    """Return the files of the mesh `name`; the one called `m` is the mesh, the others belong to it.

    Equal arguments give equal files.
    """
    return MAKERS[name](np.random.default_rng([seed, *name.encode()]), size)


def mesh_name(files: Files) -> str:
    """Return the name of the mesh among its files."""
    return next(name for name in files if name.startswith("m."))
