"""Scatter plots of points by category, with a legend."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_COLOURS = (
    "#2f6db5", "#e07b28", "#3a9a4f", "#c53a3a", "#7f5ab0", "#8a5a44",
    "#d069a8", "#6f7681", "#a8a32a", "#26a7b8",
)  # fmt: skip
_SHAPES = ("disc", "square", "triangle")

_SCALE = 2  # supersampling, for smooth edges
_PANEL, _MARGIN, _LEGEND, _TITLE = 560, 28, 190, 44


@dataclass(frozen=True)
class Panel:
    """One plot: a title and places (N, 2)."""

    title: str
    places: NDArray[np.floating]


def draw_panels(panels: Sequence[Panel], categories: Sequence[str]) -> Image.Image:
    """Return the panels side by side, each with N points coloured by category, and a legend.

    Categories beyond the number of colours get another marker.
    """
    keys = sorted(set(categories))
    marks = {
        key: (_COLOURS[n % len(_COLOURS)], _SHAPES[n // len(_COLOURS) % len(_SHAPES)])
        for n, key in enumerate(keys)
    }
    width = (_PANEL + _MARGIN) * len(panels) + _MARGIN + _LEGEND
    height = max(_TITLE + _PANEL + _MARGIN, _TITLE + 22 * len(keys) + _MARGIN)
    canvas = Image.new("RGB", (width * _SCALE, height * _SCALE), "white")
    draw = ImageDraw.Draw(canvas)
    for number, panel in enumerate(panels):
        left = _MARGIN + number * (_PANEL + _MARGIN)
        _panel(draw, panel, left, [marks[key] for key in categories])
    counts = Counter(categories)
    left = _MARGIN + len(panels) * (_PANEL + _MARGIN)
    for number, key in enumerate(keys):
        y = _TITLE + 12 + 22 * number
        _mark(draw, (left + 8, y), 6.0, *marks[key])
        _text(draw, (left + 24, y - 9), f"{key} ({counts[key]})", 14)
    return canvas.resize((width, height), Image.Resampling.LANCZOS)


def _panel(
    draw: ImageDraw.ImageDraw, panel: Panel, left: int, marks: Sequence[tuple[str, str]]
) -> None:
    _text(draw, (left, 14), panel.title, 16)
    frame = [left, _TITLE, left + _PANEL, _TITLE + _PANEL]
    draw.rectangle([v * _SCALE for v in frame], outline="#c9ced6", width=_SCALE)
    low, high = panel.places.min(axis=0), panel.places.max(axis=0)
    # The same scale on both axes, to preserve distances.
    scale = (_PANEL - 36) / (float((high - low).max()) or 1.0)
    offset = (panel.places - (low + high) / 2) * scale
    radius = float(np.clip(90 / np.sqrt(len(offset)), 2.2, 5.5))
    middle = np.array([left + _PANEL / 2, _TITLE + _PANEL / 2])
    # In random order, so that no category hides the others.
    for n in np.random.default_rng(0).permutation(len(offset)):
        x, y = middle + offset[n] * (1, -1)
        _mark(draw, (float(x), float(y)), radius, *marks[n])


def _mark(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], radius: float, colour: str, shape: str
) -> None:
    x, y = place[0] * _SCALE, place[1] * _SCALE
    r = radius * _SCALE
    if shape == "disc":
        draw.ellipse([x - r, y - r, x + r, y + r], fill=colour, outline="white")
    elif shape == "square":
        draw.rectangle([x - r, y - r, x + r, y + r], fill=colour, outline="white")
    else:
        draw.polygon([(x, y - r), (x + r, y + r), (x - r, y + r)], fill=colour, outline="white")


def _text(draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, size: int) -> None:
    font = ImageFont.load_default(size * _SCALE)
    draw.text((place[0] * _SCALE, place[1] * _SCALE), text, fill="#1d2430", font=font)
