"""A picture of how a run went, from its metrics.csv: loss and IoU over the steps, as SVG.

Usage: python bench/plot_metrics.py RUN/metrics.csv PICTURE.svg
"""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 300, 48, 16, 34, 36
LINES = (
    ("loss", "loss per point", "#b0763c"),
    ("iou", "validation IoU, points", "#3c5aa0"),
    ("mesh_iou", "validation IoU, meshes", "#3c9a6a"),
)


def read(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Return (step, value) of each of `LINES`, where there is one."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        name: [(float(row["step"]), float(row[name])) for row in rows if row[name]]
        for name, _, _ in LINES
    }


def draw(lines: dict[str, list[tuple[float, float]]]) -> str:
    """Return the SVG: values from 0 to 1 over the steps."""
    last = max(step for points in lines.values() for step, _ in points)

    def place(step: float, value: float) -> tuple[float, float]:
        across = LEFT + step / last * (WIDTH - LEFT - RIGHT)
        return across, TOP + (1 - value) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12" fill="#5a606c">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for level in (0, 0.25, 0.5, 0.75, 1):
        x, y = place(0, level)
        parts.append(f'<path d="M{x} {y:.1f}H{WIDTH - RIGHT}" stroke="#e1e4ea"/>')
        parts.append(f'<text x="{x - 6}" y="{y + 4:.1f}" text-anchor="end">{level:g}</text>')
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = place(share * last, 0)
        text = f"{share * last:.0f}" + (" steps" if share == 1 else "")
        anchor = "end" if share == 1 else "middle"
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="{anchor}">{text}</text>')
    for number, (name, label, colour) in enumerate(LINES):
        if lines[name]:
            parts.append(line([place(*point) for point in lines[name]], colour))
        x = LEFT + 190 * number
        parts.append(f'<rect x="{x}" y="12" width="14" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{x + 20}" y="18">{label}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def line(points: Sequence[tuple[float, float]], colour: str) -> str:
    """Return a line through `points`, with dots where they are few."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    drawn = f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    if len(points) > 30:
        return drawn
    dots = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    return "\n".join([drawn, *dots])


def main() -> None:
    """Read the file and write the picture."""
    source, target = (Path(name) for name in sys.argv[1:3])
    target.write_text(draw(read(source)), encoding="utf-8")


if __name__ == "__main__":
    main()
