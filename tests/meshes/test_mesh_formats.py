"""OFF, PLY, STL and glTF: the same mesh whatever the format, and clear words where it is none."""

import json
import struct

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual.material import PBRMaterial

from onet_cli.errors import SourceError
from onet_cli.meshes.read import load_mesh
from tests.meshes.mesh_bytes import CUBE_CORNERS, CUBE_QUADS, files_of, load, png

L_SHAPE = [(0, 0, 0), (2, 0, 0), (2, 1, 0), (1, 1, 0), (1, 2, 0), (0, 2, 0)]


def torus():
    return trimesh.creation.torus(1.0, 0.3, major_sections=24, minor_sections=12)


def exported(mesh, kind, **options):
    data = mesh.export(file_type=kind, **options)
    return data if isinstance(data, bytes) else data.encode()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("obj", {}),
        ("off", {}),
        ("ply", {}),
        ("ply", {"encoding": "ascii"}),
        ("stl", {}),
        ("stl_ascii", {}),
        ("glb", {}),
    ],
)
def test_every_format_gives_back_the_mesh_that_was_written(kind, options):
    expected = torus()
    name = f"torus.{kind.removesuffix('_ascii')}"

    loaded = load(name, exported(expected, kind, **options))

    mesh = loaded.mesh
    assert mesh.is_watertight
    assert len(mesh.vertices) == len(expected.vertices)
    assert len(mesh.faces) == len(expected.faces)
    assert mesh.volume == pytest.approx(expected.volume, rel=1e-5)
    assert np.allclose(mesh.triangles, expected.triangles, atol=1e-6)  # in the same order
    assert loaded.warnings == ()


# OFF


def off(head="OFF\n", corners=CUBE_CORNERS, faces=CUBE_QUADS, vertex="", face=""):
    lines = [f"{len(corners)} {len(faces)} 0"]
    lines += ["{} {} {} ".format(*corner) + vertex for corner in corners]
    lines += [f"{len(f)} " + " ".join(map(str, f)) + " " + face for f in faces]
    return head + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        off(),
        off("OFF # comment\n\n# comment\n"),
        off("OFF"),
        off("OFF "),
        off().replace("\n", "\r\n"),
        off("NOFF\n", vertex="0 0 1"),
        off("COFF\n", vertex="255 0 0 255"),
        off(face="0.5 0 0"),
        off(face="7"),
    ],
)
def test_an_off_cube_of_quads_is_closed(text):
    mesh = load("a.off", text).mesh

    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(1)


def test_off_polygons_have_no_phantom_faces():
    assert load("a.off", off(corners=L_SHAPE, faces=[range(6)])).mesh.area == pytest.approx(3)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        (off("COFF\n", vertex="255 0 51 255"), [255, 0, 51]),
        (off("COFF\n", vertex="1 0 0.2 1"), [255, 0, 51]),
        (off(vertex="255 0 51"), [255, 0, 51]),
        (off(face="255 0 51"), [255, 0, 51]),
        (off(face="1.0 0.0 0.2 0.5"), [255, 0, 51]),
        (off("CNOFF\n", vertex="0 0 1 255 0 51 255"), [255, 0, 51]),
    ],
)
def test_off_colours_are_those_of_vertices_or_faces(text, colour):
    colours = load("a.off", text).appearance.corner_colours

    assert colours.shape == (12, 3, 3)
    assert (colours == colour).all()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("solid x\n", "not an OFF file"),
        ("OFF BINARY\n", "not an OFF file"),
        ("OFF\n", "not an OFF file"),
        ("4OFF\n1 1 1\n", "not an OFF file"),
        ("OFF\n999999999999 999999999999 0\n0 0 0\n", "truncated"),
        (off()[:-20], "truncated"),
        (off(faces=[(0, 1, 8)]), "outside its 8"),
        (off(faces=[(0, 1, -1)]), "outside its 8"),
        (off().replace("\n4 0 1", "\n9 0 1"), "fewer corners than it declares"),
        (off().replace("\n4 0 1", "\n-4 0 1"), "fewer corners than it declares"),
        (off().replace("1 1 1", "1 nan 1"), "not finite"),
        (off().replace("1 1 1", "1 1"), "fewer than 3"),
        (off(faces=[]), "has no faces"),
    ],
)
def test_what_is_no_off_file_is_refused(text, reason):
    with pytest.raises(SourceError, match=reason) as caught:
        load("a.off", text)
    assert str(caught.value).startswith("a.off")


