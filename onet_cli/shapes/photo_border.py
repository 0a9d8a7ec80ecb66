"""Segmentation on uniform backgrounds: a flood fill from the picture's border."""

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
"""Median distance in Lab of the border to its smooth model above which it is not uniform."""

FREE = 0.6
"""Minimum share of the border that must match the model; the object may cover the rest."""

UNSURE_NOISE, UNSURE_FREE, UNSURE_SHADOW = 2.2, 0.8, 0.7
"""From here on the segmentation is marked as uncertain."""

_BAND = 0.015  # width of the border, as a share of the shorter side
_DEEPEST_SHADOW = 45.0  # in L
_SOFTEST_EDGE = 500.0  # L per picture side: steeper gradients are edges of the object, not shadows
_WHITE = 247  # of 255: the darkest channel of a white background
_MOST_SHADOW = 0.85  # share of the non-background above which a shadow is treated as a leak


@dataclass(frozen=True)
class Cut:
    """A segmented object.

    `weight` (H, W) is the object's coverage of each pixel, 0 to 1; `backdrop` (H, W, 3) the
    background colour in sRGB, 0 to 255, if known. `shaded` is the area classified as shadow, as a
    share of the object's, and `shadows` (H, W) its pixels. On a `white` background, the object's
    pixels need not be separated from it.
    """

    weight: Plane
    certain: bool
    backdrop: Plane | None = None
    shaded: float = 0.0
    white: bool = False
    shadows: Mask | None = None


def cut_from_even_background(colours: NDArray[np.uint8]) -> Cut | None:
    """Return the object in `colours` (H, W, 3), or None if the border is not uniform.

    The border's colour is modelled as a quadratic function of position, to allow for light falloff.
    Background pixels are those close to the model and connected to the border, those very close to
    it anywhere (seen through a chair's back), and soft shadows: darker pixels of the same hue,
    reached from the background without crossing an edge.
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

    Trimmed least squares: the worst outliers are dropped and the fit is repeated, as the object may
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
        # Normal equations: with coordinates within -1..1 they are well conditioned.
        weights = np.linalg.lstsq(rows.T @ rows, rows.T @ targets[kept], rcond=1e-10)[0]
        distance = length(targets - sample @ weights)
    fits = np.zeros_like(where)
    fits[where] = distance <= np.quantile(distance, 0.7)
    return (terms @ weights.astype(np.float32)), fits


def _in_shade(lab: Plane, model: Plane, tolerance: float) -> Mask:
    """Return the pixels that may be background in shadow."""
    darker = model[..., 0] - lab[..., 0]
    # Less light reduces chroma along with lightness.
    dimmed = model[..., 1:] * (lab[..., :1] / np.maximum(model[..., :1], 1))
    hue = length(lab[..., 1:] - dimmed)
    shade: Mask = (darker > 0) & (darker < _DEEPEST_SHADOW) & (hue < tolerance + 2)
    return shade


def _with_shadows(outside: Mask, shade: Mask) -> tuple[Mask, Mask, float]:
    """Return `outside` grown by soft shadows, the shadows, and their share of the former inside."""
    grown = flood(outside, outside | shade)
    shadows = grown & ~outside
    share = float(shadows.sum() / max(int((~outside).sum()), 1))
    return (outside, shadows, share) if share > _MOST_SHADOW else (grown, shadows, share)


def _without_specks(inside: Mask) -> Mask:
    """Return `inside` without the pieces narrower than 5 pixels, if others remain."""
    cores = erode(inside, 2)
    return flood(cores, inside) if cores.any() else inside


def _soften(inside: Mask, residual: Plane, tolerance: float) -> Plane:
    """Return the object's coverage of each pixel: along the edge, its share of the colour step."""
    step = highest_near(np.where(inside, residual, 0), 2)
    share = (residual - tolerance / 2) / np.maximum(step - tolerance / 2, 1e-3)
    edge = inside & grow(~inside, 2)
    weight = np.where(edge, np.clip(share, 0, 1), inside)
    return weight.astype(np.float32)
