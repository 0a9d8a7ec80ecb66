"""How well mirror planes are found, and what they are worth: IoU at points with and without them.

Usage: python recipes/furniture/mirrors.py DATA CHECKPOINT [--split val] [--views 4] [--limit N]

A network of the picture's frame looks at views of DATA's objects. Printed are IoU (one threshold
for all, the best) and cross-entropy at 4 096 points an object, with the camera that it guesses
itself, and the errors of its mirror planes, of objects that have one:

* own, true, none: it is given its own plane, a true one, or none at all (if it knows of planes);
* mean: the mean of its logits at a point and at the true mirror image, without any plane given.
"""

import argparse
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.code_layout import BINS, CodeLayout, camera_of, plane_of, symmetry_of
from onet_cli.models.encoders.maps import with_plane
from onet_cli.models.frame import PictureCamera, to_cube
from onet_cli.models.mirror import Mirror
from onet_cli.models.network import OccupancyNetwork
from onet_cli.shapes.layout import SampleReader
from onet_cli.shapes.photo import decode_view, resize_images
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.annotations import Annotations

POINTS = 4096
THRESHOLDS = np.arange(0.1, 0.6, 0.05)
CLEAR = 0.9  # symmetry from which an object has a plane


class Tally:
    """IoU and cross-entropy of each way to ask."""

    def __init__(self) -> None:
        self._ious: defaultdict[str, list[NDArray[np.float64]]] = defaultdict(list)
        self._entropies: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, name: str, logits: Tensor, inside: NDArray[np.bool_]) -> None:
        """Take the logits (T,) at points that are `inside` (T,) or not."""
        values = logits.double().numpy()
        found = values >= np.log(THRESHOLDS / (1 - THRESHOLDS))[:, None]
        either = np.maximum((found | inside).sum(axis=1), 1)
        self._ious[name].append((found & inside).sum(axis=1) / either)
        self._entropies[name].append(float(np.mean(np.logaddexp(0, values) - values * inside)))

    def show(self) -> None:
        """Print a line for each way."""
        print(f"{'plane':6} {'IoU':>7} {'at':>5} {'cross-entropy':>14}")
        for name, ious in self._ious.items():
            means = np.mean(ious, axis=0)
            best = int(means.argmax())
            entropy = np.mean(self._entropies[name])
            print(f"{name:6} {means[best]:7.4f} {THRESHOLDS[best]:5.2f} {entropy:14.4f}")


def ask(
    network: OccupancyNetwork,
    image: Tensor,
    camera: PictureCamera,
    symmetry: Tensor,
    points: Tensor,
    inside: NDArray[np.bool_],
    tally: Tally,
) -> float | None:
    """Add one view to `tally`; return the error of the plane in degrees, None if there is none."""
    code = network.encode(resize_images(image[None], network.spec.image_size))
    elevation = camera_of(code)[:, 0]
    places = to_cube(camera.to_picture(points[None], elevation))
    known = Annotations(camera, symmetry[None])
    mirrored = CodeLayout(network.spec.code_dim).mirrored
    logits = symmetry_of(code)[0] if mirrored else torch.zeros(1, BINS)
    true = known.plane(logits, known.centre(elevation))
    bare = code
    if mirrored:
        own = plane_of(code)
        bare = with_plane(code, own * torch.tensor([1.0, 1.0, 0.0]))
        for name, plane in (("own", own), ("true", true.rows())):
            tally.add(name, network.decode(places, with_plane(code, plane))[0], inside)
    here = network.decode(places, bare)[0]
    there = network.decode(Mirror(*true.rows().unbind(1)).image(places), bare)[0]
    tally.add("none", here, inside)
    tally.add("mean", here + true.trust * (there - here) / 2, inside)
    if not mirrored or float(symmetry.max()) < CLEAR:
        return None
    return abs(math.degrees(math.remainder(float(true.angle - own[0, 0]), math.pi)))


@torch.no_grad()
def measure(network: OccupancyNetwork, store: ShapeStore, ids: list[ShapeId], views: int) -> None:
    """Print the table."""
    reader, tally, errors = SampleReader(store), Tally(), []
    for shape in ids:
        symmetry = Annotations.clear(torch.from_numpy(reader.symmetry(shape)))
        samples = store.read_chunk(shape, 0)
        points = torch.from_numpy(samples.points[:POINTS].astype(np.float32))
        cameras = torch.from_numpy(store.read_cameras(shape))
        for number in range(views):
            view = number * len(cameras) // views
            picture = torch.from_numpy(decode_view(store.read_view(shape, view)).copy())
            camera = PictureCamera.from_rows(cameras[view : view + 1])
            inside = samples.occupancies[:POINTS]
            image = picture.permute(2, 0, 1)
            errors.append(ask(network, image, camera, symmetry, points, inside, tally))
    tally.show()
    known = np.array([error for error in errors if error is not None])
    if len(known):
        within = ", ".join(
            f"{100 * (known <= limit).mean():.0f} % within {limit}" for limit in (5, 10, 20)
        )
        print(
            f"planes of {len(known)} views: {np.median(known):.1f} degrees off in the median; "
            f"{within}"
        )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint")
    parser.add_argument("--split", default="val")
    parser.add_argument("--views", type=int, default=4)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    store = ShapeStore.open(options.data)
    network = load_checkpoint(options.checkpoint, "cpu").network.eval()
    measure(network, store, store.ids(options.split)[: options.limit], options.views)


if __name__ == "__main__":
    main()
