"""3MF files: units, build, components, colours, and what is refused."""

import io
import zipfile

import numpy as np
import pytest
import trimesh

from onet_cli.errors import SourceError
from onet_cli.geometry.mesh import COLOUR
from onet_cli.meshes.threemf import package
from onet_cli.meshes.threemf.write import encode_3mf
from tests.meshes.mesh_bytes import CUBE_CORNERS, load

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
MATERIALS = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02"
FACES = trimesh.Trimesh(CUBE_CORNERS).convex_hull.faces
HULL = trimesh.Trimesh(CUBE_CORNERS).convex_hull.vertices


def zipped(**parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for path, text in parts.items():
            target.writestr(path, text)
    return buffer.getvalue()


def cube(number=1, attributes="", triangle=""):
    vertices = "".join('<vertex x="{}" y="{}" z="{}"/>'.format(*c) for c in HULL.tolist())
    triangles = "".join(
        '<triangle v1="{}" v2="{}" v3="{}" {}/>'.format(*face, triangle) for face in FACES.tolist()
    )
    return (
        f'<object id="{number}" {attributes}><mesh><vertices>{vertices}</vertices>'
        f"<triangles>{triangles}</triangles></mesh></object>"
    )


def model(resources, build='<item objectid="1"/>', unit="millimeter", head=""):
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<model unit="{unit}" xmlns="{CORE}" '
        f'xmlns:m="{MATERIALS}"><resources>{resources}</resources><build>{build}</build></model>'
    )
    return zipped(**{"3D/3dmodel.model": text})


@pytest.mark.parametrize(
    ("unit", "edge"), [("millimeter", 1), ("meter", 1000), ("inch", 25.4), ("micron", 1e-3)]
)
def test_meshes_are_in_millimetres(unit, edge):
    mesh = load("a.3mf", model(cube(), unit=unit)).mesh

    assert mesh.is_watertight
    assert np.allclose(mesh.bounds, [[0] * 3, [edge] * 3])
    assert mesh.volume == pytest.approx(edge**3)


def test_items_and_components_stand_where_their_transforms_put_them():
    both = '<component objectid="1" transform="2 0 0 0 1 0 0 0 1 0 0 5"/><component objectid="1"/>'
    resources = cube() + f'<object id="2"><components>{both}</components></object>'
    build = '<item objectid="2" transform="0 1 0 1 0 0 0 0 1 10 0 0"/>'

    mesh = load("a.3mf", model(resources, build)).mesh

    # The item swaps x and y, which mirrors; outside stays outside.
    assert mesh.volume == pytest.approx(3)
    assert np.allclose(mesh.bounds, [[10, 0, 0], [11, 2, 6]])


def test_without_a_build_each_object_that_is_no_part_of_another_is_read():
    part = '<object id="2"><components><component objectid="1"/></components></object>'

    assert len(load("a.3mf", model(cube() + part, "")).mesh.faces) == 12


GROUPS = (
    '<basematerials id="5"><base name="a" displaycolor="#FF0000"/>'
    '<base name="b" displaycolor="#00FF00FF"/></basematerials>'
    '<m:colorgroup id="6"><m:color color="#0000FF"/><m:color color="#010203"/></m:colorgroup>'
)


@pytest.mark.parametrize(
    ("attributes", "triangle", "colour"),
    [
        ('pid="5" pindex="1"', "", (0, 255, 0)),
        ('pid="5" pindex="1"', 'p1="0"', (255, 0, 0)),
        ("", 'pid="6" p1="1"', (1, 2, 3)),
        ('pid="5" pindex="1"', 'pid="6" p1="0"', (0, 0, 255)),
    ],
)
def test_colours_are_those_of_triangles_or_else_of_the_object(attributes, triangle, colour):
    looks = load("a.3mf", model(GROUPS + cube(1, attributes, triangle))).appearance

    assert [m.colour for m in looks.materials] == [colour]


def test_corners_may_differ_in_colour():
    looks = load("a.3mf", model(GROUPS + cube(1, "", 'pid="6" p1="0" p2="1" p3="0"'))).appearance

    assert (looks.corner_colours == [(0, 0, 255), (1, 2, 3), (0, 0, 255)]).all()


def test_what_is_written_is_read_with_its_colours():
    mesh = trimesh.creation.icosphere(2)
    colours = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 3)).astype(np.uint8)
    mesh.vertex_attributes[COLOUR] = colours

    loaded = load("a.3mf", encode_3mf(mesh))

    assert np.allclose(loaded.mesh.triangles, mesh.triangles, atol=1e-8)
    assert np.array_equal(loaded.appearance.corner_colours, colours[mesh.faces])
    assert encode_3mf(mesh) == encode_3mf(mesh)


CIRCLE = '<object id="1"><components><component objectid="1"/></components></object>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
TREE = "".join(
    f'<object id="{n}"><components>{f"""<component objectid="{n + 1}"/>""" * 9}</components>'
    "</object>"
    for n in range(1, 20)
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\3\4", "not a zip"),
        (model(cube())[:-30], "not a zip"),
        (zipped(**{"a.txt": "x"}), "contains no model"),
        (model(cube(), head=LAUGHS), "XML entities"),
        (model(CIRCLE), "cycle"),
        (model(TREE + '<object id="20"/>'), "too many"),
        (model(cube(), '<item objectid="9"/>'), "no object '9'"),
        (model(cube(), '<item objectid="1" transform="1 2 x"/>'), "12 numbers"),
        (model(cube().replace('v1="0"', 'v1="8"')), "outside its 8"),
        (model(cube().replace('v1="0"', 'v1="x"')), "damaged"),
        (model(cube().replace('x="0"', 'x="nan"').replace('x="0.0"', 'x="nan"')), "not finite"),
        (model("<object"), "damaged"),
        (model("", ""), "has no faces"),
    ],
)
def test_what_is_no_3mf_file_is_refused(data, reason):
    with pytest.raises(SourceError, match=reason) as caught:
        load("a.3mf", data)
    assert str(caught.value).startswith("a.3mf ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le"])
def test_entities_are_found_in_wider_encodings_and_others_are_refused(code):
    text = f'<?xml version="1.0"?>{LAUGHS}<model/>'
    with pytest.raises(SourceError, match="XML entities"):
        load("a.3mf", zipped(**{"a.model": text.encode(code)}))

    data = b'<?xml version="1.0" encoding="cp037"?>' + "<model/>".encode("cp037")
    with pytest.raises(SourceError, match="encoding"):
        load("a.3mf", zipped(**{"a.model": data}))


def test_a_package_that_unpacks_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(package, "MOST_BYTES", 1000)

    with pytest.raises(SourceError, match="unpacks to more than"):
        load("a.3mf", model(cube()))


@pytest.mark.parametrize("name", ["a.dae", "a.usdz", "a.FBX"])
def test_formats_that_are_not_read_are_named_with_what_to_do(name):
    with pytest.raises(SourceError, match="which is not supported") as caught:
        load(name, b"x")
    assert "convert it" in caught.value.hint
