import numpy as np
import pytest
from PIL import Image, ImageDraw

from onet_cli.shapes.photo_mask import mask_weight, object_on_white

SIDE, FINE = 64, 8


def disc_on_white(colour, radius=20.0, ground="white"):
    """Return a picture of a disc, antialiased, and the pixels that it covers by half."""
    large = Image.new("RGB", (SIDE * FINE, SIDE * FINE), ground)
    low, high = (SIDE / 2 - radius) * FINE, (SIDE / 2 + radius) * FINE
    ImageDraw.Draw(large).ellipse((low, low, high, high), colour)
    picture = np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX))
    middles = np.arange(SIDE) + 0.5 - SIDE / 2
    return picture, np.hypot(middles[:, None], middles) <= radius


@pytest.mark.parametrize("colour", [(0, 0, 0), (200, 60, 20), (190, 210, 220), (205, 205, 205)])
def test_the_edge_is_where_half_of_a_pixel_is_covered_whatever_the_colour(colour):
    picture, disc = disc_on_white(colour)

    found = object_on_white(picture)

    # Not the wider outline of all that is not white.
    assert np.count_nonzero(found ^ disc) <= 12
    assert abs(int(found.sum()) - int(disc.sum())) <= 12


def test_bright_parts_inside_belong_to_the_object():
    picture = disc_on_white((10, 10, 10))[0].copy()
    picture[28:36, 28:36] = 215

    assert object_on_white(picture)[28:36, 28:36].all()


def test_a_thin_line_is_not_lost():
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    picture[10:50, 30] = 90

    found = object_on_white(picture)

    assert found.sum() == 40
    assert found[10:50, 30].all()


def test_nothing_is_told_of_an_empty_picture_or_of_another_background():
    assert object_on_white(np.full((SIDE, SIDE, 3), 255, np.uint8)) is None
    grey, _ = disc_on_white((10, 10, 10), ground=(120, 120, 120))
    assert object_on_white(grey) is None


def test_a_mask_says_by_transparency_what_it_does_not_say_by_white():
    white = Image.new("L", (8, 6))
    white.paste(255, (2, 1, 5, 4))
    opaque = white.convert("RGBA")
    clear = Image.new("RGBA", (8, 6), (90, 0, 0, 255))
    clear.putalpha(white)

    for mask in (white, white.convert("RGB"), opaque, clear):
        np.testing.assert_array_equal(mask_weight(mask, (8, 6)), np.asarray(white) / 255)
    assert mask_weight(opaque, (16, 12)).shape == (12, 16)
