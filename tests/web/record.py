"""Values of the Python modules for the tests of the page: `python -m tests.web.record FOLDER`."""

import json
import sys
from base64 import b64encode
from pathlib import Path

import numpy as np
from PIL import Image

from onet_cli.exporting.web.description import constants, describe_model
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.simplify import simplify
from onet_cli.models.code_layout import BINS, USUAL_CODE, CodeLayout
from onet_cli.models.segmentation import network
from onet_cli.models.shipped import find_checkpoint
from onet_cli.models.stored import read_description
from onet_cli.models.workers import PlainWorkers
from onet_cli.reconstruction.agreement import extent, mesh_outline, photo_mask
from onet_cli.reconstruction.batch import to_arrays
from onet_cli.reconstruction.confidence import vertex_confidence
from onet_cli.reconstruction.depth import find_bounds
from onet_cli.reconstruction.doubt import (
    LOGARITHMIC,
    NAMES,
    Signs,
    describe,
    is_doubtful,
    probability,
)
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.generator import stand
from onet_cli.reconstruction.joined import whole_threshold
from onet_cli.reconstruction.out_of_distribution import out_of_distribution_score
from onet_cli.reconstruction.outline import between, fit_outline, shrink
from onet_cli.reconstruction.peaks import FRONT, front_peak
from onet_cli.reconstruction.profiles import change_profiles
from onet_cli.reconstruction.rods import SIDE, find_rods
from onet_cli.reconstruction.roundness import find_axis, find_revolution
from onet_cli.reconstruction.threshold import (
    adapted_threshold,
    consistency,
    expected_at_level,
)
from onet_cli.reconstruction.upright import Standing
from onet_cli.reconstruction.viewpoint import Viewpoint
from onet_cli.shapes.exposure import EXPOSURE, expose
from onet_cli.shapes.photo import Target, isolate_object, read_photo
from onet_cli.shapes.photo_pixels import resize_plane
from onet_cli.shapes.photo_resize import resize_planes
from tests.analytic import Sphere, Torus

EXAMPLES = Path(__file__).parents[2] / "examples"
CAMERA = np.array([[0.4, 0.3]], np.float32)
PLATT, USUAL, SHARE = (2.0, 0.2), 0.35, 0.2


def packed(array):
    """Return an array as JSON: its shape, type and bytes in base64."""
    data = np.ascontiguousarray(array)
    return {
        "shape": data.shape,
        "type": str(data.dtype),
        "data": b64encode(data.tobytes()).decode(),
    }


