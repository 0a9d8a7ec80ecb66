"""How well meshes close: every object of the split, tables by class, pictures of the doubtful ones.

Usage: python recipes/furniture/watertight_report.py LIBRARIES [--split FILE.csv] [--limit N]
           [--every N] [--find TEXT,TEXT] [--workers N] [--json FILE]
           [--pictures FOLDER] [--only soup|suspects|kept|all]

LIBRARIES is the folder of the Sweet Home 3D libraries (Debian: /usr/share/sweethome3d). Converts
each object as `onet preprocess` does; one that would be kept as it is, is also converted by force
and compared with its own exact inside. Tables go to stdout as Markdown, one line per object to
--json; objects that are in that file already are not converted again. Contact sheets go to
--pictures: per object the input, the result, both from below, and the result cut through the middle
from the side and from the front. Seconds are those of the processor.
"""

import argparse
import json
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from trimesh import Trimesh

from onet_cli.errors import OnetError
from onet_cli.geometry.inside import contains
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.normalize import CUBE_EDGE, UnitCube
from onet_cli.geometry.render import Camera, on_white, render
from onet_cli.geometry.sampling import sample_cube
from onet_cli.geometry.solid_field import band_around, find_exterior, grid_origin
from onet_cli.geometry.voxelize import voxelize_solid
from onet_cli.geometry.watertight import ClosedMesh, make_watertight
from onet_cli.meshes.clean import clean
from onet_cli.meshes.read import load_mesh
from onet_cli.preprocessing.sources.manifest import Manifest, entries_of
from onet_cli.preprocessing.sources.meshes import MeshEntry

Row = dict[str, Any]
POINTS = 100_000
RESOLUTION = 256
PICTURE = 132  # pixels
SHEET = 60  # objects
MOST_MISSING = 0.05
THIN_CELLS = 3


def main() -> None:
    """Convert, print, draw."""
    options = _parse()
    manifest = Manifest.read(options.split)
    entries = entries_of(manifest, options.libraries)
    soup = [row.get("soup", "") for row in manifest.wanted()]
    work = list(zip(entries, soup, strict=True))[:: options.every]
    if options.find:
        parts = options.find.split(",")
        work = [one for one in work if any(part in one[0].id.name for part in parts)]
    work = work[: options.limit]
    rows = _convert(work, options.workers, options.json)
    report(rows)
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        wanted = [n for n, row in enumerate(rows) if _is_wanted(row, options.only)]
        draw_sheets([(rows[n], work[n][0]) for n in wanted], options.pictures)


def _convert(work: list[tuple[MeshEntry, str]], workers: int, path: Path | None) -> list[Row]:
    """Return the rows of all objects; those that the file holds already are not made again."""
    lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
    known = {row["id"]: row for row in map(json.loads, lines)}
    missing = [one for one in work if one[0].id.name not in known]
    with ProcessPoolExecutor(workers) as pool:
        for row in pool.map(examine, [e for e, _ in missing], [s for _, s in missing]):
            known[row["id"]] = row
            if path:
                with path.open("a", encoding="utf-8") as file:
                    print(json.dumps(row), file=file)
    return [known[entry.id.name] for entry, _ in work]


def examine(entry: MeshEntry, soup: str) -> Row:
    """Return what is known of one object after its conversion."""
    row: Row = {"id": entry.id.name, "name": entry.notes.get("name", entry.path), "soup": soup}
    row["category"] = entry.category
    try:
        mesh = load(entry)
        start = time.process_time()
        closed = make_watertight(mesh, RESOLUTION)
        row["seconds"] = time.process_time() - start
    except OnetError as error:
        return row | {"error": str(error)}
    points = sample_cube(POINTS, np.random.default_rng(0))
    inside = contains(closed.mesh, points)
    voted = contains(mesh, points)
    row |= _facts(mesh, closed)
    row["missing"] = float((voted & ~inside).sum() / max(voted.sum(), 1))
    row["filled"] = float((inside & ~voted).sum() / max(inside.sum(), 1))
    if closed.kept:
        row |= _forced(closed.mesh, points, inside)
    return row


