"""Textures in the kernels' layout: all mip levels of all pictures in one array of texels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.errors import InvalidGeometryError

STEPS = 4096
"""Entries of the table from linear light to sRGB."""


@dataclass(frozen=True)
class TextureTables:
    """Mip maps of pictures: each level is half as large as the previous one (Williams, 1983).

    `texels` (N, 4) holds the rows of all levels, sRGB and alpha. `levels` (L, 3) is each level's
    first texel, width and height; `textures` (T, 2) each picture's first level and their number.
    """

    texels: NDArray[np.uint8]
    levels: NDArray[np.int32]
    textures: NDArray[np.int32]

    @classmethod
    def of(cls, pictures: list[NDArray[np.uint8]]) -> "TextureTables":
        """Return the tables of `pictures`, each (H, W, 3 or 4).

        Raises:
            InvalidGeometryError: a picture has another shape or no pixels.
        """
        texels: list[NDArray[np.uint8]] = []
        levels: list[tuple[int, int, int]] = []
        textures: list[tuple[int, int]] = []
        offset = 0
        for picture in pictures:
            pyramid = _pyramid(picture)
            textures.append((len(levels), len(pyramid)))
            for level in pyramid:
                levels.append((offset, level.shape[1], level.shape[0]))
                texels.append(level.reshape(-1, 4))
                offset += len(texels[-1])
        return cls(
            np.concatenate([np.zeros((0, 4), np.uint8), *texels]),
            np.array(levels, np.int32).reshape(-1, 3),
            np.array(textures, np.int32).reshape(-1, 2),
        )


def _pyramid(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return the mip levels of `picture` as RGBA, down to one pixel."""
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or 0 in picture.shape:
        raise InvalidGeometryError(f"a texture must be (H, W, 3 or 4), not {picture.shape}")
    image = Image.fromarray(np.ascontiguousarray(picture, np.uint8)).convert("RGBA")
    levels = [image]
    while max(image.size) > 1:
        width, height = image.size
        # Pillow weights colours by alpha here, so holes do not bleed into their surroundings.
        image = image.resize((max(1, width // 2), max(1, height // 2)), Image.Resampling.BOX)
        levels.append(image)
    return [np.array(level) for level in levels]


def srgb_to_linear() -> NDArray[np.float32]:
    """Return the linear light, 0..1, of each sRGB byte, (256,) (IEC 61966-2-1)."""
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def linear_to_srgb() -> NDArray[np.uint8]:
    """Return the sRGB bytes of linear light 0..1 in `STEPS` equal steps, (STEPS,)."""
    return as_srgb(np.arange(STEPS) / (STEPS - 1), linear=True)


def as_srgb(colours: NDArray[np.floating], linear: bool) -> NDArray[np.uint8]:
    """Return colours in 0..1 as sRGB uint8; they are `linear`, or else already sRGB.

    Source: IEC 61966-2-1.
    """
    values = colours.clip(0, 1)
    if linear:
        curved = 1.055 * np.maximum(values, 0.0031308) ** (1 / 2.4) - 0.055
        values = np.where(values <= 0.0031308, values * 12.92, curved)
    result: NDArray[np.uint8] = np.rint(values * 255).astype(np.uint8)
    return result