def disc(picture):
    """Return a saliency (H, W) that depends on the place only, as `disc` in photo.test.js."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot((x + 0.5) / width - 0.45, (y + 0.5) / height - 0.55)
    return np.clip((0.4 - away) * 8, 0, 1).astype(np.float32)


def photos():
    """Yield names and photos: on a plain ground, on an uneven one, transparent, and large."""
    rng = np.random.default_rng(0)
    yield "plain", read_photo(EXAMPLES / "chair.jpg")
    yield "uneven", Image.fromarray(rng.integers(0, 256, (90, 120, 3), dtype=np.uint8))
    alpha = np.zeros((64, 80, 1), np.uint8)
    alpha[10:50, 20:70] = rng.integers(100, 256, (40, 50, 1))
    colours = rng.integers(0, 256, (64, 80, 3), dtype=np.uint8)
    yield "transparent", Image.fromarray(np.concatenate([colours, alpha], axis=2))
    large = read_photo(EXAMPLES / "table.jpg").resize((1700, 1100))
    yield "large", large


def targets():
    """Yield names, photos with several things, and the one that is meant, in pixels."""
    rng = np.random.default_rng(3)
    plain = np.full((150, 200, 3), 235, np.uint8)
    plain[40:120, 20:70] = (120, 60, 30)
    plain[50:110, 130:180] = (40, 60, 160)
    busy = Image.fromarray(rng.integers(0, 256, (150, 200, 3), dtype=np.uint8))
    large = Image.fromarray(plain).resize((1800, 1350), Image.Resampling.NEAREST)
    alpha = np.dstack([plain, np.where(plain[..., 0] < 200, 255, 0).astype(np.uint8)])
    yield "click on plain ground", Image.fromarray(plain), Target(((150, 80),))
    yield "two clicks", Image.fromarray(plain), Target(((150, 80), (40, 60)))
    yield "box on plain ground", Image.fromarray(plain), Target(box=(120, 40, 190, 120))
    yield "click on transparency", Image.fromarray(alpha), Target(((40, 100),))
    yield "click on any ground", busy, Target(((90, 80),))
    yield "click beside it", busy, Target(((170, 30),))
    yield "box on any ground", busy, Target(box=(20.5, 30, 160, 120))
    yield "box in a large photo", large, Target(box=(1100, 400, 1700, 1050))


def record_target(photo, target):
    """Return what becomes of a photo, and the target in shares of its sides."""
    shares = target.moved((0, 0), (1 / photo.width, 1 / photo.height))
    given = {"clicks": shares.clicks, "box": shares.box}
    return {"target": given, **record_photo(photo, target)}


def record_photo(photo, target=None):
    """Return what becomes of a photo until the network sees it."""
    prepared = isolate_object(photo, target=target)
    image, mask = to_arrays(prepared)
    seen = photo_mask(image, mask)
    return {
        "photo": packed(np.asarray(photo)),
        "picture": packed(np.asarray(prepared.picture)),
        "mask": None if mask is None else packed(mask),
        "weight": packed(prepared.weight),
        "method": prepared.method,
        "warnings": prepared.warnings,
        "input": packed(resize_planes(image, 90)),
        "exposure": EXPOSURE,
        "exposed": packed(expose(image, mask, EXPOSURE).transpose(1, 2, 0)),
        "seen": None if seen is None else packed(seen.astype(np.uint8)),
    }


class Blob:
    """A field that needs no network: a ball on a faint stem, as `blob` in shapes.js."""

    rows = 4096
    workers = PlainWorkers()

    def __call__(self, points):
        x, y, z = points.astype(np.float64).T
        ball = 4 - 20 * np.sqrt((x + 0.05) ** 2 + (y - 0.15) ** 2 + z**2)
        stem = -1.2 - 60 * np.hypot(x + 0.05, z - 0.02) - 30 * np.maximum(0, np.abs(y + 0.1) - 0.2)
        return np.maximum(ball, stem).astype(np.float32)


class Dumbbell(Blob):
    """Two balls with a faint bar between them, as `dumbbell` in judge.test.js."""

    def __call__(self, points):
        x, y, z = points.astype(np.float64).T
        balls = 2 - 20 * np.sqrt((np.abs(x) - 0.3) ** 2 + y**2 + z**2)
        bar = -0.5 - 40 * np.hypot(y, z) - 40 * np.maximum(0, np.abs(x) - 0.3)
        return np.maximum(balls, bar).astype(np.float32)


class Shifted(Blob):
    """Another field of the same kind."""

    def __call__(self, points):
        return super().__call__(points) + np.float32(0.7)


def record_field():
    """Return thresholds, levels and rods of a field, and a mesh that is stood up."""
    rows, columns = np.mgrid[:224, :224]
    mask = np.hypot(rows - 85, columns - 102) < 45
    mask |= (abs(columns - 102) < 3) & (rows > 85) & (rows < 190)
    adapted = adapted_threshold(OccupancyField(Blob(), USUAL), PLATT, USUAL)
    field = OccupancyField(Blob(), adapted)
    fit = fit_outline(field, CAMERA, mask)
    field = field.at_level(between(field.level, fit, SHARE))
    changed = change_profiles(fit, field.level, CAMERA, mask, smooth=True, gaps=True)
    filled = field.with_change(changed.change)
    rods = find_rods(filled, filled.level, CAMERA, shrink(mask, SIDE))
    bounds = find_bounds(changed.profiles, fit.mask, filled.level, CAMERA)
    rows = np.random.default_rng(6).normal(size=(200, 9)).astype(np.float32)
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (3000, 3)).astype(np.float32)
    points[:1500, [0, 2]] *= 0.1
    upright = Standing.of(points)
    return {
        "camera": CAMERA[0].tolist(),
        "platt": PLATT,
        "usual": USUAL,
        "share": SHARE,
        "mask": packed(mask.astype(np.uint8)),
        "adapted": adapted,
        "threshold": field.threshold,
        "points": packed(points),
        "raisedShare": changed.share,
        "profiles": packed(changed.profiles),
        "filled": packed(filled(points)),
        "heights": packed(rods.heights(points)),
        "blades": packed(np.minimum(rods.bounds.heights(points), 9)),
        "bounds": packed(np.minimum(bounds.heights(points), 9)),
        "peaks": {
            "count": rows.shape[1],
            "below": FRONT,
            "rows": packed(rows),
            "front": packed(front_peak(rows).astype(np.uint32)),
        },
        "upright": packed(upright.to_unit(points)),
    }


def record_round():
    """Return the body of revolution of a field whose mask also has a handle."""
    rows, columns = np.mgrid[:224, :224]
    mask = np.hypot(rows - 85, columns - 102) < 50
    mask |= (abs(columns - 102) < 3) & (rows > 85) & (rows < 190)
    handle = mask | (np.abs(np.hypot(rows - 85, columns - 160) - 18) < 7)
    layout = CodeLayout(USUAL_CODE)
    symmetry = np.random.default_rng(7).normal(1.2, 0.3, BINS + 2).astype(np.float32)
    symmetry[BINS:] = -0.09, 0.01
    code = np.zeros((1, USUAL_CODE), np.float32)
    code[0, layout.symmetry_start :][: len(symmetry)] = symmetry
    axis = find_axis(code)
    field = OccupancyField(Blob(), 0.35)
    body = find_revolution(field, CAMERA, handle, axis)
    points = np.random.default_rng(8).uniform(-0.5, 0.5, (3000, 3)).astype(np.float32)
    return {
        "camera": CAMERA[0].tolist(),
        "symmetry": packed(symmetry),
        "mask": packed(handle.astype(np.uint8)),
        "level": field.level,
        "axis": list(axis),
        "table": packed(body.table),
        "weights": packed(body.weights),
        "points": packed(points),
        "turned": packed(field.with_revolution(body)(points)),
    }


def packed_mesh(mesh):
    """Return a mesh as JSON."""
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.uint32)
    return {"vertices": packed(vertices), "faces": packed(faces)}


def record_simplified():
    """Return meshes, and the same with fewer faces."""
    rng = np.random.default_rng(4)
    ball = Sphere(0.5).mesh(subdivisions=3)
    bumps = rng.uniform(0.97, 1.03, (len(ball.vertices), 1)) * [1, 0.8, 0.6]
    meshes = {"ball": make_mesh(ball.vertices * bumps, ball.faces), "ring": Torus().mesh(32)}
    return {
        name: {
            "mesh": packed_mesh(mesh),
            "simplified": {
                str(count): packed_mesh(simplify(mesh, count)) for count in (500, 101, 40)
            },
        }
        for name, mesh in meshes.items()
    }


def record_judged():
    """Return how a mesh is judged, and what is said about signs of bad meshes."""
    info, known = read_description(find_checkpoint("furniture"))
    rng = np.random.default_rng(5)
    field = OccupancyField(Blob(), 0.4)
    mesh, ask = stand(Sphere(0.2, (-0.05, 0.15, 0)).mesh(3), field)
    standing = Standing.of(Sphere(0.2, (-0.05, 0.15, 0)).mesh(3).vertices)
    outline = mesh_outline(mesh, Viewpoint.of(CAMERA, standing))
    cells = rng.normal(size=(1, 3136)).astype(np.float32)
    signs = [_signs_like(known.doubt, rng) for _ in range(200)]
    other = OccupancyField(Shifted(), 0.4)
    return {
        "description": describe_model(info, known, "furniture", "furniture.safetensors"),
        "mesh": packed_mesh(mesh),
        "standing": {"centre": standing.centre, "edge": standing.edge},
        "outline": packed(outline.astype(np.uint8)),
        "extent": extent(outline),
        "thickness": abs(float(mesh.volume / mesh.area)),
        "confidence": packed(vertex_confidence(mesh, ask, known.reliability)),
        "claimed": packed(vertex_confidence(mesh, ask)),
        "cells": packed(cells),
        "strange": out_of_distribution_score(cells, known.familiarity),
        "expected": expected_at_level(field, PLATT),
        "consistency": consistency([field, other]),
        "whole": whole_threshold(OccupancyField(Dumbbell(), 0.5)),
        "signs": [
            {
                **{name: getattr(each, name) for name in NAMES},
                "probability": probability(known.doubt, each),
                "warning": describe(each) if is_doubtful(known.doubt, each) else None,
            }
            for each in signs
        ],
    }


def _signs_like(doubt, rng):
    """Return signs spread as those that `doubt` was fitted to, so that some are warned of."""
    drawn = dict.fromkeys(NAMES)
    for name, value in zip(doubt.signs, rng.normal(doubt.means, doubt.scales), strict=True):
        if rng.random() > 0.1:
            drawn[name] = float(np.exp(value) if name in LOGARITHMIC else value)
    return Signs(**drawn)


def record_resizing():
    """Return pictures resized by Pillow."""
    rng = np.random.default_rng(2)
    picture = Image.fromarray(rng.integers(0, 256, (70, 100, 3), dtype=np.uint8))
    plane = rng.random((40, 50), dtype=np.float32)
    sizes = {"smaller": (33, 47), "larger": (130, 90)}
    return {
        "picture": packed(np.asarray(picture)),
        "plane": packed(plane),
        "sizes": sizes,
        "lanczos": {
            name: packed(np.asarray(picture.resize(size, Image.Resampling.LANCZOS)))
            for name, size in sizes.items()
        },
        "planes": {name: packed(resize_plane(plane, size)) for name, size in sizes.items()},
    }


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    network.saliency = disc
    recorded = {
        "constants": constants(),
        "photos": {name: record_photo(photo) for name, photo in photos()},
        "targets": {name: record_target(*each) for name, *each in targets()},
        "field": record_field(),
        "round": record_round(),
        "simplified": record_simplified(),
        "judged": record_judged(),
        "resizing": record_resizing(),
    }
    for name, values in recorded.items():
        (folder / f"{name}.json").write_text(json.dumps(values))


if __name__ == "__main__":
    main()