# PLY


def ply(order, corners, faces, count="uchar", vertex="", extra=()):
    head = f"ply\nformat {order} 1.0\ncomment made by hand\nelement vertex {len(corners)}\n"
    head += "property float x\nproperty float y\nproperty float z\n" + vertex
    head += f"element face {len(faces)}\nproperty uchar flag\n"
    head += f"property list {count} int vertex_indices\nproperty float weight\nend_header\n"
    if order == "ascii":
        rows = [" ".join(map(str, [*corner, *extra])) for corner in corners]
        rows += [f"7 {len(f)} " + " ".join(map(str, f)) + " 0.5" for f in faces]
        return (head + "\n".join(rows) + "\n").encode()
    mark = "<" if order == "binary_little_endian" else ">"
    code = {"uchar": "B", "int": "i", "ushort": "H"}[count]
    body = b"".join(struct.pack(mark + "3f", *c) + bytes(extra) for c in corners)
    for f in faces:
        body += struct.pack(f"{mark}B{code}{len(f)}if", 7, len(f), *f, 0.5)
    return head.encode() + body


ORDERS = ["ascii", "binary_little_endian", "binary_big_endian"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("count", ["uchar", "int", "ushort"])
def test_ply_polygons_of_one_size_and_of_many_have_no_phantom_faces(order, count):
    cube = load("a.ply", ply(order, CUBE_CORNERS, CUBE_QUADS, count)).mesh
    assert cube.is_watertight
    assert cube.volume == pytest.approx(1)

    mixed = [range(6), (0, 1, 2), (0, 2, 3, 5)]
    loaded = load("a.ply", ply(order, L_SHAPE, mixed, count))
    assert loaded.mesh.faces.shape == (7, 3)
    assert loaded.mesh.area == pytest.approx(3 + 1 + 1.5)


@pytest.mark.parametrize("order", ORDERS)
def test_ply_vertex_colours_are_kept(order):
    vertex = "property uchar red\nproperty uchar green\nproperty uchar blue\n"
    data = ply(order, CUBE_CORNERS, CUBE_QUADS, vertex=vertex, extra=(255, 0, 51))

    assert (load("a.ply", data).appearance.corner_colours == (255, 0, 51)).all()


def test_ply_face_colours_normals_and_texture_coordinates_are_kept():
    text = (
        "ply\nformat ascii 1.0\ncomment TextureFile wood.png\nelement vertex 4\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property float nx\nproperty float ny\nproperty float nz\n"
        "element face 1\nproperty list uchar int vertex_index\n"
        "property list uchar float texcoord\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n"
        "0 0 0 0 0 2\n1 0 0 0 0 2\n1 1 0 0 0 2\n0 1 0 0 0 2\n"
        "4 0 1 2 3 8 0 0 1 0 1 1 0 1 9 8 7\n"
    )
    pixels = np.full((2, 2, 3), 99)

    loaded = load_mesh(files_of({"a.ply": text, "wood.png": png(pixels)}), "a.ply")

    looks = loaded.appearance
    assert np.allclose(looks.uv, loaded.mesh.vertices[loaded.mesh.faces][..., :2])
    assert (looks.normals == (0, 0, 1)).all()
    assert (looks.corner_colours == (9, 8, 7)).all()
    assert np.array_equal(looks.materials[0].texture, pixels)


def test_ply_picture_by_vertex_coordinates_survives_an_export():
    mesh = trimesh.creation.box()
    uv = np.random.default_rng(0).random((len(mesh.vertices), 2))
    picture = Image.fromarray(np.full((2, 2, 3), 50, np.uint8))
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, image=picture)

    looks = load("a.ply", exported(mesh, "ply")).appearance

    assert np.allclose(looks.uv, uv[mesh.faces], atol=1e-6)


