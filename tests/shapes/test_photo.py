import io
import struct
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.photo import (
    MARGIN,
    decode_view,
    isolate_object,
    prepare_photo,
    read_photo,
    resize_images,
)
from onet_cli.shapes.photo_files import ENOUGH, full_size, refuse_address
from onet_cli.shapes.photo_pixels import grow, highest_near
from onet_cli.shapes.photo_rembg import network_file

DATA = Path(__file__).parents[1] / "data"


def encoded(image: Image.Image, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, **({"format": "PNG"} | options))
    return stream.getvalue()


def scene(background, colour=(200, 30, 40), size=(300, 200), box=(40, 60, 120, 100)):
    """A picture with one box-shaped object; `box` is left, top, right, bottom."""
    image = Image.new("RGB", size, background)
    image.paste(Image.new("RGB", (box[2] - box[0], box[3] - box[1]), colour), box[:2])
    return image


@pytest.mark.parametrize("name", ["image_rgb", "image_grey", "image_rgb_137x100"])
def test_resizing_agrees_with_the_original_implementation(name):
    view = decode_view((DATA / f"{name}.png").read_bytes())

    resized = resize_images(torch.from_numpy(view).permute(2, 0, 1)[None], 224)[0]

    with np.load(DATA / "image_transform.npz") as recorded:  # every 7th pixel
        expected = recorded[f"{name}/demo"]
    assert resized.dtype == torch.float32
    np.testing.assert_allclose(resized[:, ::7, ::7].numpy(), expected, atol=2 / 255)


def test_shrinking_averages_instead_of_skipping():
    stripes = torch.zeros((1, 3, 64, 64), dtype=torch.uint8)
    stripes[..., ::2] = 255

    small = resize_images(stripes, 16)

    assert float((small[..., 1:-1] - 0.5).abs().max()) < 0.02


def test_stored_views_decode_to_rgb_with_white_behind():
    clear = Image.new("RGBA", (4, 3), (255, 0, 0, 0))

    assert (decode_view(encoded(clear)) == 255).all()
    grey = decode_view(encoded(Image.new("L", (4, 3), 7)))
    assert grey.shape == (3, 4, 3)
    assert (grey == 7).all()
    with pytest.raises(PhotoError):
        decode_view(encoded(clear)[:30])


@pytest.mark.parametrize(
    ("image", "options", "expected"),
    [
        (Image.new("1", (4, 4), 1), {}, (255, 255, 255)),
        (Image.new("L", (4, 4), 90), {}, (90, 90, 90)),
        (Image.fromarray(np.full((4, 4), 32896, np.uint16)), {}, (128, 128, 128)),
        (Image.fromarray(np.full((4, 4), 0.5, np.float32)), {"format": "TIFF"}, (128, 128, 128)),
        (Image.new("CMYK", (4, 4), (0, 255, 255, 0)), {"format": "TIFF"}, (255, 0, 0)),
        (Image.new("RGB", (4, 4), (9, 80, 200)).quantize(4), {}, (9, 80, 200)),
        (Image.new("RGBA", (4, 4), (9, 80, 200, 30)), {}, (9, 80, 200, 30)),
        (Image.new("LA", (4, 4), (9, 30)), {}, (9, 9, 9, 30)),
        (Image.new("L", (4, 4), 9), {"transparency": 9}, (9, 9, 9, 0)),
    ],
)
def test_every_mode_becomes_eight_bit_colour_and_keeps_transparency(image, options, expected):
    photo = read_photo(encoded(image, **options))

    assert photo.mode == ("RGBA" if len(expected) == 4 else "RGB")
    assert photo.getpixel((1, 1)) == expected


