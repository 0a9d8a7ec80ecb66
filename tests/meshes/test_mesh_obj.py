"""OBJ files: every form of face, and materials where they belong."""

import numpy as np
import pytest

from onet_cli.errors import SourceError
from onet_cli.geometry.appearance import DEFAULT_COLOUR
from onet_cli.meshes.read import load_mesh
from tests.meshes.mesh_bytes import cube_obj, files_of, load, png

SQUARE = "v 0 0 0\nv 2 0 0\nv 2 1 0\nv 0 1 0\n"


def test_a_cube_of_quads_is_closed_and_turns_outwards():
    mesh = load("cube.obj", cube_obj()).mesh

    assert mesh.faces.shape == (12, 3)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(1)


@pytest.mark.parametrize(
    "face",
    [
        "f 1 2 3 4",
        "f 1/1 2/2 3/3 4/4",
        "f 1//1 2//1 3//1 4//1",
        "f 1/1/1 2/2/1 3/3/1 4/4/1",
        "f -4/-4/-1 -3/-3/-1 -2/-2/-1 -1/-1/-1",
        "f 1/ 2/ 3/ 4/",
        "f 1// 2// 3// 4//",
        "f 1/1/ 2/2/ 3/3/ 4/4/",
        "f 1 2/2 3//1 4/4/1",
        "f\t1 2\\\n 3   4",
        "  f 1 2 3 4  # a square",
        "f 1 2 3 4\r",
    ],
)
def test_every_form_of_a_face_gives_the_same_square(face):
    text = SQUARE + "vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nvn 0 0 2\n" + face + "\n"

    loaded = load("a.obj", text)

    assert loaded.mesh.area == pytest.approx(2)
    assert np.allclose(loaded.mesh.face_normals, (0, 0, 1))
    looks = loaded.appearance
    if "/1" in face or "/-1" in face:
        assert looks.normals is None or np.allclose(looks.normals, (0, 0, 1))
    if looks.uv is not None and face.count("/") >= 4 and "f 1 2/2" not in face:
        places = loaded.mesh.vertices[loaded.mesh.faces][..., :2] / (2, 1)
        assert np.allclose(looks.uv, places)


def test_negative_indices_count_back_from_their_own_line():
    text = SQUARE + "f -4 -3 -2 -1\n" + SQUARE.replace(" 0\n", " 5\n") + "f -4 -3 -2 -1\n"

    mesh = load("a.obj", text).mesh

    assert sorted(set(mesh.triangles[:, :, 2].ravel())) == [0, 5]
    assert mesh.area == pytest.approx(4)


def test_faces_may_stand_before_the_vertices_they_name():
    assert load("a.obj", "f 1 2 3 4\n" + SQUARE).mesh.area == pytest.approx(2)


def test_old_line_ends_a_mark_at_the_start_and_indents_change_nothing():
    text = "o thing\ng part one\ns 1\nl 1 2\n" + SQUARE + "f 1 2 3 4"
    plain = load("a.obj", text).mesh

    for variant in (
        text.replace("\n", "\r\n"),
        text.replace("\n", "\r"),
        "\ufeff" + text,
        "\n  \n" + text.replace("\n", "\n \t") + "\n\n\0\0",
    ):
        mesh = load("a.obj", variant).mesh
        assert np.array_equal(mesh.vertices, plain.vertices)
        assert np.array_equal(mesh.faces, plain.faces)


def test_a_concave_polygon_has_no_phantom_faces():
    text = "v 0 0 0\nv 2 0 0\nv 2 1 0\nv 1 1 0\nv 1 2 0\nv 0 2 0\nf 3 4 5 6 1 2\n"

    mesh = load("a.obj", text).mesh

    assert len(mesh.faces) == 4
    assert mesh.area == pytest.approx(3)
    assert np.allclose(mesh.face_normals, (0, 0, 1))


def test_equal_positions_are_one_vertex_and_stray_ones_are_left_out():
    text = "v 9 9 nan\n" + SQUARE + SQUARE.replace("0 0 0", "-0.0 0 0") + "f 2 3 4\nf 6 8 9\n"

    mesh = load("a.obj", text).mesh

    assert len(mesh.vertices) == 4
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3]]


