"""Colours of glTF files: base colour, pictures, their coordinates, and the vertices' colours."""

import io

import numpy as np
import pytest
from PIL import Image

from onet_cli.geometry.appearance import DEFAULT_COLOUR
from tests.meshes.gltf.gltf_bytes import FACES, POINTS, UV, Gltf, cube
from tests.meshes.mesh_bytes import png

RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)
QUARTERS = np.repeat(np.repeat([[RED, GREEN], [BLUE, GREY]], 8, 0), 8, 1)  # rows from the top
HALF = 0.2158605  # what is 128 in sRGB


def pictured(
    uv=UV, kind="f", info=None, material=None, colours=None, picture=QUARTERS, sampler=None, name=0
):
    """Return a cube with a picture on each side."""
    gltf = Gltf()
    attributes = {
        "POSITION": gltf.table(POINTS),
        f"TEXCOORD_{name}": gltf.table(uv, kind, normalized=kind != "f"),
    }
    if colours is not None:
        attributes["COLOR_0"] = gltf.table(colours)
    data = picture if isinstance(picture, bytes) else png(picture)
    gltf.header["images"] = [{"bufferView": gltf.view(data), "mimeType": "image/png"}]
    gltf.header["textures"] = [{"source": 0} | ({"sampler": 0} if sampler else {})]
    gltf.header["samplers"] = [sampler or {}]
    look = {"baseColorTexture": {"index": 0} | (info or {})}
    gltf.header["materials"] = [{"pbrMetallicRoughness": look}]
    if material:
        gltf.header["materials"] = [material(look["baseColorTexture"])]
    gltf.part(attributes, gltf.table(FACES.ravel(), "H"), material=0)
    return gltf.stand({"mesh": 0})


def seen(looks, places, face=0):
    """Return the colours of a picture at `places` (N, 3) in a face, by shares of its corners."""
    texture = looks.materials[looks.material_of_face[face]].texture
    uv = np.asarray(places, float) @ looks.uv[face].astype(float)
    height, width = texture.shape[:2]
    columns = np.floor(uv[:, 0] % 1 * width).astype(int)
    rows = np.floor((1 - uv[:, 1]) % 1 * height).astype(int)
    return [tuple(int(c) for c in texture[r, k, :3]) for r, k in zip(rows, columns, strict=True)]


# Shares of the corners (0, 0), (1, 0) and (1, 1) for places in three quarters of the picture.
IN_RED, IN_GREEN, IN_GREY = (0.8, 0.1, 0.1), (0.25, 0.65, 0.1), (0.1, 0.1, 0.8)
THREE = [IN_RED, IN_GREEN, IN_GREY]


@pytest.mark.parametrize("kind", "fBH")
def test_coordinates_of_every_type_lay_the_picture_from_its_upper_left_corner(kind):
    uv = UV if kind == "f" else (UV * {"B": 255, "H": 65535}[kind]).astype(int)

    assert seen(pictured(uv, kind).load().appearance, THREE) == [RED, GREEN, GREY]


