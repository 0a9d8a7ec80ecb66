"""What a second look at a photo is worth: its mirror image, smaller copies, other cameras.

Usage: python recipes/furniture/looks.py DATA CHECKPOINT [--split val] [--views 2] [--limit N]

A network of the picture's frame looks at views of DATA's objects. Printed is the mean IoU at 4 096
points an object, each field cut at the threshold adapted to it, and its difference from the first
row's with the standard error over the views:

* own: the camera is the network's guess;
* flipped, x 0.9 and so on: the mean of the logits for the picture and for its mirror image, or for
  a smaller copy on a larger white ground (`reconstruction/ensemble.py`);
* best agreement: of the guess and elevations up to 12 degrees off it, the one whose outline agrees
  best with the picture's;
* best: of the same, the one of highest IoU, which needs the truth;
* true: the true camera.
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from onet_cli.geometry.metrics import occupancy_iou
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.code_layout import camera_of
from onet_cli.models.frame import PictureCamera, to_cube
from onet_cli.models.predictor import Floats, Points, Predictor
from onet_cli.reconstruction.agreement import Mask, photo_mask
from onet_cli.reconstruction.ensemble import Ensemble, PhotoCopy, copies_of, with_camera
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.outline import fit_outline
from onet_cli.reconstruction.threshold import adapted_threshold
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore

POINTS = 4096
COPIES = {
    "flipped": copies_of([1.0], flip=True),
    **{f"x {scale}": copies_of([1.0, scale], flip=False) for scale in (0.9, 0.8, 0.7)},
    "x 0.8, flipped": (PhotoCopy(), PhotoCopy(0.8, flipped=True)),
    "x 0.9 and x 0.8": copies_of([1.0, 0.9, 0.8], flip=False),
    "x 0.8, both flipped too": copies_of([1.0, 0.8], flip=True),
}
"""Copies of a picture over which the mean is taken."""

OFFSETS = np.radians([-12, -8, -4, 4, 8, 12])


class Looks:
    """One view of an object whose points are known, and a network to look at it."""

    def __init__(self, model: Predictor, store: ShapeStore, shape: ShapeId, view: int) -> None:
        self._model, self._info = model, model.info
        samples = store.read_chunk(shape, 0)
        self._points = torch.from_numpy(samples.points[:POINTS].astype(np.float32))[None]
        self._inside = samples.occupancies[:POINTS]
        row = torch.from_numpy(store.read_cameras(shape)[view : view + 1])
        self._camera = PictureCamera.from_rows(row)
        picture = decode_view(store.read_view(shape, view))
        self._image = np.ascontiguousarray(picture.transpose(2, 0, 1))
        self._mask: Mask | None = photo_mask(self._image)

    def alone(self) -> float:
        """Return the IoU of the picture as it is, with the guessed camera."""
        size = self._info.spec.image_size
        code = self._model.encode(PhotoCopy().draw(self._image, size)[None])
        return self._measure(self._model.for_code(code), camera_of(code))[0]

    def ious(self) -> Iterator[tuple[str, float]]:
        """Yield each way to look, and its IoU."""
        model, size = self._model, self._info.spec.image_size
        kinds = list(dict.fromkeys(copy for copies in COPIES.values() for copy in copies))
        drawn = np.stack([kind.draw(self._image, size) for kind in kinds])
        codes = dict(zip(kinds, np.split(model.encode(drawn), len(kinds)), strict=True))
        code = codes[PhotoCopy()]
        guess = camera_of(code)
        own = self._measure(model.for_code(code), guess)
        yield "own", own[0]
        for name, copies in COPIES.items():
            mean = Ensemble.of(model, [codes[copy] for copy in copies], copies)
            yield name, self._measure(mean, mean.camera)[0]
        tried = [own]
        for offset in OFFSETS:
            camera = guess + np.array([[offset, 0]], np.float32)
            tried.append(self._measure(model.for_code(with_camera(code, camera)), camera))
        yield "best agreement", max(tried, key=lambda found: found[1])[0]
        yield "best", max(iou for iou, _ in tried)
        true = torch.stack([self._camera.elevation, self._camera.kappa], dim=1).float().numpy()
        yield "true", self._measure(model.for_code(with_camera(code, true)), true)[0]

    def _measure(self, points: Points, camera: Floats) -> tuple[float, float]:
        """Return the IoU at the points, and the best agreement of an outline with the picture."""
        info = self._info
        field = OccupancyField(points, info.threshold)
        if info.platt is not None:
            field = field.cut_at(adapted_threshold(field, info.platt, info.threshold))
        places = to_cube(self._camera.to_picture(self._points, torch.from_numpy(camera[:, 0])))[
            0
        ].numpy()
        fit = None if self._mask is None else fit_outline(field, camera, self._mask)
        iou = float(occupancy_iou(field(places) >= field.level, self._inside))
        return iou, 0.0 if fit is None else fit.iou


@torch.no_grad()
def main() -> None:
    """Read the command line, look, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint")
    parser.add_argument("--split", default="val")
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--limit", type=int)
    asked = parser.parse_args()
    store, checkpoint = ShapeStore.open(asked.data), load_checkpoint(asked.checkpoint, "cpu")
    checkpoint.network.eval()
    found: dict[str, list[float]] = {}
    for shape in store.ids(asked.split)[: asked.limit]:
        for number in range(asked.views):
            view = number * store.view_count(shape) // asked.views
            for name, iou in Looks(checkpoint, store, shape, view).ious():
                found.setdefault(name, []).append(iou)
    print("| look | IoU | difference |")
    print("| --- | ---: | ---: |")
    for name, ious in found.items():
        gain = np.subtract(ious, found["own"])
        error = gain.std() / math.sqrt(len(gain))
        print(f"| {name} | {np.mean(ious):.3f} | {gain.mean():+.3f} +- {error:.3f} |")


if __name__ == "__main__":
    main()