def test_a_photo_is_turned_as_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    image = scene("white", (0, 0, 0), (40, 20), (0, 0, 10, 20))

    photo = read_photo(encoded(image, format="PNG", exif=exif))

    assert photo.size == (20, 40)
    assert photo.getpixel((10, 2)) == (0, 0, 0)
    assert photo.getpixel((10, 35)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", ["6", 0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation):
    text = isinstance(orientation, str)
    value = orientation.encode() if text else orientation.to_bytes(2, "big")
    entry = struct.pack(">HHHI4s", 1, 0x0112, 2 if text else 3, 2 if text else 1, value)
    exif = b"Exif\0\0MM\0*" + struct.pack(">I", 8) + entry + bytes(4)
    data = encoded(Image.new("RGB", (40, 20)), format="JPEG", exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        assert image.getexif()[0x0112] == orientation

    photo = read_photo(data)

    assert (photo.size, full_size(photo)) == ((40, 20), (40, 20))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_an_animation_counts(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]

    photo = read_photo(encoded(frames[0], format=kind, save_all=True, append_images=frames[1:]))

    np.testing.assert_allclose(photo.convert("RGB").getpixel((3, 3)), (255, 0, 0), atol=3)


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"hevc"])
@pytest.mark.parametrize("from_file", [False, True])
def test_what_phones_take_is_named_and_the_way_out_too(tmp_path, brand, from_file):
    data = b"\0\0\0\x18ftyp" + brand + bytes(500)
    (tmp_path / "photo.heic").write_bytes(data)

    with pytest.raises(PhotoError, match="HEIC") as caught:
        read_photo(tmp_path / "photo.heic" if from_file else data)

    assert "JPEG" in caught.value.hint