def load(entry: MeshEntry) -> Trimesh:
    """Return the mesh of an entry, cleaned, placed and in the unit cube."""
    mesh = clean(load_mesh(entry.files, entry.path)).mesh
    placed = mesh.vertices @ entry.placement.matrix(mesh.vertices).T
    cube = UnitCube.around(placed)
    return make_mesh((placed - np.asarray(cube.centre)) / cube.scale, mesh.faces)


def _facts(mesh: Trimesh, closed: ClosedMesh) -> Row:
    return {
        "faces": len(mesh.faces),
        "closed_faces": len(closed.mesh.faces),
        "kept": closed.kept,
        "reason": closed.reason,
        "offset_cells": closed.surface_offset * RESOLUTION,
        "lost": closed.lost_share,
        "volume": closed.volume,
        "thickness_cells": 2 * closed.volume / closed.mesh.area * RESOLUTION,
        "closed": bool(closed.mesh.is_watertight),
        "warnings": list(closed.warnings),
    }


def _forced(mesh: Trimesh, points: NDArray[np.float32], inside: NDArray[np.bool_]) -> Row:
    """Return how the conversion of a mesh that is a solid already compares with that solid."""
    start = time.process_time()
    made = make_watertight(mesh, RESOLUTION, keep=False)
    seconds = time.process_time() - start
    ours = contains(made.mesh, points)
    thin, thick_share = _thin_zone(mesh, points)
    return {
        "forced_seconds": seconds,
        "forced_iou": _iou(inside, ours),
        "band_iou": _iou(inside, _in_thick_band(mesh, points)),
        "forced_thick_iou": _iou(inside[~thin], ours[~thin]),
        "thick_share": thick_share,
        "forced_offset_cells": made.surface_offset * RESOLUTION,
        "forced_lost": made.lost_share,
    }


