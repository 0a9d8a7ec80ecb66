"""SVG charts, styled by the page."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.evaluation.intervals import Interval
from onet_cli.evaluation.views import SectorScore

MOST_DOTS = 3000
"""Maximum number of dots in a chart; larger sets are subsampled evenly."""

_WIDTH, _HEIGHT = 420.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 12.0, 40.0


@dataclass(frozen=True)
class Axis:
    """Maps values from `low` to `high` to page coordinates from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False
    least_step: float = 0.0

    def place(self, value: float) -> float:
        """Return the page coordinate of `value`, clamped to the ends."""
        low, high, value = (
            (math.log(v) if self.logarithmic else v)
            for v in (self.low, self.high, min(max(value, self.low), self.high))
        )
        return round(self.start + (self.end - self.start) * (value - low) / (high - low), 2)

    def ticks(self) -> list[float]:
        """Return about five round values."""
        if self.logarithmic:
            steps = [m * 10.0**e for e in range(-6, 4) for m in (1, 2, 5)]
            return [value for value in steps if self.low <= value <= self.high]
        step = max(self.least_step, nice_step((self.high - self.low) / 5))
        first = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, int(self.high / step + 1e-9) + 1)]


def nice_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9))


@dataclass(frozen=True)
class Dot:
    """An object in a chart, with its tooltip."""

    x: float
    y: float
    title: str


def histogram(values: Sequence[float], low: float, high: float, label: str, bins: int = 20) -> str:
    """Return a histogram of `values`, clamped to `low` and `high`."""
    counts, edges = np.histogram(np.clip(values, low, high), bins, (low, high))
    most = float(max(counts.max(), 1))
    x = Axis(low, high, _LEFT, _WIDTH - _RIGHT)
    step = max(1.0, nice_step(most / 5))
    y = Axis(0, step * math.ceil(most / step), _floor(), _TOP, least_step=1.0)
    bars = [
        f'<rect class="bar" x="{x.place(a)}" y="{y.place(n)}" '
        f'width="{max(x.place(b) - x.place(a) - 1, 0.5):.2f}" '
        f'height="{y.start - y.place(n):.2f}"><title>{a:.3g} to {b:.3g}: {n}</title></rect>'
        for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
        if n
    ]
    middle = float(np.median(values))
    mark = (
        f'<line class="mark" x1="{x.place(middle)}" x2="{x.place(middle)}" y1="{_TOP}" '
        f'y2="{y.start}"><title>median {middle:.3g}</title></line>'
    )
    return _chart([*_frame(x, y, label, "objects"), *bars, mark], label)


def curves(
    places: Sequence[float], lines: Sequence[tuple[str, Sequence[float]]], label: str
) -> str:
    """Return line plots over `places` (logarithmic axis) with values 0 to 1, the last in bold."""
    x = Axis(min(places), max(places), _LEFT, _WIDTH - _RIGHT, logarithmic=True)
    y = Axis(0, 1, _floor(), _TOP)
    drawn = []
    for number, (name, values) in enumerate(lines):
        bold = number == len(lines) - 1
        path = " ".join(f"{x.place(a)},{y.place(b)}" for a, b in zip(places, values, strict=True))
        drawn.append(
            f'<polyline class="{"curve" if bold else "thin"}" points="{path}">'
            f"<title>{html.escape(name)}</title></polyline>"
        )
        if bold:
            drawn += [
                f'<circle class="point" cx="{x.place(a)}" cy="{y.place(b)}" r="3.5">'
                f"<title>{b:.3f} at {a:g}</title></circle>"
                f'<text x="{x.place(a)}" y="{y.place(b) - 8}" class="{_side(x, a)}">{b:.2f}</text>'
                for a, b in zip(places, values, strict=True)
            ]
    return _chart([*_frame(x, y, label, "F-score", places), *drawn], label)


@dataclass(frozen=True)
class Strip:
    """One row of `strips`: a name, its objects, their mean and its interval."""

    name: str
    dots: Sequence[tuple[float, str]]
    mean: float
    interval: Interval | None


def strips(rows: Sequence[Strip], label: str) -> str:
    """Return a strip plot: per row a dot per object, the mean and its interval, 0 to 1."""
    left, step = 110.0, 24.0
    x = Axis(0, 1, left, _WIDTH - _RIGHT)
    bottom = _TOP + step * len(rows)
    parts = [_tick(x, value, _TOP, bottom) for value in x.ticks()]
    parts.append(f'<text class="middle" x="{(left + _WIDTH) / 2}" y="{bottom + 34}">{label}</text>')
    share = max(1, sum(len(row.dots) for row in rows) / MOST_DOTS)
    for number, row in enumerate(rows):
        at = _TOP + step * (number + 0.5)
        parts.append(
            f'<text class="end" x="{left - 8}" y="{at + 4}">{html.escape(row.name)}</text>'
        )
        picked = row.dots[:: math.ceil(share)]
        parts += [
            f'<circle class="dot" cx="{x.place(value)}" cy="{at - 4}" r="3.5">'
            f"<title>{html.escape(title)}</title></circle>"
            for value, title in picked
        ]
        if row.interval is not None:
            low, high = x.place(row.interval.low), x.place(row.interval.high)
            parts.append(
                f'<line class="whisker" x1="{low}" x2="{high}" y1="{at + 5}" y2="{at + 5}"/>'
            )
        parts.append(
            f'<rect class="mean" x="{x.place(row.mean) - 2}" y="{at}" width="4" height="10">'
            f"<title>{html.escape(row.name)}: {row.mean:.3f}</title></rect>"
        )
    return _chart(parts, label, bottom + 44)


