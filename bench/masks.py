"""What is taken for the object in a photo: agreement with the truth, and processor time.

Generated things stand before white (in their own colours, and nearly white), before a studio's
paper, in a room, and before photographed textures, all with soft shadows: `mask_scenes.py`. Silent
are pictures with an IoU below 0.7 and without a warning.

Usage: python bench/masks.py [--count N] [--json FILE]
"""

import time

import numpy as np
from harness import Row, arguments, publish
from mask_scenes import KINDS, Scene, scenes

from onet_cli.errors import PhotoError
from onet_cli.shapes.photo import isolate_object
from onet_cli.shapes.photo_network import cut_by_network

GOOD, BAD = 0.9, 0.7
DOUBTS = ("uncertain", "kept")


def measure(scene: Scene) -> Row:
    """Return how well the object of `scene` is found, and by what."""
    start = time.process_time()
    try:
        prepared = isolate_object(scene.photo)
    except PhotoError:
        return {"iou": 0.0, "silent": False, "network": False, "seconds": np.nan}
    seconds = time.process_time() - start
    found = np.ones_like(scene.truth) if prepared.weight is None else prepared.weight
    both = ((found > 0.5) & (scene.truth > 0.5)).sum()
    iou = float(both / ((found > 0.5) | (scene.truth > 0.5)).sum())
    doubted = any(word in text for text in prepared.warnings for word in DOUBTS)
    return {
        "iou": iou,
        "silent": iou < BAD and not doubted,
        "network": prepared.method == "network",
        "seconds": seconds,
    }


def main() -> None:
    parser = arguments(__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=24, help="things before each background")
    options = parser.parse_args()
    found: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    looks = []
    for scene in scenes(options.count):
        found[scene.kind].append(measure(scene))
        start = time.process_time()
        cut_by_network(np.asarray(scene.photo))
        looks.append(time.process_time() - start)
    rows: list[Row] = []
    for kind, each in found.items():
        ious = np.array([row["iou"] for row in each])
        rows.append(
            {
                "background": kind,
                "pictures": len(each),
                "mean IoU": round(float(ious.mean()), 3),
                f"above {GOOD}": f"{(ious > GOOD).mean():.0%}",
                "silent": sum(row["silent"] for row in each),
                "by the network": f"{np.mean([row['network'] for row in each]):.0%}",
                "CPU ms": round(1000 * float(np.nanmedian([row["seconds"] for row in each]))),
            }
        )
    publish("Objects cut out of photos", rows, options.json, ("torch",))
    print(f"Both looks of the network: {1000 * np.median(looks):.0f} ms of processor time")


if __name__ == "__main__":
    main()
