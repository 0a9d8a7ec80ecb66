"""The object before an even background: what a flood from the picture's border does not reach."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.shapes.photo_pixels import (
    Mask,
    Plane,
    erode,
    flood,
    grow,
    highest_near,
    length,
    smooth,
    steepness,
    to_lab,
)

UNEVEN = 3.5
"""Median distance in Lab of the border to its smooth model, from which it is no even background."""

FREE = 0.6
"""Least share of the border that must fit the model; the object may cover the rest."""

UNSURE_NOISE, UNSURE_FREE, UNSURE_SHADOW = 2.2, 0.8, 0.7
"""From here on the cut is made, but said to be uncertain."""

_BAND = 0.015  # width of the border, as a share of the shorter side
_DEEPEST_SHADOW = 45.0  # in L
_SOFTEST_EDGE = 500.0  # L per picture side: what is steeper is an edge of the object, not a shadow
_WHITE = 247  # of 255: the darkest channel of a white background
_MOST_SHADOW = 0.85  # share of what is not background from which it is no shadow but a leak


@dataclass(frozen=True)
class Cut:
    """An object told from its background.

    `weight` (H, W) says from 0 to 1 how much of each pixel is the object; `backdrop` (H, W, 3)
    is the colour behind it in sRGB, 0 to 255, where that is known. `shaded` is the area taken for
    shadows, as a share of the object's, and `shadows` (H, W) its pixels. Where the background is
    `white`, the object's pixels need not be told from it.
    """

    weight: Plane
    certain: bool
    backdrop: Plane | None = None
    shaded: float = 0.0
    white: bool = False
    shadows: Mask | None = None


def cut_from_even_background(colours: NDArray[np.uint8]) -> Cut | None:
    """Return the object in `colours` (H, W, 3), or None where the border is not even.

    The border's colour is modelled as a quadratic function of the place, so that light may fall off
    across the picture. Background is what is near to the model and joined to the border, what is
    very near to it anywhere (seen through a chair's back), and soft shadows: pixels of the same hue
    but darker, reached from the background without crossing an edge.
    """
    lab = smooth(to_lab(colours))
    border = _border(lab.shape[:2])
    model, fits = _fit(lab, border)
    residual = length(lab - model)
    noise = float(np.median(residual[border]))
    free = float((residual[border] < max(3 * noise, 4.0)).mean())
    if noise > UNEVEN or free < FREE:
        return None
    tolerance = 3 * noise + 2.0
    near = residual < tolerance
    gentle = steepness(lab[..., 0]) < _SOFTEST_EDGE / max(residual.shape)
    shade = _in_shade(lab, model, tolerance) & gentle
    outside = flood(border & near, near) | (residual < 0.6 * tolerance)
    outside, shadows, shaded = _with_shadows(outside, shade)
    inside = _without_specks(~outside)
    weight = _soften(inside, residual, tolerance)
    backdrop, _ = _fit(colours.astype(np.float32), fits)
    certain = noise < UNSURE_NOISE and free > UNSURE_FREE and shaded < UNSURE_SHADOW
    white = bool(np.quantile(backdrop[border].min(axis=1), 0.1) >= _WHITE)
    return Cut(weight, certain, backdrop, shaded, white, shadows)


def _border(shape: tuple[int, ...]) -> Mask:
    width = max(1, round(_BAND * min(shape)))
    border = np.ones(shape, dtype=np.bool_)
    border[width:-width, width:-width] = False
    return border


def _fit(values: Plane, where: Mask) -> tuple[Plane, Mask]:
    """Return a quadratic model (H, W, 3) of `values`, and the pixels of `where` that it fits best.

    Trimmed least squares: what fits worst is left out and the fit repeated, for the object may
    touch the border.
    """
    down, right = (np.linspace(-1, 1, n, dtype=np.float32) for n in where.shape)
    y, x = np.meshgrid(down, right, indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    sample, targets = terms[where].astype(np.float64), values[where].astype(np.float64)
    distance = length(targets - np.median(targets, axis=0))
    for _ in range(6):
        kept = distance <= np.quantile(distance, 0.7)
        rows = sample[kept]
        # The normal equations: coordinates within -1..1 are far from ill-conditioned.
        weights = np.linalg.lstsq(rows.T @ rows, rows.T @ targets[kept], rcond=1e-10)[0]
        distance = length(targets - sample @ weights)
    fits = np.zeros_like(where)
    fits[where] = distance <= np.quantile(distance, 0.7)
    return (terms @ weights.astype(np.float32)), fits


def _in_shade(lab: Plane, model: Plane, tolerance: float) -> Mask:
    """Return the pixels that the background could have with less light on it."""
    darker = model[..., 0] - lab[..., 0]
    # Less light takes colour away as it takes lightness.
    dimmed = model[..., 1:] * (lab[..., :1] / np.maximum(model[..., :1], 1))
    hue = length(lab[..., 1:] - dimmed)
    shade: Mask = (darker > 0) & (darker < _DEEPEST_SHADOW) & (hue < tolerance + 2)
    return shade


def _with_shadows(outside: Mask, shade: Mask) -> tuple[Mask, Mask, float]:
    """Return `outside` grown by soft shadows, these, and their share of what was not outside."""
    grown = flood(outside, outside | shade)
    shadows = grown & ~outside
    share = float(shadows.sum() / max(int((~outside).sum()), 1))
    return (outside, shadows, share) if share > _MOST_SHADOW else (grown, shadows, share)


def _without_specks(inside: Mask) -> Mask:
    """Return `inside` without the pieces that are nowhere 5 pixels wide, if others remain."""
    cores = erode(inside, 2)
    return flood(cores, inside) if cores.any() else inside


def _soften(inside: Mask, residual: Plane, tolerance: float) -> Plane:
    """Return how much of each pixel is object: along the edge, its share of the step in colour."""
    step = highest_near(np.where(inside, residual, 0), 2)
    share = (residual - tolerance / 2) / np.maximum(step - tolerance / 2, 1e-3)
    edge = inside & grow(~inside, 2)
    weight = np.where(edge, np.clip(share, 0, 1), inside)
    return weight.astype(np.float32)
