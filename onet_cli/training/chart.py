"""Line charts as small images."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

SIZE = 420, 300
_LEFT, _TOP, _RIGHT, _BOTTOM = 44, 30, 20, 26
_INK, _RULE, _LINE = (90, 96, 108), (225, 228, 234), (60, 90, 160)
_SCALE = 3
"""Supersampling factor, for smooth lines."""


def draw_chart(title: str, across: Sequence[float], up: Sequence[float]) -> Image.Image:
    """Return a chart of `up`, 0 to 1, over the ascending `across`, with its maximum marked."""
    width, height = (side * _SCALE for side in SIZE)
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=12 * _SCALE)
    first, last = across[0], across[-1]

    def place(x: float, y: float) -> tuple[float, float]:
        share = (x - first) / (last - first or 1)
        right = _LEFT + share * (SIZE[0] - _LEFT - _RIGHT)
        down = _TOP + (1 - y) * (SIZE[1] - _TOP - _BOTTOM)
        return right * _SCALE, down * _SCALE

    for level in (0.0, 0.25, 0.5, 0.75, 1.0):
        draw.line([place(first, level), place(last, level)], fill=_RULE, width=_SCALE)
        x, y = place(first, level)
        draw.text((x - 6 * _SCALE, y), f"{level:g}", fill=_INK, font=font, anchor="rm")
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = first + share * (last - first)
        x, y = place(value, 0)
        draw.text((x, y + 6 * _SCALE), f"{value:.3g}", fill=_INK, font=font, anchor="mt")
    draw.line([place(*point) for point in zip(across, up, strict=True)], _LINE, 2 * _SCALE)
    top = max(range(len(up)), key=up.__getitem__)
    x, y = place(across[top], up[top])
    reach = 4 * _SCALE
    draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=_LINE)
    label = f"{title}: {up[top]:.3f} at {across[top]:.3g}"
    draw.text((_LEFT * _SCALE, 8 * _SCALE), label, fill=_INK, font=font, anchor="lt")
    return sheet.resize(SIZE, Image.Resampling.LANCZOS)
