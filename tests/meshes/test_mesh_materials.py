"""MTL files, colours by name, pictures, and the names of files."""

import io

import numpy as np
import pytest
from PIL import Image

from onet_cli.geometry.appearance import DEFAULT_COLOUR
from onet_cli.meshes.colours import named_colour
from onet_cli.meshes.mtl import TextureReference, parse_mtl
from onet_cli.meshes.references import referred_names
from onet_cli.meshes.textures import Textures, decode_picture, with_holes
from tests.meshes.mesh_bytes import files_of, png


def one(text):
    return parse_mtl(f"newmtl x\n{text}\n".encode())["x"]


@pytest.mark.parametrize(
    ("text", "opacity"),
    [
        ("", 1),
        ("d 0.3", 0.3),
        ("d -halo 0.3", 0.3),
        ("Tr 0.3", 0.7),
        ("d 0.3\nTr 0.9", 0.3),
        ("Tr 1.0", 1),
        ("d 7", 1),
        ("d x", 1),
        ("d nan", 1),
    ],
)
def test_opacity_is_d_or_what_tr_leaves(text, opacity):
    assert one(text).opacity == pytest.approx(opacity)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("Kd 1 0.5 0", (255, 128, 0)),
        ("\tKD  1\t0.5 0 ", (255, 128, 0)),
        ("Kd 0.5", (128, 128, 128)),
        ("Kd 2 -1 0", (255, 0, 0)),
        ("Kd spectral x.rfl", DEFAULT_COLOUR),
        ("", DEFAULT_COLOUR),
    ],
)
def test_the_colour_is_kd(text, colour):
    assert one(text).colour == colour


def test_gloss_grows_with_strength_and_sharpness():
    def gloss(strength, sharpness, illumination=2):
        return one(
            f"Ks {strength} {strength} {strength}\nNs {sharpness}\nillum {illumination}"
        ).gloss

    assert gloss(1, 1000) == pytest.approx(1)
    assert gloss(0.5, 1000) == pytest.approx(0.5)
    assert 0 < gloss(1, 10) < gloss(1, 100) < 1
    assert gloss(1, 0) == gloss(0, 100) == gloss(1, 100, illumination=1) == 0
    assert one("Ks 1 1 1").gloss == 0


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("wood.png", TextureReference("wood.png")),
        ("my old wood.png", TextureReference("my old wood.png")),
        ("-s 2 3 wood.png", TextureReference("wood.png", (2, 3))),
        ("-s 2 wood.png", TextureReference("wood.png", (2, 1))),
        ("-o 0.5 -1 0 -s 1e1 2 1 a b.png", TextureReference("a b.png", (10, 2), (0.5, -1))),
        ("-blendu on -clamp off -mm 0 1 -bm 0.5 a b.png", TextureReference("a b.png")),
        ("-t 1 1 1 3d.png", TextureReference("3d.png")),
        ("-odd.png", TextureReference("-odd.png")),
        ("", None),
        ("-clamp on", None),
    ],
)
def test_options_before_a_picture_are_read_or_passed_over(text, reference):
    assert one(f"map_Kd {text}").texture == reference


def test_several_materials_old_line_ends_and_nonsense():
    data = b"\xef\xbb\xbf# c\r\nKd 9 9 9\r\nnewmtl a b \r\nKd 0 0 0\r\n\r\nzzz\r\n"
    data += b"newmtl \xe9\r\nKd 1 1 1"

    materials = parse_mtl(data)

    assert {name: m.colour for name, m in materials.items()} == {"a b": (0,) * 3, "é": (255,) * 3}
    assert parse_mtl(b"") == {}
    assert parse_mtl(bytes(range(256)) * 20) == {}


def test_names_speak_of_colours_and_shades():
    def bright(name):
        return sum(named_colour(name))

    assert bright("dkdkgrey") < bright("fldkgrey") < bright("flgrey") < bright("ltgrey")
    assert named_colour("flwhite1") == named_colour("White.001") == named_colour("archwhite2")
    assert named_colour("red_metal") == named_colour("red")
    for name in ("", "None", "Material.003", "wired", "standard", "ship2", "flfl"):
        assert named_colour(name) is None


