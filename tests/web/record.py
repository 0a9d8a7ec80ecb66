"""Values of the Python modules for the tests of the page: `python -m tests.web.record FOLDER`."""

import json
import sys
from base64 import b64encode
from pathlib import Path

import numpy as np
from PIL import Image

from onet_cli.exporting.web.description import constants
from onet_cli.models.segmentation import network
from onet_cli.models.workers import PlainWorkers
from onet_cli.reconstruction.agreement import photo_mask
from onet_cli.reconstruction.batch import to_arrays
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.outline import cut_by_outline, shrink
from onet_cli.reconstruction.rods import SIDE, find_rods
from onet_cli.reconstruction.threshold import adapted_threshold
from onet_cli.reconstruction.upright import Standing
from onet_cli.shapes.photo import isolate_object, read_photo
from onet_cli.shapes.photo_pixels import resize_plane
from onet_cli.shapes.photo_resize import resize_planes

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


def record_photo(photo):
    """Return what becomes of a photo until the network sees it."""
    prepared = isolate_object(photo)
    image, mask = to_arrays(prepared)
    seen = photo_mask(image, mask)
    return {
        "photo": packed(np.asarray(photo)),
        "picture": packed(np.asarray(prepared.picture)),
        "mask": None if mask is None else packed(mask),
        "method": prepared.method,
        "warnings": prepared.warnings,
        "input": packed(resize_planes(image, 90)),
        "seen": None if seen is None else packed(seen.astype(np.uint8)),
    }


class Blob:
    """A field that needs no network: a ball on a faint stem, as `blob` in field.test.js."""

    rows = 4096
    workers = PlainWorkers()

    def __call__(self, points):
        x, y, z = points.astype(np.float64).T
        ball = 4 - 20 * np.sqrt((x + 0.05) ** 2 + (y - 0.15) ** 2 + z**2)
        stem = -1.2 - 60 * np.hypot(x + 0.05, z - 0.02) - 30 * np.maximum(0, np.abs(y + 0.1) - 0.2)
        return np.maximum(ball, stem).astype(np.float32)


def record_field():
    """Return thresholds, levels and rods of a field, and a mesh that is stood up."""
    rows, columns = np.mgrid[:224, :224]
    mask = np.hypot(rows - 85, columns - 102) < 45
    mask |= (abs(columns - 102) < 3) & (rows > 85) & (rows < 190)
    adapted = adapted_threshold(OccupancyField(Blob(), USUAL), PLATT, USUAL)
    field = cut_by_outline(OccupancyField(Blob(), adapted), CAMERA, mask, SHARE)
    rods = find_rods(field, field.level, CAMERA, shrink(mask, SIDE))
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
        "heights": packed(rods.heights(points)),
        "upright": packed(upright.to_unit(points)),
    }


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
        "field": record_field(),
        "resizing": record_resizing(),
    }
    for name, values in recorded.items():
        (folder / f"{name}.json").write_text(json.dumps(values))


if __name__ == "__main__":
    main()