def test_the_set_of_coordinates_is_the_one_that_the_texture_names():
    gltf = pictured(name=1, info={"texCoord": 1})
    gltf.header["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = gltf.table(UV * 0)
    assert seen(gltf.load().appearance, THREE) == [RED, GREEN, GREY]

    transform = {"extensions": {"KHR_texture_transform": {"texCoord": 1}}}
    gltf = pictured(name=1, info=transform)
    assert seen(gltf.load().appearance, THREE) == [RED, GREEN, GREY]

    loaded = pictured(name=1).load()
    assert loaded.warnings == ("a texture has no coordinates TEXCOORD_0",)
    assert loaded.appearance.materials[0].texture is None


@pytest.mark.parametrize(
    ("transform", "colours"),
    [
        ({"offset": [0.05, 0.05], "scale": [0.4, 0.4]}, [RED] * 3),
        ({"offset": [0.55, 0.05], "scale": [0.4, 0.4]}, [GREEN] * 3),
        # The extension's own examples: the lower left quarter; and the other way up.
        ({"offset": [0, 1], "rotation": np.pi / 2, "scale": [0.49, 0.49]}, [BLUE] * 3),
        ({"offset": [0, 1], "scale": [1, -1]}, [BLUE, GREY, GREEN]),
    ],
)
def test_texture_transforms_stretch_turn_and_move_coordinates(transform, colours):
    gltf = pictured(info={"extensions": {"KHR_texture_transform": transform}})

    assert seen(gltf.load().appearance, THREE) == colours


def specular(info):
    old = {"diffuseTexture": info, "diffuseFactor": [1, 1, HALF, 1], "glossinessFactor": 0.25}
    return {"extensions": {"KHR_materials_pbrSpecularGlossiness": old}}


def test_specular_glossiness_gives_its_diffuse_picture():
    looks = pictured(material=specular).load().appearance

    assert seen(looks, THREE) == [RED, GREEN, (128, 128, 61)]
    assert looks.materials[0].gloss == 0.25


def factored(info):
    factor = [HALF, 1, 1, 1]
    return {"pbrMetallicRoughness": {"baseColorTexture": info, "baseColorFactor": factor}}


def test_base_colour_picture_and_vertex_colours_are_multiplied_as_light():
    looks = pictured(material=factored).load().appearance
    assert seen(looks, THREE) == [(128, 0, 0), GREEN, (61, 128, 128)]

    colours = np.tile([1.0, 1.0, HALF], (24, 1))
    looks = pictured(material=factored, colours=colours).load().appearance
    assert seen(looks, THREE) == [(128, 0, 0), GREEN, (61, 128, 61)]


def test_vertex_colours_on_a_picture_are_made_one_for_each_face():
    sides = np.repeat(np.eye(3)[[0, 0, 1, 1, 2, 2]], 4, axis=0)
    loaded = pictured(colours=sides, picture=np.full((4, 4, 3), 255)).load()
    colours = [seen(loaded.appearance, THREE, face)[0] for face in range(12)]
    assert colours == [RED] * 4 + [GREEN] * 4 + [BLUE] * 4
    assert loaded.warnings == ()

    blurred = np.random.default_rng(0).random((24, 3))
    loaded = pictured(colours=blurred).load()
    assert loaded.warnings == ("vertex colours on a texture are averaged per face",)


def test_what_trimesh_wrote_is_multiplied_as_it_stands():
    gltf = pictured(material=factored)
    gltf.header["asset"]["generator"] = "https://github.com/mikedh/trimesh"

    assert seen(gltf.load().appearance, [IN_RED]) == [(55, 0, 0)]


@pytest.mark.parametrize(
    ("wrap", "colours"),
    [(10497, [RED, GREEN, GREY]), (33648, [RED, GREEN, GREY]), (33071, [GREEN, GREEN, GREY])],
)
def test_pictures_go_on_beyond_their_edges_as_the_sampler_says(wrap, colours):
    sampler = {"wrapS": wrap, "wrapT": wrap}
    # Two whole pictures further, where mirrored ones are as they were.
    uv = UV + 2 if wrap != 33071 else UV * 3

    looks = pictured(uv, sampler=sampler).load().appearance

    assert seen(looks, THREE) == colours
    if wrap == 33648:
        looks = pictured(UV + np.array([1, 0]), sampler=sampler).load().appearance
        assert seen(looks, THREE) == [GREEN, RED, BLUE]


def translucent(mode, factor=1.0):
    def material(info):
        look = {"baseColorTexture": info, "baseColorFactor": [1, 1, 1, factor]}
        return {"pbrMetallicRoughness": look, "alphaMode": mode, "alphaCutoff": 0.3}

    return material


def test_alpha_modes_make_holes_or_let_light_through():
    picture = np.full((4, 4, 4), 255)
    picture[:2, :, 3] = 100

    def one(mode, factor=1.0):
        gltf = pictured(material=translucent(mode, factor), picture=picture)
        (material,) = gltf.load().appearance.materials
        return material

    assert one("OPAQUE").texture.shape[2] == 3
    assert (one("MASK").texture[..., 3] == 255).all()
    assert (one("MASK", 0.5).texture[..., 3] == np.repeat([0, 255], 8).reshape(4, 4)).all()
    assert one("BLEND", 0.5).opacity == 0.5
    assert one("BLEND").texture[0, 0, 3] == 100


def test_pictures_may_be_webp():
    buffer = io.BytesIO()
    Image.fromarray(QUARTERS.astype(np.uint8)).save(buffer, "WEBP", lossless=True)
    gltf = pictured(picture=buffer.getvalue())
    gltf.header["textures"] = [{"extensions": {"EXT_texture_webp": {"source": 0}}}]

    assert seen(gltf.load().appearance, THREE) == [RED, GREEN, GREY]


def test_pictures_that_cannot_be_decoded_warn_once():
    gltf = pictured()
    gltf.header["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    loaded = gltf.load()
    assert "KHR_texture_basisu" in loaded.warnings[0]
    assert loaded.appearance.materials[0].colour == (255, 255, 255)

    gltf = pictured()
    gltf.header["images"] = [{"uri": "data:image/png;base64,AAAA"}]
    assert gltf.load().warnings == ("a texture cannot be decoded",)


def test_a_picture_beside_the_file_is_found():
    gltf = pictured()
    gltf.header["images"] = [{"uri": "wood%201.png"}]

    loaded = gltf.load(**{"wood 1_dot_png": png(QUARTERS)})

    assert seen(loaded.appearance, THREE) == [RED, GREEN, GREY]


def test_parts_without_a_material_have_the_usual_colour():
    looks = cube().load().appearance

    assert looks.materials[0].colour == DEFAULT_COLOUR
    assert looks.uv is looks.corner_colours is None


def test_attributes_that_do_not_fit_are_left_out_with_a_warning():
    gltf = pictured(UV[:20])

    assert "TEXCOORD_0 of a primitive has the wrong length" in gltf.load().warnings
