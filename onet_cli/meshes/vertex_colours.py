"""The looks of a mesh as one colour for each vertex, for formats without materials."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.appearance import DEFAULT_COLOUR, Appearance
from onet_cli.geometry.texture import as_srgb, srgb_to_linear

Colours = NDArray[np.float64]


def vertex_colours(
    faces: NDArray[np.integer], appearance: Appearance, vertices: int
) -> NDArray[np.uint8] | None:
    """Return the sRGB colours (V, 3) of a mesh's vertices, None if its looks are the default ones.

    A vertex has the mean, in linear light, of the colours that the faces (F, 3) have at it:
    those of corners, of the texture there (bilinear, repeated), or of the material. Where faces of
    different colours meet, the border is blurred over one face.
    """
    if _is_plain(appearance):
        return None
    corners = faces.ravel()
    light = _corner_light(appearance).reshape(-1, 3)
    counts = np.bincount(corners, minlength=vertices)
    sums = [np.bincount(corners, channel, minlength=vertices) for channel in light.T]
    return as_srgb(np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None], linear=True)


def _is_plain(appearance: Appearance) -> bool:
    used = [appearance.materials[i] for i in np.unique(appearance.material_of_face)]
    return appearance.corner_colours is None and all(
        material.texture is None and material.colour == DEFAULT_COLOUR for material in used
    )


def _corner_light(appearance: Appearance) -> Colours:
    """Return the linear light (F, 3, 3) of the corners."""
    table = srgb_to_linear().astype(np.float64)
    flat = np.array([material.colour for material in appearance.materials], np.uint8)
    light = np.repeat(table[flat[appearance.material_of_face]][:, None], 3, axis=1)
    if appearance.corner_colours is not None:
        light = table[appearance.corner_colours]
    if appearance.uv is not None:
        for number, material in enumerate(appearance.materials):
            if material.texture is not None:
                own = appearance.material_of_face == number
                light[own] = _sample(table[material.texture[..., :3]], appearance.uv[own])
    return light


def _sample(picture: Colours, uv: NDArray[np.floating]) -> Colours:
    """Return the colours of `picture` (H, W, 3), first row at the top, at `uv` (..., 2)."""
    height, width = picture.shape[:2]
    places = np.nan_to_num(np.asarray(uv, np.float64)) % 1.0
    across, down = places[..., 0] * width - 0.5, (1 - places[..., 1]) * height - 0.5
    left, top = np.floor(across).astype(np.intp), np.floor(down).astype(np.intp)
    right_share, lower_share = (across - left)[..., None], (down - top)[..., None]
    columns, rows = ((left % width, (left + 1) % width), (top % height, (top + 1) % height))
    upper = picture[rows[0], columns[0]] * (1 - right_share)
    upper += picture[rows[0], columns[1]] * right_share
    lower = picture[rows[1], columns[0]] * (1 - right_share)
    lower += picture[rows[1], columns[1]] * right_share
    result: Colours = upper * (1 - lower_share) + lower * lower_share
    return result
