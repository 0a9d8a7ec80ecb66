from itertools import pairwise

import numpy as np
import pytest

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.texture import TextureTables, as_srgb, linear_to_srgb, srgb_to_linear


def level(tables, number):
    offset, width, height = tables.levels[number]
    return tables.texels[offset : offset + width * height].reshape(height, width, 4)


@pytest.mark.parametrize("shape", [(8, 8), (1, 1), (5, 3), (1, 9), (64, 2)])
def test_levels_halve_down_to_one_texel(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)

    tables = TextureTables.of([picture])

    np.testing.assert_array_equal(level(tables, 0)[..., :3], picture)
    sizes = tables.levels[:, :0:-1].tolist()
    assert sizes[-1] == [1, 1]
    for before, after in pairwise(sizes):
        assert after == [max(1, side // 2) for side in before]
    assert tables.textures.tolist() == [[0, len(sizes)]]


def test_a_level_is_the_mean_of_the_one_before():
    picture = np.random.default_rng(0).integers(0, 256, (16, 8, 3), dtype=np.uint8)
    small = level(TextureTables.of([picture]), 1)[..., :3]
    mean = picture.reshape(8, 2, 4, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - mean).max() <= 1


def test_the_colour_of_holes_does_not_bleed():
    picture = np.zeros((2, 2, 4), np.uint8)
    picture[0, 0] = 200, 100, 50, 255
    np.testing.assert_allclose(
        level(TextureTables.of([picture]), 1)[0, 0], [200, 100, 50, 64], atol=2
    )


def test_tables_hold_several_pictures_one_after_another():
    pictures = [np.full((4, 4, 3), 10, np.uint8), np.full((2, 8, 4), 90, np.uint8)]
    tables = TextureTables.of(pictures)
    assert tables.textures.tolist() == [[0, 3], [3, 4]]
    assert (level(tables, 3) == 90).all()
    assert tables.levels[3].tolist() == [16 + 4 + 1, 8, 2]


def test_no_pictures_make_empty_tables():
    tables = TextureTables.of([])
    assert [len(part) for part in (tables.texels, tables.levels, tables.textures)] == [0, 0, 0]


def test_srgb_goes_to_linear_light_and_back():
    decode, encode = srgb_to_linear(), linear_to_srgb()
    assert decode[0] == 0
    assert decode[255] == 1
    assert decode[128] == pytest.approx(0.2159, abs=1e-4)
    back = encode[np.rint(decode * (len(encode) - 1)).astype(int)]
    np.testing.assert_allclose(back, np.arange(256), atol=1)


def test_the_bytes_of_linear_light_are_the_nearest_ones():
    encode = linear_to_srgb()
    light = np.arange(len(encode)) / (len(encode) - 1)

    # A byte stands for what the curve of IEC 61966-2-1 gives half a byte around it.
    low, high = (
        np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055).clip(0) ** 2.4)
        for value in ((encode - 0.5) / 255, (encode + 0.5) / 255)
    )

    assert encode[0] == 0
    assert encode[-1] == 255
    assert ((low <= light + 1e-6) & (light - 1e-6 <= high)).all()


def test_colours_beyond_white_and_black_are_clipped_and_srgb_is_only_rounded():
    colours = np.array([-0.5, 0.0, 0.25, 0.5, 1.0, 7.0])

    assert as_srgb(colours, linear=False).tolist() == [0, 0, 64, 128, 255, 255]
    assert as_srgb(colours, linear=True).tolist() == [0, 0, 137, 188, 255, 255]


@pytest.mark.parametrize(
    "shape", [(4, 4), (4, 4, 2), (4, 4, 5), (0, 4, 3), (4, 0, 4), (1, 4, 4, 3)]
)
def test_a_picture_of_another_shape_or_without_pixels_is_refused(shape):
    with pytest.raises(InvalidGeometryError, match="a texture must be"):
        TextureTables.of([np.zeros(shape, np.uint8)])
