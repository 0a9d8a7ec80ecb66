"""Files as programs in use write them, which readers of their formats take wrongly."""

import struct

import numpy as np
import pytest
import trimesh

from onet_cli.errors import SourceError
from tests.meshes.mesh_bytes import CUBE_CORNERS, CUBE_QUADS, cube_obj, load

MARK = "\ufeff"


def ply(vertices, faces, vertex="float", more="", face="", table="face"):
    head = f"ply\nformat ascii 1.0\nelement vertex {len(vertices)}\n"
    head += "".join(f"property {vertex} {axis}\n" for axis in "xyz") + more
    head += f"element {table} {len(faces)}\nproperty list uchar int vertex_indices\n{face}"
    return head + "end_header\n" + "\n".join([*vertices, *faces]) + "\n"


CORNERS = [f"{x} {y} {z}" for x, y, z in CUBE_CORNERS]
QUADS = ["4 " + " ".join(map(str, quad)) for quad in CUBE_QUADS]


@pytest.mark.parametrize(
    ("corners", "quads", "longer"),
    [
        ([f"{row} 0.5" for row in CORNERS], QUADS, "vertex"),
        (CORNERS, [f"{row} 7 8" for row in QUADS], "face"),
        ([f"{row} 0.5 1" for row in CORNERS], [f"{row} 7" for row in QUADS], "vertex and face"),
    ],
)
def test_text_rows_that_are_longer_than_declared_are_read_by_lines(corners, quads, longer):
    loaded = load("a.ply", ply(corners, quads))

    assert loaded.mesh.is_watertight
    assert loaded.mesh.volume == pytest.approx(1)
    assert loaded.warnings == (f"rows of {longer} have more numbers than the header declares",)


def test_text_rows_that_are_broken_into_lines_are_read_as_numbers():
    text = ply([row.replace(" ", "\n", 1) for row in CORNERS], QUADS)

    loaded = load("a.ply", text)

    assert loaded.mesh.is_watertight
    assert loaded.warnings == ()


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian"])
@pytest.mark.parametrize("joined", [True, False])
def test_triangle_strips_in_a_ply_are_read(order, joined):
    # Around the cube, then its two ends, one strip each.
    strips = [[0, 4, 1, 5, 3, 7, 2, 6, 0, 4], [0, 1, 2, 3], [4, 6, 5, 7]]
    if joined:
        strips = [strips[0] + [-1] + strips[1] + [-1] + strips[2]]
    text = ply(CORNERS, [f"{len(s)} " + " ".join(map(str, s)) for s in strips], table="tristrips")
    data = text.replace("uchar int", "int int").encode()
    if order != "ascii":
        head = data.partition(b"end_header\n")[0].replace(b"ascii", order.encode())
        data = head + b"end_header\n" + np.array(CUBE_CORNERS, "<f4").tobytes()
        data += b"".join(struct.pack(f"<{1 + len(s)}i", len(s), *s) for s in strips)

    mesh = load("a.ply", data).mesh

    assert len(mesh.faces) == 12
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(1)


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize(
    ("kind", "code", "colour", "expected"),
    [
        ("uchar", "B", (255, 0, 51), (255, 0, 51)),
        ("uchar", "B", (1, 0, 1), (1, 0, 1)),
        ("ushort", "H", (65535, 0, 13107), (255, 0, 51)),
        ("ushort", "H", (255, 0, 51), (255, 0, 51)),
        ("uint", "I", (2**32 - 1, 0, 858993459), (255, 0, 51)),
        ("int", "i", (255, 0, 51), (255, 0, 51)),
        ("float", "f", (1.0, 0.0, 0.2), (255, 0, 51)),
        ("float", "f", (255.0, 0.0, 51.0), (255, 0, 51)),
        ("double", "d", (1.0, 0.0, 0.2), (255, 0, 51)),
    ],
)
def test_ply_colours_of_every_type(order, kind, code, colour, expected):
    more = "".join(f"property {kind} {name}\n" for name in ("red", "green", "blue"))
    rows = [f"{row} " + " ".join(map(str, colour)) for row in CORNERS]
    data = ply(rows, QUADS, more=more).encode()
    if order != "ascii":
        mark = "<" if "little" in order else ">"
        data = data.partition(b"end_header\n")[0].replace(b"ascii", order.encode())
        data += b"end_header\n"
        data += b"".join(struct.pack(f"{mark}3f3{code}", *c, *colour) for c in CUBE_CORNERS)
        data += b"".join(struct.pack(f"{mark}B4i", 4, *quad) for quad in CUBE_QUADS)

    assert (load("a.ply", data).appearance.corner_colours == expected).all()


