"""Draw the pictures in examples/: shapes of a seed that no training set of the recipes uses.

Usage: python recipes/procedural/examples.py examples/
"""

import sys
from pathlib import Path

from onet_cli.preprocessing.sources.procedural import ProceduralSource
from onet_cli.shapes.shape import ShapeId

PICTURES = ("bed/00087", "chair/00037", "lamp/00073", "sofa/00011", "table/00059")


def main(folder: Path) -> None:
    """Write one JPEG for each of `PICTURES` into `folder`."""
    source = ProceduralSource(count=123, seed=2026, views=1, image_size=320, points=8)
    folder.mkdir(parents=True, exist_ok=True)
    for name in PICTURES:
        shape = source.read(ShapeId.parse(name))
        (folder / f"{shape.id.category}.jpg").write_bytes(shape.views.images[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