def _lying(data, old, new):
    assert old in data
    return data.replace(old, new)


BINARY = ply("binary_little_endian", CUBE_CORNERS, CUBE_QUADS)
TEXT = ply("ascii", CUBE_CORNERS, CUBE_QUADS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"plywood\n", "not a PLY file"),
        (b"ply\nformat ascii 1.0\n", "not a PLY file"),
        (_lying(BINARY, b"format binary_little_endian 1.0\n", b""), "not a PLY file"),
        (_lying(BINARY, b"property float x", b"property quad x"), "not a PLY file"),
        (_lying(BINARY, b"element vertex 8", b"element vertex -8"), "not a PLY file"),
        (_lying(BINARY, b"element vertex 8", b"element vertex 8888888888888"), "truncated"),
        (_lying(BINARY, b"element face 6", b"element face 4000000000"), "truncated"),
        (_lying(TEXT, b"element face 6", b"element face 4000000000"), "truncated"),
        (BINARY[:-1], "truncated"),
        (TEXT[:-9], "truncated"),
        (_lying(BINARY, b"uchar int vertex", b"int int vertex"), "truncated"),
        (_lying(BINARY, b"element face 6", b"element edge 6"), "has no faces"),
        (_lying(TEXT, b"1 1 1\n", b"1 nan 1\n"), "not finite"),
        (_lying(TEXT, b"7 4 0 1 3 2", b"7 4 0 1 8 2"), "outside its 8"),
        (_lying(TEXT, b"7 4 0 1 3 2", b"7 4 0 1 nan 2"), "outside its 8"),
        (_lying(TEXT, b"7 4 0 1 3 2", b"7 4 0 1 x 2"), "does not consist of numbers"),
    ],
)
def test_what_is_no_ply_file_is_refused_without_much_memory(data, reason):
    with pytest.raises(SourceError, match=reason) as caught:
        load("a.ply", data)
    assert str(caught.value).startswith("a.ply")


# STL


def test_an_stl_on_one_line_in_capitals_is_read():
    text = exported(torus(), "stl_ascii").decode()

    for variant in (text.upper(), " ".join(text.split())):
        assert load("a.stl", variant).mesh.is_watertight


def test_a_binary_stl_that_begins_like_a_text_or_has_more_at_its_end_is_read():
    data = exported(torus(), "stl")

    assert load("a.stl", b"solid " + data[6:]).mesh.is_watertight
    assert load("a.stl", data + b"\0\0").mesh.is_watertight


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"What is this?\n" * 40, "not an STL file"),
        (b"solid nothing\nendsolid\n", "has no faces"),
        (b"solid x\nfacet\nouter loop\nvertex 1 2 3\nvertex 1 2", "cannot be read"),
        (b"solid x\nvertex 1 2 3\nvertex 1 x 3\nvertex 0 0 0\n", "does not consist of numbers"),
        (b"\0" * 80 + b"\xfe" * 4 + b"\0" * 50, "truncated"),
        (exported(torus(), "stl")[:-1], "truncated"),
        (b"\0" * 80 + struct.pack("<I12fH", 1, *[np.nan] * 12, 0), "not finite"),
    ],
)
def test_what_is_no_stl_file_is_refused_without_much_memory(data, reason):
    with pytest.raises(SourceError, match=reason) as caught:
        load("a.stl", data)
    assert str(caught.value).startswith("a.stl")


# glTF