@pytest.mark.parametrize("one", ["1", "255"])
def test_vertex_colours_come_in_both_ranges(one):
    text = f"v 0 0 0 {one} 0 0\nv 1 0 0 0 {one} 0\nv 0 1 0 0 0 0\nf 1 2 3\n"

    colours = load("a.obj", text).appearance.corner_colours

    assert colours.dtype == np.uint8
    assert colours.tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 0]]]


def test_a_fourth_coordinate_is_no_colour():
    text = "v 0 0 0 1\nv 1 0 0 1\nv 0 1 0 1\nf 1 2 3\n"

    loaded = load("a.obj", text)

    assert loaded.appearance.corner_colours is None
    assert loaded.mesh.area == pytest.approx(0.5)


def test_normals_that_are_missing_or_nothing_become_those_of_the_face():
    text = SQUARE + "vn 0 1 0\nvn 0 0 0\nvn nan 0 1\nf 1//1 2//2 3//3\nf 1 3 4//9\n"

    normals = load("a.obj", text).appearance.normals

    assert normals.shape == (2, 3, 3)
    assert normals[0].tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1]]
    assert np.allclose(normals[1], (0, 0, 1))


MTL = """
newmtl Red Wood
Kd 1 0 0
Ks 0.5 0.5 0.5
Ns 1000
newmtl glass
Kd 0 0 1
d 0.25
newmtl paper
map_Kd -s 2 3 1 -o 0.5 -0.25 0 my paper.png
"""


def test_materials_are_on_their_faces_in_the_order_of_use():
    text = (
        "mtllib some stuff.mtl\n" + SQUARE + "f 1 2 3\nusemtl glass\nf 1 2 4\nf 2 3 4\n"
        "usemtl never\nusemtl Red Wood\nf 1 3 4\nusemtl glass\nf 1 2 3\n"
    )

    loaded = load_mesh(files_of({"x/a.obj": text, "x/some stuff.mtl": MTL}), "x/a.obj")

    looks = loaded.appearance
    assert looks.material_of_face.tolist() == [0, 1, 1, 2, 1]
    plain, glass, wood = looks.materials
    assert plain.colour == DEFAULT_COLOUR
    assert (glass.colour, glass.opacity) == ((0, 0, 255), 0.25)
    assert wood.colour == (255, 0, 0)
    assert wood.gloss == pytest.approx(0.5)
    assert glass.gloss == 0
    assert loaded.warnings == ()


def test_a_picture_is_found_and_lies_as_the_material_says():
    pixels = np.zeros((4, 2, 3), np.uint8)
    pixels[0] = (250, 0, 0)
    text = "mtllib a.mtl\n" + SQUARE + "vt 0 0\nvt 1 0\nvt 1 1\nusemtl paper\nf 1/1 2/2 3/3\n"
    files = files_of({"a.obj": text, "a.mtl": MTL, "my paper.png": png(pixels)})

    loaded = load_mesh(files, "a.obj")

    assert loaded.warnings == ()
    assert np.array_equal(loaded.appearance.materials[0].texture, pixels)
    assert loaded.appearance.uv.tolist() == [[[0.5, -0.25], [2.5, -0.25], [2.5, 2.75]]]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("mtllib a.mtl b.mtl", True),
        ("mtllib my a.mtl b.mtl", True),
        ("mtllib ..\\m\\b.mtl", True),
        ("mtllib C:\\Users\\me\\b.mtl", True),
        ("mtllib c.mtl", False),
        ("", False),
    ],
)
def test_material_files_are_found_by_several_names(line, found):
    text = f"{line}\n{SQUARE}usemtl glass\nf 1 2 3\n"
    files = files_of({"m/a.obj": text, "m/my a.mtl": "newmtl x\n", "m/b.mtl": MTL})

    loaded = load_mesh(files, "m/a.obj")

    assert (loaded.appearance.materials[0].opacity == 0.25) == found
    missing = {"mtllib a.mtl b.mtl": 1, "mtllib c.mtl": 1}.get(line, 0)
    assert len(loaded.warnings) == missing