def _in_thick_band(mesh: Trimesh, points: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the points of a solid whose band is not removed: those that are not exterior."""
    vertices = np.asarray(mesh.vertices, dtype=np.float64)
    exterior = find_exterior(band_around(vertices, mesh.faces, RESOLUTION))
    places = np.rint((points - grid_origin(vertices, RESOLUTION)) * RESOLUTION).astype(int)
    within = np.all((places >= 0) & (places < exterior.shape), axis=1)
    found = np.zeros(len(points), dtype=np.bool_)
    found[within] = exterior[tuple(places[within].T)] == 0
    return found


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else float("nan")


def _thin_zone(mesh: Trimesh, points: NDArray[np.float32]) -> tuple[NDArray[np.bool_], float]:
    """Return which points are near parts thinner than 3 cells, and the share of thicker parts."""
    cells = int(CUBE_EDGE * RESOLUTION)
    solid = voxelize_solid(make_mesh(mesh.vertices / CUBE_EDGE, mesh.faces), cells)
    thick = _spread(~_spread(~solid, 1), 1) & solid  # an opening by a cube of 3 cells
    zone = _spread(solid & ~thick, 2)
    places = np.clip(((points / CUBE_EDGE + 0.5) * cells).astype(int), 0, cells - 1)
    return zone[tuple(places.T)], float(thick.sum() / max(solid.sum(), 1))


def _spread(grid: NDArray[np.bool_], cells: int) -> NDArray[np.bool_]:
    grid = grid.copy()
    for axis in range(3):
        for _ in range(cells):
            old = np.moveaxis(grid.copy(), axis, 0)
            new = np.moveaxis(grid, axis, 0)
            new[1:] |= old[:-1]
            new[:-1] |= old[1:]
    return grid


def report(rows: list[Row]) -> None:
    """Print the tables."""
    bad = [row for row in rows if "error" in row]
    rows = [row for row in rows if "error" not in row]
    print(f"{len(rows) + len(bad)} objects, {len(bad)} failed")
    for row in bad:
        print(f"- {row['id']}: {row['error']}")
    print(f"not closed: {sum(not row['closed'] for row in rows)}")
    print(f"empty: {sum(row['volume'] <= 0 for row in rows)}")
    made = [row for row in rows if not row["kept"]]
    print("\n## Seconds per object\n")
    _table(["objects", "count", "median", "p90", "max"], _timings(rows, made))
    print("\n## Why meshes are not kept\n")
    _table(["flaw", *sorted({r["soup"] for r in rows}), "all"], _classes(rows))
    print("\n## Result by class of the split file\n")
    header = [
        "class",
        "count",
        "kept",
        "offset median (cells)",
        "worst",
        "lost > 1 %",
        "missing > 5 %",
    ]
    _table([*header, "sheets"], _by(rows, "soup"))
    print("\n## Result by flaw\n")
    _table([*header, "sheets"], _by(rows, "reason"))
    print("\n## Conversion forced on meshes that are kept\n")
    _table(
        ["parts", "count", "IoU median", "p10", "worst", "offset median (cells)"],
        _forced_rows(rows),
    )
    print("\n## Suspects\n")
    for row in rows:
        if _is_suspect(row):
            print(
                f"- {row['name']} ({row['id']}, {row['soup']}, {row['reason']}): missing "
                f"{row['missing']:.2f}, lost {row['lost']:.3f}, thickness "
                f"{row['thickness_cells']:.1f} cells"
            )


def _timings(rows: list[Row], made: list[Row]) -> Iterable[list[str]]:
    for name, group in (("all", rows), ("converted", made)):
        seconds = sorted(row["seconds"] for row in group)
        if seconds:
            worst, late = seconds[-1], seconds[int(0.9 * len(seconds))]
            numbers = [statistics.median(seconds), late, worst]
            yield [name, str(len(group)), *(f"{number:.2f}" for number in numbers)]


def _classes(rows: list[Row]) -> Iterable[list[str]]:
    counts = Counter((row["reason"] or "kept", row["soup"]) for row in rows)
    kinds = sorted({row["soup"] for row in rows})
    for flaw in sorted({row["reason"] or "kept" for row in rows}):
        numbers = [counts[flaw, kind] for kind in kinds]
        yield [flaw, *map(str, numbers), str(sum(numbers))]


def _by(rows: list[Row], column: str) -> Iterable[list[str]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column] or "kept"].append(row)
    for name, group in sorted(groups.items()):
        offsets = sorted(row["offset_cells"] for row in group)
        numbers = [
            sum(row["kept"] for row in group),
            f"{statistics.median(offsets):.3f}",
            f"{offsets[-1]:.2f}",
            sum(row["lost"] > 0.01 for row in group),
            sum(row["missing"] > MOST_MISSING for row in group),
            sum(row["thickness_cells"] < THIN_CELLS for row in group),
        ]
        yield [name, str(len(group)), *map(str, numbers)]


def _forced_rows(rows: list[Row]) -> Iterable[list[str]]:
    forced = [row for row in rows if "forced_iou" in row]
    some = [row for row in forced if row["thick_share"] >= 0.1]
    mostly = [row for row in forced if row["thick_share"] >= 0.5]
    thin = [row for row in forced if row["thick_share"] < 0.5]
    yield _scores("all parts, all objects", forced, "forced_iou")
    yield _scores("parts thicker than 3 cells, objects with such parts", some, "forced_thick_iou")
    yield _scores("all parts, objects mostly thicker than 3 cells", mostly, "forced_iou")
    yield _scores("all parts, objects mostly thinner", thin, "forced_iou")
    yield _scores("without removing the band: all objects", forced, "band_iou")


def _scores(name: str, group: list[Row], column: str) -> list[str]:
    group = [row for row in group if column in row]
    if not group:
        return [name, "0", "", "", "", ""]
    scores = sorted(row[column] for row in group)
    offset = statistics.median(row["forced_offset_cells"] for row in group)
    numbers = [statistics.median(scores), scores[len(scores) // 10], scores[0]]
    shown = f"{offset:.3f}" if column != "band_iou" else ""
    return [name, str(len(group)), *(f"{number:.3f}" for number in numbers), shown]


def _is_suspect(row: Row) -> bool:
    return "error" not in row and (row["missing"] > MOST_MISSING or row["lost"] > 0.01)


def _is_wanted(row: Row, only: str) -> bool:
    if "error" in row:
        return False
    return {
        "all": True,
        "soup": row["soup"] != "ok",
        "suspects": _is_suspect(row) or row["thickness_cells"] < THIN_CELLS,
        "kept": row["kept"],
    }[only]


def _table(header: list[str], lines: Iterable[list[str]]) -> None:
    print("| " + " | ".join(header) + " |")
    print("|---" * len(header) + "|")
    for line in lines:
        print("| " + " | ".join(line) + " |")


def draw_sheets(chosen: list[tuple[Row, MeshEntry]], folder: Path) -> None:
    """Write contact sheets, two objects to a line."""
    for start in range(0, len(chosen), SHEET):
        strips = [_strip(*one) for one in chosen[start : start + SHEET]]
        if len(strips) % 2:
            strips.append(np.full_like(strips[0], 255))
        lines = [np.concatenate(strips[n : n + 2], axis=1) for n in range(0, len(strips), 2)]
        picture = Image.fromarray(np.concatenate(lines))
        picture.quantize(48).save(folder / f"sheet_{start // SHEET:02d}.png", optimize=True)


def _strip(row: Row, entry: MeshEntry) -> NDArray[np.uint8]:
    mesh = load(entry)
    closed = make_watertight(mesh, RESOLUTION).mesh
    pictures = []
    for azimuth, elevation in ((30, 25), (210, -25)):
        camera = Camera.orbit(azimuth, elevation, 1.9, PICTURE)
        pictures += [on_white(render(each, camera, PICTURE)) for each in (mesh, closed)]
    pictures += [_section(closed, axis) for axis in (0, 2)]
    strip = Image.fromarray(np.concatenate(pictures, axis=1))
    caption = f"{row['name']}: {row['soup']} / {row['reason'] or 'kept'} V={row['volume']:.4f}"
    ImageDraw.Draw(strip).text((3, 1), caption, fill=(0, 0, 0))
    return np.asarray(strip)


def _section(mesh: Trimesh, axis: int) -> NDArray[np.uint8]:
    """Draw the inside of a mesh in the plane through the middle, seen along an axis, y upwards."""
    steps = (np.arange(PICTURE) + 0.5) / PICTURE - 0.5
    up, across = np.meshgrid(-steps, steps, indexing="ij")
    middle = np.full_like(up, 1e-3)
    points = np.stack([middle, up, -across] if axis == 0 else [across, up, middle], axis=-1)
    inside = contains(mesh, points.reshape(-1, 3)).reshape(up.shape)
    return np.where(inside[..., None], (120, 150, 200), (255, 255, 255)).astype(np.uint8)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("libraries", type=Path, help="folder of the libraries")
    parser.add_argument("--split", type=Path, default=Path(__file__).parent / "split.csv")
    parser.add_argument("--limit", type=int, help="no more objects than this")
    parser.add_argument("--every", type=int, default=1, help="each how manieth object to take")
    parser.add_argument("--find", help="only objects whose id contains one of these, TEXT,TEXT")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path, help="append one line per object to this file")
    parser.add_argument("--pictures", type=Path, help="folder for contact sheets")
    parser.add_argument("--only", choices=["soup", "suspects", "kept", "all"], default="soup")
    return parser.parse_args()


if __name__ == "__main__":
    main()