def with_header(glb, change):
    """Return a GLB whose JSON `change` has edited."""
    length = int.from_bytes(glb[12:16], "little")
    header = json.loads(glb[20 : 20 + length])
    change(header)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    rest = glb[20 + length :]
    head = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A)
    return head + text + rest


def test_the_parts_of_a_scene_stand_where_they_are_put_mirrored_ones_right_side_out():
    scene = trimesh.Scene()
    box = trimesh.creation.box((1, 2, 3))
    scene.add_geometry(box, geom_name="box", transform=np.diag([-2.0, 1, 1, 1]))
    scene.add_geometry(
        box, geom_name="box", transform=trimesh.transformations.translation_matrix((9, 0, 0))
    )

    loaded = load("a.glb", exported(scene, "glb"))

    assert loaded.mesh.volume == pytest.approx(6 * 2 + 6)
    assert np.allclose(loaded.mesh.bounds, [[-1, -1, -1.5], [9.5, 1, 1.5]])


def test_a_glb_material_keeps_picture_coordinates_and_factor():
    mesh = trimesh.creation.box()
    uv = np.random.default_rng(0).random((len(mesh.vertices), 2))
    pixels = np.full((4, 2, 3), 200, np.uint8)
    pixels[0] = 10
    material = PBRMaterial(
        baseColorTexture=Image.fromarray(pixels), roughnessFactor=0.25, baseColorFactor=[255] * 4
    )
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, material=material)

    looks = load("a.glb", exported(mesh, "glb")).appearance

    assert np.array_equal(looks.materials[0].texture, pixels)
    assert looks.materials[0].gloss == pytest.approx(0.75)
    assert np.allclose(looks.uv, uv[mesh.faces], atol=1e-6)


@pytest.mark.parametrize("generator", ["https://github.com/mikedh/trimesh", "Blender"])
def test_glb_colours_are_linear_unless_trimesh_wrote_them(generator):
    mesh = trimesh.creation.box()
    material = PBRMaterial(baseColorFactor=[128, 0, 255, 64], alphaMode="BLEND")
    mesh.visual = trimesh.visual.TextureVisuals(material=material)
    data = with_header(
        exported(mesh, "glb"), lambda header: header["asset"].update(generator=generator)
    )

    (material,) = load("a.glb", data).appearance.materials

    assert material.colour == ((128, 0, 255) if "trimesh" in generator else (188, 0, 255))
    assert material.opacity == pytest.approx(64 / 255, abs=0.003)


def test_parts_with_and_without_vertex_colours_are_joined():
    red, plain = trimesh.creation.box(), trimesh.creation.icosphere(subdivisions=1)
    red.visual.vertex_colors = [255, 0, 0, 255]
    plain.visual = trimesh.visual.TextureVisuals(
        material=PBRMaterial(baseColorFactor=[0, 255, 0, 255])
    )
    data = exported(trimesh.Scene([red, plain]), "glb")

    looks = load("a.glb", data).appearance

    assert (looks.corner_colours[:12] == (255, 0, 0)).all()
    assert (looks.corner_colours[12:] == (0, 255, 0)).all()
    assert looks.material_of_face.tolist() == [0] * 12 + [1] * 80


def test_normals_in_a_glb_are_kept():
    mesh = trimesh.creation.icosphere(subdivisions=2)
    normals = mesh.vertices.copy()

    looks = load("a.glb", exported(mesh, "glb", include_normals=True)).appearance

    assert np.allclose(looks.normals, normals[mesh.faces], atol=0.02)
    assert load("a.glb", exported(mesh, "glb", include_normals=False)).appearance.normals is None


def test_a_gltf_finds_its_files_in_the_source():
    written = trimesh.exchange.gltf.export_gltf(trimesh.Scene([torus()]))
    files = files_of({f"m/{name}": bytes(data) for name, data in written.items()})

    assert load_mesh(files, "m/model.gltf").mesh.is_watertight


