"""A mesh turning once around, as an animated GIF."""

from pathlib import Path

import numpy as np
from PIL import Image
from trimesh import Trimesh

from onet_cli.files import whole_file
from onet_cli.reconstruction.stage import ELEVATION, Stage
from onet_cli.reconstruction.viewpoint import Viewpoint

FRAMES = 36
MILLISECONDS = 90
"""Between frames: three seconds a turn."""

SIZE = 320
START = 30.0
"""Degrees around the mesh of the first frame, where the photo's direction is not known."""


def draw_turntable(
    mesh: Trimesh, frames: int = FRAMES, size: int = SIZE, viewpoint: Viewpoint | None = None
) -> list[Image.Image]:
    """Return pictures (size, size) of `mesh` from equal steps all around, in one palette.

    With `viewpoint` the first is from the photo's direction, and the others are as high as that.
    """
    stage, start, height = Stage(mesh), START, ELEVATION
    if viewpoint is not None:
        start, height = viewpoint.azimuth_deg, viewpoint.elevation_deg
    views = [stage.view(start + 360 * k / frames, size, 2, height) for k in range(frames)]
    # One palette for all: with one for each frame still parts would flicker.
    strip = Image.fromarray(
        np.concatenate([np.asarray(view) for view in views[:: frames // 4 or 1]])
    )
    palette = strip.quantize(128)
    return [view.quantize(palette=palette, dither=Image.Dither.NONE) for view in views]


def save_turntable(mesh: Trimesh, path: Path, viewpoint: Viewpoint | None = None) -> None:
    """Write `draw_turntable`'s pictures to `path` as a GIF without end, whole or not at all.

    Raises:
        OnetError: the file cannot be written.
    """
    first, *others = draw_turntable(mesh, viewpoint=viewpoint)
    with whole_file(path) as temporary:
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=MILLISECONDS,
            loop=0,
            optimize=False,
        )