@pytest.mark.parametrize("name", ["vertex_index", "vertex_indices", "indices"])
def test_the_list_of_corners_may_have_another_name(name):
    text = ply(CORNERS, QUADS).replace("vertex_indices", name)

    assert load("a.ply", text).mesh.is_watertight


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_ply_lines_may_end_in_carriage_returns(ends):
    assert load("a.ply", ply(CORNERS, QUADS).replace("\n", ends).encode()).mesh.is_watertight


OFF = "OFF\n8 6 0\n" + "\n".join([*CORNERS, *QUADS])
STL = trimesh.creation.box().export(file_type="stl_ascii")


@pytest.mark.parametrize("code", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("name", "text"),
    [("a.ply", ply(CORNERS, QUADS)), ("a.off", OFF), ("a.obj", cube_obj()), ("a.stl", STL)],
)
def test_a_byte_order_mark_is_passed_over(code, name, text):
    data = (MARK + text).encode() if code == "utf-8" else text.encode("utf-16")

    assert load(name, data).mesh.is_watertight


def test_a_byte_order_mark_in_materials_is_passed_over():
    text = cube_obj("mtllib a.mtl\nusemtl red\n")

    loaded = load("a.obj", text, a_dot_mtl=MARK + "newmtl red\nKd 1 0 0\n")

    assert loaded.appearance.materials[0].colour == (255, 0, 0)


@pytest.mark.parametrize("count", [0, 0xFFFFFFFF])
@pytest.mark.parametrize("head", [b"\0" * 80, b"solid from a scanner".ljust(80)])
def test_a_streamed_binary_stl_has_as_many_faces_as_its_length(count, head):
    data = trimesh.creation.icosphere(2).export(file_type="stl")
    assert len(data) == 84 + 50 * 320

    mesh = load("a.stl", head + struct.pack("<I", count) + data[84:]).mesh

    assert mesh.is_watertight
    assert len(mesh.faces) == 320


def test_a_binary_stl_without_faces_is_refused():
    with pytest.raises(SourceError, match="has no faces"):
        load("a.stl", b"\0" * 84)


def obj(rows):
    faces = "".join("f " + " ".join(str(i + 1) for i in quad) + "\n" for quad in CUBE_QUADS)
    corners = zip(CUBE_CORNERS, rows, strict=True)
    return "".join("v {} {} {} ".format(*c) + f"{row}\n" for c, row in corners) + faces


REDS = [1.0, 0.2, 0.4, 0.6, 0.8, 0.0, 1.0, 0.2]
BYTES = [255, 51, 102, 153, 204, 0, 255, 51]


@pytest.mark.parametrize(
    "rows",
    [
        [f"{red} 0.2 0" for red in REDS],
        [f"1.0 {red} 0.2 0" for red in REDS],
        [f"1 {red} 0.2 0 1" for red in REDS],
        [f"{red} 0.2 0 1.0" for red in REDS],
        [f"{red} 51 0" for red in BYTES],
    ],
)
def test_obj_vertices_may_have_weights_colours_and_both(rows):
    loaded = load("a.obj", obj(rows))

    colours = loaded.appearance.corner_colours
    vertices = loaded.mesh.vertices[loaded.mesh.faces] @ [4, 2, 1]
    assert np.array_equal(colours[..., 0], np.array(BYTES)[vertices.astype(int)])
    assert (colours[..., 1:] == (51, 0)).all()
    assert loaded.mesh.volume == pytest.approx(1)


def test_obj_weights_alone_are_no_colours_and_do_not_move_vertices():
    loaded = load("a.obj", obj(["0.5"] * 8))

    assert loaded.appearance.corner_colours is None
    assert loaded.mesh.volume == pytest.approx(1)


def test_far_away_coordinates_are_exact():
    text = "v 5000000.123456789 -4500000.000000001 0\n" * 3
    text += "v 5000001 0 0\nv 5000000 1 0\nf 1 -2 -1\n"

    vertices = load("a.obj", text).mesh.vertices

    assert vertices[0].tolist() == [5000000.123456789, -4500000.000000001, 0]
