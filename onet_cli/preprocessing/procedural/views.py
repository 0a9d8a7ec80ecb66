"""Pictures of an assembled shape, taken from all around."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.camera import CHOY_FOCAL, CHOY_SIZE, Camera
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.render import on_white
from onet_cli.geometry.scene import Scene
from onet_cli.preprocessing.procedural.assembly import Assembly
from onet_cli.preprocessing.procedural.solids.pose import Array
from onet_cli.shapes.shape import Views

LIMIT = 0.97
"""Share of the half picture that no part may leave, so that nothing is cut off."""


@dataclass(frozen=True)
class ViewOptions:
    """How many pictures, and the ranges that each one's camera is drawn from.

    Choy et al. render at an elevation of 25 to 30 degrees with one focal length. Photos come from
    lower and higher and from farther away, so the ranges here are wider: `elevation` in degrees,
    `fill` the longer side of the object's picture in picture sizes, `zoom` the focal length in
    units of theirs. `quality` is JPEG's, and each pixel averages `samples` x `samples` rays.
    """

    count: int = 24
    size: int = 137
    elevation: tuple[float, float] = (10.0, 40.0)
    fill: tuple[float, float] = (0.75, 0.92)
    zoom: tuple[float, float] = (1.0, 1.6)
    quality: int = 92
    samples: int = 2


def take_views(assembly: Assembly, rng: np.random.Generator, options: ViewOptions) -> Views:
    """Return `options.count` JPEG pictures on white, from random azimuths, with their cameras."""
    vertices, faces, colours = assembly.mesh()
    corners = np.repeat(colours[:, None], 3, axis=1)
    looks = Appearance((Material(),), np.zeros(len(faces), np.int32), corner_colours=corners)
    scene = Scene(make_mesh(vertices, faces), looks)
    images, world, camera = [], [], []
    for _ in range(options.count):
        eye = aim(vertices, rng, options)
        images.append(_picture(scene, eye, options))
        world.append(eye.world)
        camera.append(eye.camera)
    if not images:
        return Views(())
    return Views(tuple(images), np.stack(world), np.stack(camera))


def aim(vertices: Array, rng: np.random.Generator, options: ViewOptions) -> Camera:
    """Return a random camera whose picture `vertices` (V, 3) fill as far as was drawn."""
    azimuth, elevation = rng.uniform(0, 360), rng.uniform(*options.elevation)
    fill = rng.uniform(*options.fill)
    focal = CHOY_FOCAL / CHOY_SIZE * rng.uniform(*options.zoom)
    turned = vertices @ Camera.orbit(azimuth, elevation, 1.0, options.size).world[:, :3].T
    distance = fit_distance(turned, fill, focal)
    return Camera.orbit(azimuth, elevation, distance, options.size, focal * options.size)


def fit_distance(points: Array, fill: float, focal: float) -> float:
    """Return from how far `points` (V, 3), turned to the camera's axes, appear `fill` wide.

    `focal` and `fill` are in picture sizes. The distance is longer where a part would otherwise
    leave the picture.
    """
    across, ahead = points[:, :2], points[:, 2:]
    distance = 2.0 * focal / fill
    for _ in range(12):
        # The picture shrinks about as the distance grows, so this ratio soon is one.
        seen = focal * across / (ahead + distance)
        size = float(np.ptp(seen, axis=0).max()) / fill
        size = max(size, 2 * float(np.abs(seen).max()) / LIMIT)
        distance = max(distance * size, 1.0)
    return distance


def _picture(scene: Scene, eye: Camera, options: ViewOptions) -> bytes:
    pixels = on_white(scene.render(eye, options.size, samples=options.samples))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=options.quality)
    return buffer.getvalue()
