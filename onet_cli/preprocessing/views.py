"""Rendered views of a shape for a data set."""

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from trimesh import Trimesh

from onet_cli.geometry.appearance import Appearance
from onet_cli.geometry.camera import CHOY_FOCAL, CHOY_SIZE, Camera, fit_distance, outline
from onet_cli.geometry.lighting import Lighting
from onet_cli.geometry.render import on_white
from onet_cli.geometry.scene import Scene
from onet_cli.shapes.exposure import EXPOSURE
from onet_cli.shapes.shape import Views

Cameras = Literal["choy", "wide"]
Background = Literal["white", "transparent"]

CHOY_ELEVATION = (25.0, 30.0)
CHOY_DISTANCE = (1.5, 1.8)
"""In degrees and in edges of the unit cube, measured on the cameras of Choy et al.'s data."""

WIDE_ELEVATION = (-10.0, 60.0)
WIDE_FILL = (0.75, 0.92)  # longer side of the object's bounding box, in image edges
WIDE_ZOOM = (1.0, 1.6)  # focal length relative to Choy's


@dataclass(frozen=True)
class ViewOptions:
    """Number, size, cameras and background of rendered views.

    `cameras`: `choy` samples views as in Choy et al., ECCV 2016, lit from the front; `wide` samples
    a wider range of elevations and focal lengths, closer to the object, with random lighting per
    view, as in photos. Images on `white` are JPEG of `quality`, `transparent` ones PNG with alpha;
    each pixel averages `samples` x `samples` samples. Objects have the exposure
    `shapes.exposure.EXPOSURE`.
    """

    count: int = 24
    size: int = 137
    cameras: Cameras = "choy"
    background: Background = "white"
    samples: int = 2
    quality: int = 92


def take_views(
    mesh: Trimesh, appearance: Appearance | None, rng: np.random.Generator, options: ViewOptions
) -> Views:
    """Render `options.count` views of `mesh`, in the unit-cube frame, with their cameras.

    The result is deterministic, given the arguments and the state of `rng`.

    Raises:
        InvalidGeometryError: the mesh cannot be rendered.
    """
    if options.count == 0:
        return Views(())
    scene = Scene(mesh, appearance)
    rim = outline(np.asarray(mesh.vertices)[np.unique(mesh.faces)])
    lighting = Lighting.choy(rng)
    images, world, camera = [], [], []
    for _ in range(options.count):
        if options.cameras == "wide":
            eye, lighting = wide_camera(rim, rng, options.size), Lighting.random(rng)
        else:
            eye = choy_camera(rim, rng, options.size)
        picture = scene.render(eye, options.size, lighting, options.samples)
        images.append(_encode(picture, options))
        world.append(eye.world)
        camera.append(eye.camera)
    return Views(tuple(images), np.stack(world), np.stack(camera))


def choy_camera(points: NDArray[np.floating], rng: np.random.Generator, size: int) -> Camera:
    """Return a random camera as in Choy et al., for images of `size` pixels.

    It moves back if `points` (N, 3) would otherwise leave the image, as those of a cube do.
    """
    azimuth, elevation = rng.uniform(0, 360), rng.uniform(*CHOY_ELEVATION)
    distance = rng.uniform(*CHOY_DISTANCE)
    turned = points @ Camera.orbit(azimuth, elevation, 1.0, size).world[:, :3].T
    nearest = fit_distance(turned, 1.0, CHOY_FOCAL / CHOY_SIZE)
    return Camera.orbit(azimuth, elevation, max(distance, nearest), size)


def wide_camera(points: NDArray[np.floating], rng: np.random.Generator, size: int) -> Camera:
    """Return a random camera that `points` (N, 3) fill to a random share of the image."""
    azimuth, elevation = rng.uniform(0, 360), rng.uniform(*WIDE_ELEVATION)
    fill = rng.uniform(*WIDE_FILL)
    focal = CHOY_FOCAL / CHOY_SIZE * rng.uniform(*WIDE_ZOOM)
    turned = points @ Camera.orbit(azimuth, elevation, 1.0, size).world[:, :3].T
    return Camera.orbit(azimuth, elevation, fit_distance(turned, fill, focal), size, focal * size)


def _encode(picture: NDArray[np.uint8], options: ViewOptions) -> bytes:
    buffer = io.BytesIO()
    picture[..., :3] = np.rint(EXPOSURE * picture[..., :3])
    if options.background == "white":
        Image.fromarray(on_white(picture)).save(buffer, "JPEG", quality=options.quality)
    else:
        Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
