"""What bodies of revolution are worth: round objects' fields with and without them.

Usage: python recipes/furniture/rounds.py DATA CHECKPOINT [--split val] [--views 6] [--limit N]

A network with mirror planes looks at views of DATA's objects. For each object that it takes for
round in any of them (`reconstruction/roundness.py`) there is a row: in how many views, the symmetry
of the true shape (the least of `shapes.symmetry` over all planes; from 0.9 it is round), and the
mean IoU at 8 192 points of the field as `onet reconstruct` has it with `--no-revolve` and without.
The last row has the means over the objects, and the difference with its standard error.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch

from onet_cli.geometry.metrics import occupancy_iou
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.frame import PictureCamera, to_cube
from onet_cli.reconstruction.ensemble import PhotoCopy
from onet_cli.reconstruction.generator import Impression, MeshGenerator
from onet_cli.reconstruction.roundness import find_axis
from onet_cli.reconstruction.settings import GeneratorSettings
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from onet_cli.shapes.symmetry import LOOKED_AT, symmetry_of

POINTS = 8192


class Rounds:
    """A network that looks at the views of `store`, with and without bodies of revolution."""

    def __init__(self, checkpoint: Path, store: ShapeStore) -> None:
        self._model, self._store = load_checkpoint(checkpoint, "cpu"), store
        self._model.network.eval()
        settings = [GeneratorSettings(revolve=revolve) for revolve in (False, True)]
        self._generators = [MeshGenerator(self._model, each) for each in settings]

    def ious(self, shape: ShapeId, view: int) -> list[float] | None:
        """Return the IoU without and with a body of revolution; None if it is not round."""
        picture = decode_view(self._store.read_view(shape, view))
        image = np.ascontiguousarray(picture.transpose(2, 0, 1))
        drawn = PhotoCopy().draw(image, self._model.info.spec.image_size)
        if find_axis(self._model.encode(drawn[None])) is None:
            return None
        made = [generator.look(image) for generator in self._generators]
        return [self._iou(each, shape, view) for each in made]

    def _iou(self, made: Impression, shape: ShapeId, view: int) -> float:
        samples = self._store.read_chunk(shape, 0)
        rows = torch.from_numpy(self._store.read_cameras(shape)[view : view + 1])
        points = torch.from_numpy(samples.points[:POINTS].astype(np.float32))[None]
        assert made.camera is not None
        elevation = torch.from_numpy(made.camera[:, 0])
        places = to_cube(PictureCamera.from_rows(rows).to_picture(points, elevation))[0].numpy()
        inside = made.field(places) >= made.field.level
        return float(occupancy_iou(inside, samples.occupancies[:POINTS]))


@torch.no_grad()
def main() -> None:
    """Read the command line, look, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint")
    parser.add_argument("--split", default="val")
    parser.add_argument("--views", type=int, default=6)
    parser.add_argument("--limit", type=int)
    asked = parser.parse_args()
    store = ShapeStore.open(asked.data)
    rounds, means = Rounds(asked.checkpoint, store), []
    print("| object | views | symmetry | without | with | difference |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for shape in store.ids(asked.split)[: asked.limit]:
        count = store.view_count(shape)
        views = dict.fromkeys(number * count // asked.views for number in range(asked.views))
        found = [ious for view in views if (ious := rounds.ious(shape, view)) is not None]
        if not found:
            continue
        symmetry = symmetry_of(store.read_surface(shape, LOOKED_AT).points).min()
        without, turned = np.mean(found, axis=0)
        means.append((without, turned))
        texts = f"{symmetry:.2f} | {without:.3f} | {turned:.3f} | {turned - without:+.3f}"
        print(f"| {shape} | {len(found)} | {texts} |", flush=True)
    if means:
        before, after = np.mean(means, axis=0)
        gains = np.diff(means, axis=1)[:, 0]
        error = gains.std() / math.sqrt(len(gains))
        print(f"| mean | | | {before:.3f} | {after:.3f} | {gains.mean():+.3f} +- {error:.3f} |")


if __name__ == "__main__":
    main()
