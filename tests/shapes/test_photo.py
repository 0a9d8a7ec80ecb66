import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.photo import (
    MARGIN,
    decode_view,
    prepare_photo,
    read_photo,
    resize_images,
)

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


def test_the_first_frame_of_an_animation_counts():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]

    photo = read_photo(encoded(frames[0], format="GIF", save_all=True, append_images=frames[1:]))

    assert photo.convert("RGB").getpixel((3, 3)) == (255, 0, 0)


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
