"""Animated GIF of a full turn of a mesh."""

from pathlib import Path

import numpy as np
from PIL import Image
from trimesh import Trimesh

from onet_cli.files import whole_file
from onet_cli.reconstruction.stage import ELEVATION, Stage
from onet_cli.reconstruction.viewpoint import Viewpoint

FRAMES = 36
MILLISECONDS = 90
"""Time per frame: about three seconds per turn."""

SIZE = 320
START = 30.0
"""Azimuth of the first frame in degrees, if the photo's direction is unknown."""


def draw_turntable(
    mesh: Trimesh, frames: int = FRAMES, size: int = SIZE, viewpoint: Viewpoint | None = None
) -> list[Image.Image]:
    """Return images (size, size) of `mesh` at equal steps of azimuth, with a shared palette.

    With `viewpoint`, the first is from the photo's direction, and all have its elevation.
    """
    stage, start, height = Stage(mesh), START, ELEVATION
    if viewpoint is not None:
        start, height = viewpoint.azimuth_deg, viewpoint.elevation_deg
    views = [stage.view(start + 360 * k / frames, size, 2, height) for k in range(frames)]
    # A palette per frame would flicker.
    strip = Image.fromarray(
        np.concatenate([np.asarray(view) for view in views[:: frames // 4 or 1]])
    )
    palette = strip.quantize(128)
    return [view.quantize(palette=palette, dither=Image.Dither.NONE) for view in views]


def save_turntable(mesh: Trimesh, path: Path, viewpoint: Viewpoint | None = None) -> None:
    """Write the images of `draw_turntable` to `path` as a looping GIF, atomically.

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
