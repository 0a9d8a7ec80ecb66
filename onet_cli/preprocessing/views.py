"""Pictures of a shape from all around, as a data set stores them."""

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
from onet_cli.shapes.shape import Views

Cameras = Literal["choy", "wide"]
Background = Literal["white", "transparent"]

CHOY_ELEVATION = (25.0, 30.0)
CHOY_DISTANCE = (1.5, 1.8)
"""Degrees and edges of the unit cube, measured on the cameras that come with their pictures."""

WIDE_ELEVATION = (-10.0, 60.0)
WIDE_FILL = (0.75, 0.92)  # the longer side of the object's picture, in edges of the picture
WIDE_ZOOM = (1.0, 1.6)  # focal length, in Choy's


@dataclass(frozen=True)
class ViewOptions:
    """How many pictures, of what size, from where and on what.

    `cameras`: `choy` draws views like Choy et al., ECCV 2016, lit from the front; `wide` draws
    lower, higher and closer ones with longer lenses, each in another light, as photos are. Pictures
    on `white` are JPEG of `quality`, `transparent` ones PNG with alpha; each pixel averages
    `samples` x `samples`.
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
    """Return `options.count` pictures of `mesh`, in the unit-cube frame, with their cameras.

    They depend on the arguments and the state of `rng` alone, bit for bit.

    Raises:
        InvalidGeometryError: the mesh cannot be drawn.
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
    """Return a random camera of the kind of Choy et al. for pictures of `size` pixels.

    It moves back where `points` (N, 3) would else leave the picture, as those of a cube do.
    """
    azimuth, elevation = rng.uniform(0, 360), rng.uniform(*CHOY_ELEVATION)
    distance = rng.uniform(*CHOY_DISTANCE)
    turned = points @ Camera.orbit(azimuth, elevation, 1.0, size).world[:, :3].T
    nearest = fit_distance(turned, 1.0, CHOY_FOCAL / CHOY_SIZE)
    return Camera.orbit(azimuth, elevation, max(distance, nearest), size)


def wide_camera(points: NDArray[np.floating], rng: np.random.Generator, size: int) -> Camera:
    """Return a random camera whose picture `points` (N, 3) fill as far as was drawn."""
    azimuth, elevation = rng.uniform(0, 360), rng.uniform(*WIDE_ELEVATION)
    fill = rng.uniform(*WIDE_FILL)
    focal = CHOY_FOCAL / CHOY_SIZE * rng.uniform(*WIDE_ZOOM)
    turned = points @ Camera.orbit(azimuth, elevation, 1.0, size).world[:, :3].T
    return Camera.orbit(azimuth, elevation, fit_distance(turned, fill, focal), size, focal * size)


def _encode(picture: NDArray[np.uint8], options: ViewOptions) -> bytes:
    buffer = io.BytesIO()
    if options.background == "white":
        Image.fromarray(on_white(picture)).save(buffer, "JPEG", quality=options.quality)
    else:
        Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