def test_a_drawing_is_handed_to_no_other_program(monkeypatch):
    monkeypatch.setattr("subprocess.check_call", None)
    monkeypatch.setattr("subprocess.Popen", None)

    with pytest.raises(PhotoError, match="a drawing"):
        read_photo(encoded(scene("white", "red"), format="EPS"))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_half_a_file_of_any_kind_is_damaged(kind):
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), format=kind)

    with pytest.raises(PhotoError, match=r"damaged or incomplete|not a picture"):
        read_photo(data[: len(data) // 2])


def test_what_is_no_picture_is_refused_in_words(tmp_path, monkeypatch):
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").write_bytes(b"")
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    half = encoded(Image.fromarray(noise))
    (tmp_path / "half.png").write_bytes(half[: len(half) // 2])
    (tmp_path / "whole.png").write_bytes(half)

    for name, message in (
        ("text.png", "not a picture"),
        ("empty.png", "not a picture"),
        ("half.png", "damaged or incomplete"),
        ("missing.png", "does not exist"),
        (".", "is a folder"),
    ):
        with pytest.raises(PhotoError, match=message) as caught:
            read_photo(tmp_path / name)
        assert caught.value.hint
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(PhotoError, match="too many pixels"):
        read_photo(tmp_path / "whole.png")


@pytest.mark.parametrize("background", [(255, 255, 255), (0, 160, 60), (20, 20, 20)])
def test_the_object_is_centred_on_white_with_the_training_margin(background):
    square = np.asarray(prepare_photo(scene(background), "auto"))

    assert square.shape[0] == square.shape[1] == round(80 / MARGIN)
    rows = np.flatnonzero((square != 255).any(axis=(1, 2)))
    columns = np.flatnonzero((square != 255).any(axis=(0, 2)))
    assert columns[-1] - columns[0] + 1 == 80
    assert rows[-1] - rows[0] + 1 == 40
    assert abs(rows[0] + rows[-1] + 1 - len(square)) <= 1
    assert tuple(square[rows[5], columns[5]]) == (200, 30, 40)


def test_noise_in_an_even_background_is_not_the_object():
    rng = np.random.default_rng(0)
    pixels = np.asarray(scene((120, 130, 140)), dtype=np.float64)
    noisy = Image.fromarray(np.clip(pixels + rng.normal(0, 2, pixels.shape), 0, 255).astype("u1"))

    square = prepare_photo(noisy, "remove")

    assert square.size[0] == pytest.approx(80 / MARGIN, abs=3)
    assert square.getpixel((1, 1)) == (255, 255, 255)


def test_transparency_tells_the_object():
    photo = Image.new("RGBA", (100, 100), (0, 0, 255, 0))
    photo.paste(Image.new("RGBA", (20, 41), (200, 30, 40, 255)), (70, 5))

    square = np.asarray(prepare_photo(photo, "remove"))

    assert len(square) == 50
    assert ((square == 255).all(axis=2) | (square == (200, 30, 40)).all(axis=2)).all()
    assert (square != 255).any(axis=2).sum() == 20 * 41


def test_keep_only_pads_to_a_square():
    square = np.asarray(prepare_photo(scene((0, 160, 60)), "keep"))

    assert square.shape == (300, 300, 3)
    np.testing.assert_array_equal(square[50:250], np.asarray(scene((0, 160, 60))))
    assert (square[:50] == 255).all()
    assert (square[250:] == 255).all()


def test_a_busy_background_is_kept_unless_its_removal_is_asked_for():
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    busy = Image.fromarray(noise)

    np.testing.assert_array_equal(np.asarray(prepare_photo(busy, "auto")), noise)
    assert "the background was kept" in isolate_object(busy).warnings[0]
    with pytest.raises(PhotoError, match="cannot be told from its background"):
        prepare_photo(busy, "remove")


@pytest.mark.parametrize("photo", [scene("grey", "grey"), Image.new("RGBA", (50, 50))])
def test_a_photo_of_nothing_is_refused(photo):
    with pytest.raises(PhotoError, match="no object"):
        prepare_photo(photo)


def test_the_photo_given_is_left_as_it_was():
    photo = scene("white", size=(3000, 2000), box=(400, 600, 1200, 1000))
    before = photo.tobytes()

    square = prepare_photo(photo)

    assert photo.tobytes() == before
    assert max(square.size) <= 1300


@pytest.mark.parametrize("size", [(20_000, 10), (10, 20_000)])
def test_a_photo_that_is_one_line_when_reduced_is_refused(size):
    with pytest.raises(PhotoError, match="too narrow"):
        isolate_object(Image.new("RGB", size, "white"))


def test_tiny_pictures_are_refused_in_words():
    with pytest.raises(PhotoError, match="1 x 1 pixels is too small") as caught:
        prepare_photo(read_photo(encoded(Image.new("RGB", (1, 1)))))

    assert caught.value.hint


@pytest.mark.parametrize("text", ["https://a.b/c.png", "HTTP://a/b.jpg?size=2", "data:image/png;b"])
def test_an_address_is_refused_as_one(text):
    with pytest.raises(PhotoError, match="is an address, not a file"):
        refuse_address(text)
    with pytest.raises(PhotoError, match="is an address"):
        read_photo(Path(text))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "BMP", "TIFF", "PNG", "GIF", "PPM"])
def test_every_kind_of_file_is_read(tmp_path, kind):
    scene("white").save(tmp_path / "photo", format=kind)

    photo = read_photo(tmp_path / "photo")

    assert (photo.mode, photo.size) == ("RGB", (300, 200))
    np.testing.assert_allclose(photo.getpixel((80, 80)), (200, 30, 40), atol=6)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGB", "JPEG"), ("L", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("CMYK", "TIFF"), ("1", "PNG")],
)
def test_a_large_picture_comes_back_reduced(mode, kind):
    image = Image.new("L", (9001, 1300), 255)
    image.paste(0, (4500, 0, 9001, 1300))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    elif mode != "L":
        image = image.convert(mode)

    photo = read_photo(encoded(image, format=kind))

    assert ENOUGH <= photo.width < 2 * ENOUGH
    assert photo.width / photo.height == pytest.approx(9001 / 1300, rel=0.02)
    dark = np.asarray(photo.convert("L")).mean(axis=0) < 128
    assert dark.argmax() == pytest.approx(photo.width / 2, abs=2)
    assert dark[photo.width // 2 + 2 :].all()


def test_pictures_made_of_a_photo_count_their_own_pixels():
    photo = read_photo(encoded(Image.new("RGB", (5000, 4100))))

    assert photo.size == (2500, 2050)
    assert full_size(photo) == full_size(photo.copy()) == (5000, 4100)
    assert full_size(photo.crop((0, 0, 300, 200))) == (300, 200)
    assert full_size(photo.resize((500, 410))) == (500, 410)


def test_a_large_picture_keeps_transparency_and_orientation():
    exif = Image.Exif()
    exif[0x0112] = 8  # to be turned by 90 degrees counterclockwise
    image = Image.new("RGBA", (6000, 600), (10, 20, 30, 0))
    image.paste((10, 20, 30, 255), (3000, 0, 6000, 600))

    photo = read_photo(encoded(image, exif=exif))

    assert photo.mode == "RGBA"
    assert photo.size == (300, 3000)
    assert photo.getpixel((150, 400)) == (10, 20, 30, 255)
    assert photo.getpixel((150, 2600))[3] == 0


@pytest.mark.slow
def test_a_hundred_megapixels_need_little_more_memory_than_their_bytes(tmp_path):
    Image.new("RGB", (10_000, 10_000), (200, 10, 10)).save(tmp_path / "large.jpg")
    program = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from onet_cli.shapes.photo import read_photo\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "read_photo(Path(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )

    def megabytes(name):
        command = [sys.executable, "-c", program, str(tmp_path / name)]
        return int(subprocess.run(command, capture_output=True, check=True).stdout) / 1024

    assert megabytes("large.jpg") < 120  # decoded at a quarter of the edge
    Image.new("I;16", (10_000, 10_000), 40_000).save(tmp_path / "deep.png")
    assert megabytes("deep.png") < 2 * 200


def test_corners_that_are_clear_do_not_make_the_rest_an_object():
    photo = scene("white").convert("RGBA")
    photo.paste((0, 0, 0, 0), (0, 0, 5, 5))

    prepared = isolate_object(photo)

    assert prepared.method == "border"
    assert prepared.picture.size[0] == pytest.approx(80 / MARGIN, abs=2)


def test_light_that_falls_off_across_the_background_is_not_the_object():
    y, x = np.mgrid[0:200, 0:300] / 300
    pixels = (220 - 150 * ((x - 0.4) ** 2 + (y - 0.2) ** 2))[..., None] * (1, 0.97, 0.9)
    pixels[60:100, 40:120] = (200, 30, 40)
    stream = io.BytesIO(encoded(Image.fromarray(pixels.astype("u1")), format="JPEG", quality=80))

    prepared = isolate_object(read_photo(stream.getvalue()))

    assert (prepared.method, prepared.warnings) == ("border", ())
    truth = np.zeros((200, 300), bool)
    truth[60:100, 40:120] = True
    assert overlap(prepared.weight > 0.5, truth) > 0.97


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def test_a_soft_shadow_is_background_and_a_dark_object_is_not():
    y, x = np.mgrid[0:300, 0:300].astype(float)
    shade = 0.5 * np.exp(-(((x - 150) / 70) ** 2 + ((y - 210) / 20) ** 2))
    pixels = np.full((300, 300, 3), (120.0, 170, 130)) * (1 - shade[..., None])
    truth = (abs(x - 150) < 50) & (abs(y - 150) < 60)
    pixels[truth] = (45, 60, 50)  # nearly the shadow's hue

    prepared = isolate_object(Image.fromarray(pixels.astype("u1")))

    assert overlap(prepared.weight > 0.5, truth) > 0.95


def test_the_edge_of_a_cut_object_keeps_no_halo_of_the_background():
    large = scene((0, 200, 0), (200, 30, 200), (1200, 1200), (301, 303, 901, 907))
    small = large.resize((171, 171), Image.Resampling.BOX)  # so that edges are mixed colours

    picture = np.asarray(prepare_photo(small)).astype(int)

    assert (picture[..., 1] - picture[..., [0, 2]].min(axis=-1)).max() < 8


def test_what_shows_through_the_object_is_background():
    photo = scene((90, 140, 200), size=(200, 200), box=(40, 40, 160, 160))
    photo.paste((90, 140, 200), (80, 80, 120, 120))

    picture = np.asarray(prepare_photo(photo))

    assert (picture[len(picture) // 2, len(picture) // 2] == 255).all()


def furnished(seed=0, size=240):
    """A picture of a red and white thing before a textured wall and floor; and its mask."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / size
    wall, floor = np.array([150.0, 165, 120]), np.array([105.0, 80, 55])
    pixels = np.where((y > 0.6)[..., None], floor, wall) + rng.normal(0, 9, (size, size, 1))
    pixels += 14 * np.sin(60 * x + 5 * np.sin(9 * y))[..., None]
    truth = ((x - 0.5) ** 2 + (y - 0.45) ** 2 < 0.04) | (abs(x - 0.5) < 0.05) & (abs(y - 0.6) < 0.2)
    pixels[truth] = (190, 40, 45)
    pixels[truth & (y < 0.4)] = (235, 235, 235)
    return Image.fromarray(np.clip(pixels, 0, 255).astype("u1")), truth


def test_an_object_before_a_textured_background_is_found():
    photo, truth = furnished()

    prepared = isolate_object(photo)

    assert prepared.method == "network"
    assert overlap(prepared.weight > 0.5, truth) > 0.95
    again = isolate_object(photo)
    assert np.array_equal(again.weight, prepared.weight)


def shaded_on_white():
    """A nearly white box on white, its front darker towards a soft shadow; and its mask."""
    y, x = np.mgrid[0:300, 0:300].astype(float)
    shade = 0.35 * np.exp(-(((x - 150) / 90) ** 2 + ((y - 235) / 22) ** 2))
    pixels = np.full((300, 300, 3), 255.0) * (1 - shade[..., None])
    truth = (abs(x - 150) < 70) & (abs(y - 150) < 80)
    front = 246 - 30 * np.clip((y - 110) / 120, 0, 1) ** 2
    pixels[truth] = front[truth][:, None]
    pixels[(abs(x - 150) < 73) & (abs(y - 150) < 83) & ~truth] *= 0.86  # its edges
    return Image.fromarray(pixels.astype("u1")), truth


def test_a_white_object_on_white_keeps_its_pixels():
    photo, truth = shaded_on_white()

    prepared = isolate_object(photo)

    assert overlap(prepared.weight > 0.5, truth) > 0.9
    rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
    inside = np.asarray(photo)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    picture = np.asarray(prepared.picture)
    top = (len(picture) - len(inside)) // 2
    near = [
        np.abs(picture[top + i :, top + j :][: inside.shape[0], : inside.shape[1]] - inside).mean()
        for i in range(-8, 9)
        for j in range(-8, 9 + (len(picture) - inside.shape[1]))
        if picture[top + i :, top + j :][: inside.shape[0], : inside.shape[1]].shape == inside.shape
    ]
    assert min(near) == 0


def test_before_white_a_picture_is_only_cropped():
    photo = scene("white")
    pixels = np.array(photo)
    pixels[70:90, 50:110] = (254, 253, 255)  # what cannot be told from white

    picture = np.asarray(prepare_photo(Image.fromarray(pixels)))

    top, left = (len(picture) - 40) // 2, (len(picture) - 80) // 2
    np.testing.assert_array_equal(picture[top : top + 40, left : left + 80], pixels[60:100, 40:120])


def give_rembg(monkeypatch, folder, remove):
    """Let a package rembg with its network be installed."""
    module = SimpleNamespace(
        remove=remove, new_session=lambda name: name, __spec__=ModuleSpec("rembg", None)
    )
    monkeypatch.setitem(sys.modules, "rembg", module)
    monkeypatch.setenv("U2NET_HOME", str(folder))
    network_file().parent.mkdir(exist_ok=True)
    network_file().write_bytes(b"")


def test_rembg_is_asked_where_that_is_wanted_for_a_network_of_free_licence(monkeypatch, tmp_path):
    photo, truth = furnished()
    truth = np.roll(truth, 9)

    def remove(picture, session, only_mask):
        assert (session, only_mask) == ("isnet-general-use", True)
        return Image.fromarray(truth.astype(np.uint8) * 255)

    give_rembg(monkeypatch, tmp_path, remove)

    prepared = isolate_object(photo, "rembg")

    assert (prepared.method, prepared.warnings) == ("rembg", ())
    assert overlap(prepared.weight > 0.5, truth) == 1
    assert isolate_object(photo).method == "network"  # it is not tried unasked


def test_without_rembg_the_own_network_is_used_and_that_is_said(monkeypatch, tmp_path):
    photo, truth = furnished()

    monkeypatch.setattr("onet_cli.shapes.photo_rembg.find_spec", lambda name: None)
    absent = isolate_object(photo, "rembg")
    monkeypatch.undo()
    give_rembg(monkeypatch, tmp_path, lambda *_, **__: 1 / 0)
    broken = isolate_object(photo, "rembg")
    network_file().unlink()
    offline = isolate_object(photo, "rembg")

    for prepared, words in (
        (absent, "rembg is not installed"),
        (broken, "rembg failed"),
        (offline, "rembg has no network at"),
    ):
        assert prepared.method == "network"
        assert words in prepared.warnings[0]
        assert overlap(prepared.weight > 0.5, truth) > 0.95


def test_that_rembg_found_nothing_is_said(monkeypatch, tmp_path):
    photo, truth = furnished()
    give_rembg(monkeypatch, tmp_path, lambda picture, **_: Image.new("L", picture.size))

    prepared = isolate_object(photo, "rembg")

    assert prepared.method == "network"
    assert prepared.warnings[0] == "rembg found no object; onet's own network was used"
    assert overlap(prepared.weight > 0.5, truth) > 0.95


@pytest.mark.parametrize("transparent", [False, True])
def test_a_mask_decides_whatever_the_photo_shows(transparent):
    photo, truth = furnished()
    grey = Image.fromarray(truth.astype(np.uint8) * 255)
    mask = grey
    if transparent:
        mask = Image.new("RGBA", grey.size, (9, 9, 9, 255))
        mask.putalpha(grey)

    prepared = isolate_object(photo, "keep", mask)

    assert prepared.method == "mask"
    assert np.array_equal(prepared.weight > 0.5, truth)
    with pytest.raises(PhotoError, match="does not fit the photo"):
        isolate_object(photo, mask=mask.resize((100, 300)))


@pytest.mark.parametrize(
    ("photo", "warning"),
    [
        (scene("white", box=(200, 60, 300, 140)), "cut off at the right of the photo"),
        (scene("white", box=(100, 60, 130, 80)), "the object is tiny: 30 pixels"),
        (scene((0, 0, 0), (22, 12, 12), box=(40, 20, 240, 180)), "very dark"),
        (scene((0, 0, 255), (255, 255, 255), box=(40, 20, 240, 180)), "blown out"),
        (scene("white", box=(40, 20, 240, 180)), None),
    ],
)
def test_what_may_spoil_the_mesh_is_said(photo, warning):
    warnings = isolate_object(photo).warnings

    assert len(warnings) == (warning is not None)
    assert all(warning in text for text in warnings)


def test_finding_an_object_on_white_loads_no_torch_and_no_scipy(tmp_path):
    scene("white").save(tmp_path / "photo.png")
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from onet_cli.shapes.photo import isolate_object, read_photo\n"
        "assert isolate_object(read_photo(Path(sys.argv[1]))).method == 'border'\n"
        "print([name for name in ('torch', 'scipy', 'skimage', 'trimesh') if name in sys.modules])"
    )

    command = [sys.executable, "-c", program, str(tmp_path / "photo.png")]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("radius", [1, 2])
def test_growing_and_the_highest_near_look_at_the_whole_square(radius):
    rng = np.random.default_rng(0)
    values = rng.random((9, 13), dtype=np.float32)
    mask = values > 0.9
    highest, grown = highest_near(values, radius), grow(mask, radius)
    for row in range(9):
        for column in range(13):
            near = (
                slice(max(row - radius, 0), row + radius + 1),
                slice(max(column - radius, 0), column + radius + 1),
            )
            assert highest[row, column] == values[near].max()
            assert grown[row, column] == mask[near].any()