@pytest.mark.parametrize(
    ("name", "reference", "found"),
    [
        ("a/b.obj", "c.png", ["a/c.png"]),
        ("a/b.obj", "../t/c.png", ["t/c.png", "a/c.png"]),
        ("a/b.obj", "..\\t\\c.png", ["t/c.png", "a/c.png"]),
        ("a/b.obj", "../../t/c.png", ["a/c.png"]),
        ("a/b.obj", "/t/c.png", ["a/c.png"]),
        ("a/b.obj", "C:\\t\\c.png", ["a/c.png"]),
        ("a/b.obj", "file:///t/c.png", ["a/c.png"]),
        ("a/b.obj", '"c d.png"', ["a/c d.png"]),
        ("b.obj", "./x/../c.png", ["c.png"]),
        ("b.obj", "..", []),
        ("b.obj", "x\0y", []),
    ],
)
def test_references_are_looked_for_inside_the_source_only(name, reference, found):
    assert referred_names(name, reference) == found


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_pictures_of_every_kind_become_bytes_of_three_or_four_channels():
    grey = Image.fromarray(np.full((3, 5), 200, np.uint8))
    for mode, channels in [("L", 3), ("RGB", 3), ("P", 3), ("LA", 3), ("1", 3), ("I;16", 3)]:
        image = grey if mode == "I;16" else grey.convert(mode)
        if mode == "I;16":
            image = Image.fromarray(np.full((3, 5), 200 * 257, np.uint16))
        picture = decode_picture(encoded(image))
        assert picture.shape == (3, 5, channels)
        assert picture.dtype == np.uint8
        assert picture[0, 0, 0] in (200, 255)
    clear = Image.fromarray(np.full((3, 5, 4), 100, np.uint8))
    assert decode_picture(encoded(clear)).shape == (3, 5, 4)
    assert decode_picture(encoded(grey.convert("CMYK"), "JPEG")).shape == (3, 5, 3)


def test_large_pictures_are_made_small_and_keep_their_shape_and_mean():
    pixels = np.zeros((1024, 2048, 3), np.uint8)
    pixels[:, ::2] = 200

    picture = decode_picture(encoded(Image.fromarray(pixels)))

    assert picture.shape == (256, 512, 3)
    assert (np.abs(picture.astype(int) - 100) <= 1).all()
    assert decode_picture(encoded(Image.new("RGB", (4000, 1)))).shape == (1, 512, 3)


def test_the_colour_of_clear_pixels_does_not_bleed_when_made_small():
    pixels = np.zeros((1024, 1024, 4), np.uint8)
    pixels[:, ::2] = (250, 250, 250, 255)

    picture = decode_picture(encoded(Image.fromarray(pixels)))

    assert (picture[..., :3] >= 249).all()
    assert (np.abs(picture[..., 3].astype(int) - 128) <= 1).all()


def test_damaged_pictures_warn_once():
    whole = png(np.random.default_rng(0).integers(0, 256, (64, 64, 3)))
    textures = Textures(files_of({"a.png": whole[:200], "b.png": b"no picture"}), "x.obj")

    for name in ("a.png", "a.png", "b.png", "c.png"):
        assert textures.get(name) is None

    assert textures.warnings == [
        "texture 'a.png' cannot be decoded",
        "texture 'b.png' cannot be decoded",
        "texture 'c.png' is missing",
    ]


def test_holes_come_from_brightness_or_from_the_fourth_channel():
    picture = np.full((4, 4, 3), 9, np.uint8)
    mask = np.zeros((2, 2, 3), np.uint8)
    mask[0] = 255

    holed = with_holes(picture, mask)
    assert (holed[..., :3] == 9).all()
    assert holed[0, :, 3].tolist() == [255] * 4
    assert holed[3, :, 3].tolist() == [0] * 4
    alpha = np.dstack([mask, np.full((2, 2), 77, np.uint8)])
    assert (with_holes(picture, alpha)[..., 3] == 77).all()