def compass(sectors: Sequence[SectorScore], label: str) -> str:
    """Return a polar chart of scores 0 to 1 by azimuth, with the front below and +x right."""
    centre_x, centre_y, radius = _WIDTH / 2, 150.0, 110.0
    half = math.radians(360 / 8 / 2)
    parts = [
        f'<circle class="grid" cx="{centre_x}" cy="{centre_y}" r="{radius * share}"/>'
        for share in (0.25, 0.5, 0.75, 1.0)
    ]

    def at(angle: float, length: float) -> tuple[float, float]:
        return (
            round(centre_x + length * math.sin(angle), 2),
            round(centre_y + length * math.cos(angle), 2),
        )

    for sector in sectors:
        angle, length = math.radians(sector.centre_deg), radius * sector.iou
        (ax, ay), (bx, by) = at(angle - half, length), at(angle + half, length)
        parts.append(
            f'<path class="bar" d="M{centre_x} {centre_y}L{ax} {ay}'
            f'A{length:.2f} {length:.2f} 0 0 0 {bx} {by}Z">'
            f"<title>{sector.centre_deg:.0f} degrees: {sector.iou:.3f}, "
            f"{sector.views} views</title></path>"
        )
        tx, ty = at(angle, radius + 17)
        side = {0.0: "front ", 180.0: "back "}.get(sector.centre_deg, "")
        parts.append(f'<text class="middle" x="{tx}" y="{ty + 4}">{side}{sector.iou:.2f}</text>')
    return _chart(parts, label, 300)


def scatter(dots: Sequence[Dot], label: str, logarithmic: bool = False) -> str:
    """Return a scatter plot with a dot per object and the diagonal of equal scores.

    Both axes are 0 to 1, or logarithmic from the minimum to the maximum.
    """
    values = [value for dot in dots for value in (dot.x, dot.y)]
    low, high = (max(min(values), 1e-6) * 0.9, max(values) * 1.1) if logarithmic else (0.0, 1.0)
    high = max(high, low * 2)
    x = Axis(low, high, _LEFT, _WIDTH - _RIGHT, logarithmic)
    height = _WIDTH - _LEFT - _RIGHT + _TOP + _BOTTOM
    y = Axis(low, high, height - _BOTTOM, _TOP, logarithmic)
    diagonal = f'<line class="grid" x1="{x.start}" y1="{y.start}" x2="{x.end}" y2="{y.end}"/>'
    shown = dots[:: math.ceil(len(dots) / MOST_DOTS)]
    drawn = [
        f'<circle class="dot" cx="{x.place(dot.x)}" cy="{y.place(dot.y)}" r="3.2">'
        f"<title>{html.escape(dot.title)}</title></circle>"
        for dot in shown
    ]
    frame = _frame(x, y, f"{label}, first", f"{label}, second")
    return _chart([*frame, diagonal, *drawn], label, height)


def upper_end(values: NDArray[np.float64]) -> float:
    """Return a round number above nearly all of `values`."""
    high = float(np.quantile(values, 0.95)) if len(values) else 1.0
    step = nice_step(max(high, 1e-6) / 4)
    return step * math.ceil(high / step)


def _floor() -> float:
    return _HEIGHT - _BOTTOM


def _side(axis: Axis, value: float) -> str:
    return "end" if value >= axis.high else "start" if value <= axis.low else "middle"


def _tick(x: Axis, value: float, top: float, bottom: float) -> str:
    at = x.place(value)
    return (
        f'<line class="grid" x1="{at}" x2="{at}" y1="{top}" y2="{bottom}"/>'
        f'<text class="middle" x="{at}" y="{bottom + 16}">{value:g}</text>'
    )


def _frame(
    x: Axis, y: Axis, label: str, upward: str, ticks: Sequence[float] | None = None
) -> list[str]:
    """Return grid, numbers and labels of a chart."""
    parts = [_tick(x, round(value, 9), y.end, y.start) for value in ticks or x.ticks()]
    for value in y.ticks():
        at = y.place(value)
        parts.append(
            f'<line class="grid" x1="{x.start}" x2="{x.end}" y1="{at}" y2="{at}"/>'
            f'<text class="end" x="{x.start - 6}" y="{at + 4}">{round(value, 9):g}</text>'
        )
    middle, height = (x.start + x.end) / 2, (y.start + y.end) / 2
    parts.append(
        f'<text class="middle" x="{middle}" y="{y.start + 34}">{html.escape(label)}</text>'
    )
    parts.append(
        f'<text class="middle" transform="translate(12 {height}) rotate(-90)">'
        f"{html.escape(upward)}</text>"
    )
    return parts


def _chart(parts: Sequence[str], label: str, height: float = _HEIGHT) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH:g} {height:g}" role="img" '
        f'aria-label="{html.escape(label)}">{"".join(parts)}</svg>'
    )
