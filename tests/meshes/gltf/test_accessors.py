"""Accessors of every type: places, normals, colours and indices as the specification has them."""

import numpy as np
import pytest

from onet_cli.errors import SourceError
from onet_cli.meshes.gltf import accessors
from tests.meshes.gltf.gltf_bytes import FACES, POINTS, UV, Gltf, cube

LARGEST = {"b": 127, "B": 255, "h": 32767, "H": 65535}


def is_the_cube(mesh, edge=1.0):
    return (
        mesh.is_watertight
        and len(mesh.faces) == 12
        and mesh.volume == pytest.approx(edge**3, rel=1e-2)
        and np.allclose(np.ptp(mesh.vertices, axis=0), edge, rtol=1e-2)
    )


@pytest.mark.parametrize("kind", LARGEST)
@pytest.mark.parametrize("stride", [0, 12])
def test_normalised_places_of_every_type_are_of_minus_one_to_one(kind, stride):
    gltf = Gltf()
    signed = kind.islower()
    shares = POINTS * 2 if signed else POINTS + 0.5
    values = np.rint(shares * LARGEST[kind]).astype(int)
    points = gltf.table(values, kind, stride, normalized=True)
    gltf.part({"POSITION": points}, gltf.table(FACES.ravel(), "B"))

    mesh = gltf.stand({"mesh": 0}).load().mesh

    assert is_the_cube(mesh, 2 if signed else 1)


def test_the_least_value_of_a_signed_type_is_minus_one_too():
    gltf = cube()
    gltf.header["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = gltf.table(
        np.where(POINTS > 0, 127, -128), "b", normalized=True
    )

    assert np.allclose(gltf.load().mesh.bounds, [[-1] * 3, [1] * 3])


@pytest.mark.parametrize("kind", "bBhH")
def test_integers_that_are_not_normalised_are_as_they_stand(kind):
    gltf = Gltf()
    gltf.part(
        {"POSITION": gltf.table(((POINTS + 0.5) * 100).astype(int), kind)},
        gltf.table(FACES.ravel(), "I"),
    )
    scaled = gltf.stand({"mesh": 0, "scale": [0.01] * 3})

    assert is_the_cube(scaled.load().mesh)


@pytest.mark.parametrize("kind", "BHI")
@pytest.mark.parametrize("based", [False, True])
def test_sparse_places_with_and_without_a_base(kind, based):
    gltf = Gltf()
    moved = np.flatnonzero(POINTS[:, 1] > 0) if based else np.arange(24)
    where = gltf.view(moved.astype(f"<u{ {'B': 1, 'H': 2, 'I': 4}[kind] }").tobytes())
    what = gltf.view((POINTS[moved] + (0, 1, 0)).astype("<f4").tobytes())
    points = gltf.table(POINTS) if based else gltf.accessor(24, 3)
    gltf.header["accessors"][points]["sparse"] = {
        "count": len(moved),
        "indices": {
            "bufferView": where,
            "componentType": {"B": 5121, "H": 5123, "I": 5125}[kind],
        },
        "values": {"bufferView": what},
    }
    gltf.part({"POSITION": points}, gltf.table(FACES.ravel(), "H"))

    mesh = gltf.stand({"mesh": 0}).load().mesh

    assert np.allclose(np.ptp(mesh.vertices, axis=0), (1, 2 if based else 1, 1))
    assert mesh.bounds[1, 1] == pytest.approx(1.5)


def interleaved():
    gltf = Gltf()
    rows = np.zeros(24, [("place", "<f4", 3), ("uv", "<u2", 2), ("colour", "u1", 4)])
    rows["place"], rows["uv"], rows["colour"] = POINTS, UV * 65535, (255, 0, 255, 255)
    view = gltf.view(rows.tobytes(), byteStride=20)
    place = gltf.accessor(24, 3, bufferView=view)
    colour = gltf.accessor(24, 4, "B", bufferView=view, byteOffset=16, normalized=True)
    gltf.part({"POSITION": place, "COLOR_0": colour}, gltf.table(FACES.ravel(), "H"))
    return gltf.stand({"mesh": 0})


def test_interleaved_rows_are_taken_apart():
    loaded = interleaved().load()

    assert is_the_cube(loaded.mesh)
    assert (loaded.appearance.corner_colours == (255, 0, 255)).all()


@pytest.mark.parametrize("kind", "bh")
def test_quantised_normals_are_kept(kind):
    normals = np.repeat([np.eye(3)[a] * s for a, s in ((0, 1), (0, -1), (1, 1), (1, -1))], 4, 0)
    normals = np.concatenate([normals, np.repeat([(0, 0, 1), (0, 0, -1)], 4, 0)])
    gltf = cube()
    gltf.header["meshes"][0]["primitives"][0]["attributes"]["NORMAL"] = gltf.table(
        normals.astype(int) * LARGEST[kind], kind, normalized=True
    )

    looks = gltf.load().appearance

    assert np.allclose(looks.normals, normals[FACES], atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "half"), [("B", 55), ("H", 14100), ("f", 0.2158605), ("b", 27), ("h", 7073)]
)
@pytest.mark.parametrize("width", [3, 4])
def test_vertex_colours_of_every_type_are_linear_light(kind, half, width):
    one = LARGEST.get(kind, 1.0)
    gltf = cube()
    colours = np.tile([half, 0, one, one][:width], (24, 1))
    gltf.header["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"] = gltf.table(
        colours, kind, normalized=kind != "f"
    )

    red, green, blue = gltf.load().appearance.corner_colours[0, 0]

    assert abs(int(red) - 128) <= 1
    assert (green, blue) == (0, 255)


def short(gltf):
    gltf.header["accessors"][0]["count"] = 25


def endless(gltf):
    gltf.header["accessors"][0]["count"] = float("1e400")


def negative(gltf):
    gltf.header["accessors"][0]["byteOffset"] = -4


def overlapping(gltf):
    gltf.header["bufferViews"][0]["byteStride"] = 4


def nowhere(gltf):
    gltf.header["accessors"][0]["bufferView"] = 99


def typeless(gltf):
    gltf.header["accessors"][0]["componentType"] = 5124


def flat(gltf):
    gltf.header["accessors"][0]["type"] = "VEC2"


def floating(gltf):
    gltf.header["accessors"][1]["componentType"] = 5126


def foreign(gltf):
    gltf.header["accessors"][0]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": 1, "componentType": 5123, "byteOffset": 10},
        "values": {"bufferView": 99},
    }


def listed(gltf):
    gltf.header["accessors"] = {"0": gltf.header["accessors"][0]}


def nothing(gltf):
    gltf.header["accessors"][0] = None


def empty(gltf):
    del gltf.header["accessors"][0]["bufferView"]
    gltf.header["accessors"][0]["count"] = accessors.MOST_ZEROS + 1


@pytest.mark.parametrize(
    "damage",
    [
        short, endless, negative, overlapping, nowhere, typeless,
        flat, floating, foreign, listed, nothing, empty,
    ],
)  # fmt: skip
def test_damaged_accessors_are_an_error_of_one_line(damage):
    gltf = cube()
    damage(gltf)

    with pytest.raises(SourceError, match=r"^a\.glb ") as caught:
        gltf.load()
    assert "\n" not in str(caught.value)