def test_without_a_description_a_material_takes_the_colour_of_its_name():
    text = SQUARE + "usemtl flltgrey\nf 1 2 3\nusemtl Material.003\nf 1 3 4\n"

    loaded = load("a.obj", text)

    grey, unknown = loaded.appearance.materials
    red, green, blue = grey.colour
    assert 160 < red < 230
    assert max(red, green, blue) - min(red, green, blue) < 10
    assert unknown.colour == DEFAULT_COLOUR
    assert loaded.warnings == ()


def test_a_material_that_no_file_describes_is_told():
    text = "mtllib a.mtl\n" + SQUARE + "usemtl brass\nf 1 2 3\n"

    loaded = load_mesh(files_of({"a.obj": text, "a.mtl": MTL}), "a.obj")

    assert loaded.warnings == ("material 'brass' is not defined",)


def test_names_in_an_old_encoding_find_each_other():
    text = ("mtllib a.mtl\n" + SQUARE + "usemtl Höhe\nf 1 2 3\n").encode("latin-1")
    described = "newmtl Höhe\nKd 0 1 0\n".encode("latin-1")

    loaded = load_mesh(files_of({"a.obj": text, "a.mtl": described}), "a.obj")

    assert loaded.appearance.materials[0].colour == (0, 255, 0)


@pytest.mark.parametrize("reference", ["../../etc/passwd", "/etc/passwd", "\\\\server\\x.mtl"])
def test_nothing_outside_of_the_source_is_asked_for(reference):
    text = f"mtllib {reference}\n{SQUARE}usemtl x\nf 1 2 3\n"
    files = files_of({"a/b.obj": text, "a/c.mtl": f"newmtl x\nmap_Kd {reference}\n"})
    files["a/b.obj"] += b"mtllib c.mtl\n"

    loaded = load_mesh(files, "a/b.obj")

    assert not any(".." in name or name.startswith("/") for name in files.asked)
    assert len(loaded.warnings) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a.obj is empty"),
        ("\n \n", "a.obj is empty"),
        ("v 0 0 0\nv 1 0 0\n", "has no faces"),
        ("Dear Sir or Madam,\nplease find\n", "has no faces"),
        (SQUARE + "f 1 2\n", "has no faces"),
        (SQUARE + "f 1 2 5\n", "outside its 4"),
        (SQUARE + "f 1 2 0\n", "outside its 4"),
        (SQUARE + "f 1 2 -5\n", "outside its 4"),
        (SQUARE + "f 1 2 99999999999999999999\n", "outside its 4"),
        (SQUARE + "f 1 2 x\n", "'1 2 x'"),
        (SQUARE + "f 1/2/3/4 2 3\n", "more than three indices"),
        (SQUARE + "f /1 /2 /3\n", "cannot be read"),
        (SQUARE + "v 1 2\nf 1 2 3\n", "fewer than 3"),
        (SQUARE + "v 1 2 three\nf 1 2 3\n", "'1 2 three'"),
        (SQUARE + "v 1,5 2 3\nf 1 2 3\n", "1,5"),
        (SQUARE.replace("2 1 0", "2 nan 0") + "f 1 2 3\n", "not finite"),
        (SQUARE.replace("2 1 0", "inf 1 0") + "f 1 2 3\n", "not finite"),
        (SQUARE.replace("2 1 0", "2 1e300 0") + "f 1 2 3\n", "not finite"),
    ],
)
def test_what_is_no_mesh_is_refused_in_one_line_that_names_the_file(text, reason):
    with pytest.raises(SourceError) as caught:
        load("a.obj", text)

    message = str(caught.value)
    assert reason in message
    assert message.startswith("a.obj")
    assert "\n" not in message


def test_random_bytes_are_refused():
    data = np.random.default_rng(0).integers(0, 256, 5000).astype(np.uint8).tobytes()

    with pytest.raises(SourceError, match=r"a\.obj is not a text file"):
        load("a.obj", data)


def test_a_file_cut_anywhere_is_loaded_or_refused_but_never_crashes():
    data = cube_obj("mtllib cube.mtl\n").encode()
    for length in range(len(data)):
        try:
            loaded = load("a.obj", data[:length])
        except SourceError:
            continue
        assert np.isfinite(loaded.mesh.vertices).all()


def test_more_faces_than_wanted_are_refused():
    with pytest.raises(SourceError, match="12 faces; the limit is 11"):
        load_mesh(files_of({"a.obj": cube_obj()}), "a.obj", most_faces=11)