@pytest.mark.parametrize("uri", ["../../etc/passwd", "/etc/passwd", "gone.bin"])
def test_a_glb_that_leads_outside_is_refused(uri):
    data = with_header(
        exported(torus(), "glb"), lambda header: header["buffers"][0].update(uri=uri)
    )
    files = files_of({"m/a.glb": data})

    with pytest.raises(SourceError, match=f"a.glb is not a readable glTF file: {uri} is missing"):
        load_mesh(files, "m/a.glb")
    assert not any(".." in name or name.startswith("/") for name in files.asked)


def test_a_glb_without_one_of_its_pictures_warns():
    mesh = trimesh.creation.box()
    mesh.visual = trimesh.visual.TextureVisuals(
        uv=np.zeros((len(mesh.vertices), 2)),
        material=PBRMaterial(baseColorTexture=Image.new("RGB", (2, 2))),
    )
    data = exported(mesh, "glb")

    def outside(header):
        header["images"][0] = {"uri": "../wood.png"}

    loaded = load("a.glb", with_header(data, outside))

    assert loaded.warnings == ("texture '../wood.png' is missing",)
    assert loaded.appearance.materials[0].texture is None
    damaged = data.replace(b"IDAT", b"IDOT")
    assert load("a.glb", damaged).warnings == ("a texture cannot be decoded",)


def absurd(header):
    header["accessors"][0]["count"] = 10**12


def compressed(header):
    header["extensionsRequired"] = ["KHR_draco_mesh_compression"]


def pointless(header):
    header["meshes"] = []
    header["nodes"] = []


GLB = exported(torus(), "glb")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"glTF", "not a readable glTF"),
        (b"{}", "not a readable glTF"),
        (b"[1, 2]", "not a readable glTF"),
        (b"just text", "not a readable glTF"),
        (GLB[:-7], "not a readable glTF"),
        (GLB[:90], "not a readable glTF"),
        (with_header(GLB, absurd), "exceeds its buffer view"),
        (with_header(GLB, compressed), "compressed"),
        (with_header(GLB, pointless), "a.glb"),
    ],
)
def test_what_is_no_glb_is_refused(data, reason):
    with pytest.raises(SourceError, match=reason) as caught:
        load("a.glb", data)
    assert str(caught.value).startswith("a.glb")


# all


@pytest.mark.parametrize("suffix", ["obj", "off", "ply", "stl", "glb", "gltf", "3mf"])
def test_files_that_are_absent_empty_or_noise_are_refused(suffix):
    noise = np.random.default_rng(1).integers(0, 256, 4000).astype(np.uint8).tobytes()
    name = f"a.{suffix}"
    with pytest.raises(SourceError, match=f"{name} does not exist"):
        load_mesh(files_of({}), name)
    for data in (b"", noise):
        with pytest.raises(SourceError, match=f"^{name} "):
            load(name, data)


def test_a_suffix_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(SourceError, match=r"a\.xyz is not in a supported mesh format") as caught:
        load("a.xyz", "x")
    assert ".obj" in caught.value.hint


@pytest.mark.parametrize("kind", ["off", "ply", "stl", "glb"])
def test_a_file_cut_anywhere_is_loaded_or_refused_but_never_crashes(kind):
    data = exported(trimesh.creation.box(), kind)
    for length in range(0, len(data), 7):
        try:
            loaded = load(f"a.{kind}", data[:length])
        except SourceError:
            continue
        assert np.isfinite(loaded.mesh.vertices).all()


@pytest.mark.parametrize("kind", ["obj", "off", "ply", "stl", "glb"])
def test_a_file_with_a_wrong_byte_is_loaded_or_refused_but_never_crashes(kind):
    data = bytearray(exported(trimesh.creation.box(), kind))
    random = np.random.default_rng(0)
    for place in random.integers(0, len(data), 150):
        old, data[place] = data[place], random.integers(0, 256)
        try:
            loaded = load(f"a.{kind}", bytes(data))
            assert np.isfinite(loaded.mesh.vertices).all()
        except SourceError:
            pass
        data[place] = old
