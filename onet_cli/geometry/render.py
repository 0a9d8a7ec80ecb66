"""Pictures of meshes: a pinhole camera, a depth buffer, two lights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli._ext import rasterize as kernel
from onet_cli.errors import InvalidGeometryError

CHOY_SIZE = 137
CHOY_FOCAL = 149.84375
"""Edge and focal length, in pixels, of the renderings of Choy et al., ECCV 2016."""

DEFAULT_COLOUR = (172, 184, 200)
AMBIENT, KEY, FILL = 0.42, 0.5, 0.18
KEY_DIRECTION = np.array([-0.45, -0.75, -0.55])
FILL_DIRECTION = np.array([0.8, -0.1, -0.4])
"""Towards the lights, in the camera's frame (x right, y down, z forward)."""

NEAR = 1e-3


@dataclass(frozen=True)
class Camera:
    """Where a picture is taken from and how points become pixels.

    `world` (3, 4) takes points of the unit-cube frame to the camera's (x right, y down, z forward),
    `camera` (3, 3) takes those to homogeneous pixels. Both float32.
    """

    world: NDArray[np.float32]
    camera: NDArray[np.float32]

    @classmethod
    def orbit(
        cls,
        azimuth_deg: float,
        elevation_deg: float,
        distance: float,
        size: int,
        focal: float | None = None,
    ) -> "Camera":
        """Return the camera at `distance` from the origin that looks at it, +y up.

        At azimuth 0 it stands on the +z axis, at 90 on +x. `focal` is in pixels; by default the
        field of view is that of Choy et al. 2016 at any `size`.
        """
        azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
        outward = np.array(
            [
                np.cos(elevation) * np.sin(azimuth),
                np.sin(elevation),
                np.cos(elevation) * np.cos(azimuth),
            ]
        )
        right = np.array([np.cos(azimuth), 0.0, -np.sin(azimuth)])
        down = np.cross(-outward, right)
        world = np.column_stack([np.stack([right, down, -outward]), [0.0, 0.0, distance]])
        f = CHOY_FOCAL / CHOY_SIZE * size if focal is None else focal
        camera = np.array([[f, 0, size / 2], [0, f, size / 2], [0, 0, 1]])
        return cls(world.astype(np.float32), camera.astype(np.float32))

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return pixel x, pixel y and depth, (N, 3), of `points` (N, 3) of the unit-cube frame."""
        seen = self.to_frame(points) @ self.camera.astype(np.float64).T
        return np.column_stack([seen[:, :2] / seen[:, 2:], seen[:, 2]])

    def to_frame(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return `points` (N, 3) of the unit-cube frame in the camera's frame."""
        world = self.world.astype(np.float64)
        turned: NDArray[np.float64] = np.asarray(points, np.float64) @ world[:, :3].T + world[:, 3]
        return turned


def render(
    mesh: Trimesh,
    camera: Camera,
    size: int,
    face_colours: NDArray[np.uint8] | None = None,
    samples: int = 3,
    smooth: bool = False,
) -> NDArray[np.uint8]:
    """Return a picture (size, size, 4) of `mesh`, RGBA with straight alpha, background clear.

    Args:
        mesh: in the unit-cube frame; faces are lit from both sides, so soups look right too.
        camera: made for pictures of `size` pixels.
        size: edge of the picture in pixels.
        face_colours: (F, 3), one colour a face; a light blue-grey by default.
        samples: each pixel is the mean of samples x samples.
        smooth: shade by interpolated vertex normals instead of facets.

    Raises:
        InvalidGeometryError: the colours do not fit the faces, or a vertex is not finite.
    """
    faces = np.ascontiguousarray(mesh.faces, dtype=np.int32)
    if face_colours is None:
        face_colours = np.tile(np.array(DEFAULT_COLOUR, np.uint8), (len(faces), 1))
    if face_colours.shape != (len(faces), 3):
        raise InvalidGeometryError(f"{len(faces)} faces need as many colours")
    if not np.isfinite(mesh.vertices).all():
        raise InvalidGeometryError("a mesh with vertices that are not finite cannot be drawn")
    corners = camera.to_frame(mesh.vertices)
    if smooth:
        turned = np.asarray(mesh.vertex_normals) @ camera.world[:, :3].T.astype(np.float64)
        corners = np.hstack([corners, turned])
    corners, faces, sources = _clip(corners, faces)
    fine = size * samples
    drawn = np.full((fine, fine), -1, dtype=np.int32)
    weights = np.zeros((fine, fine, 3), dtype=np.float32)
    pixels = _to_samples(corners[:, :3], camera, samples)
    kernel.draw_triangles(pixels, faces, np.zeros((fine, fine)), drawn, weights)

    hit = drawn >= 0
    colours = np.zeros((fine, fine, 4), dtype=np.float32)
    light = _shade(corners, faces, drawn[hit], weights[hit])
    colours[hit, :3] = face_colours[sources[drawn[hit]]] * light[:, None]
    colours[hit, 3] = 255
    return _average(colours, samples)


def on_white(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `picture` (H, W, 4) with straight alpha laid on white, (H, W, 3)."""
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.rint(picture[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _clip(
    corners: NDArray[np.float64], faces: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.intp]]:
    """Return what of `faces` (F, 3) is before the near plane: corners, faces, and where from.

    `corners` (V, 3 or more) are in the camera's frame; what follows the first three columns is
    interpolated along. The last result is the index in `faces` of each face that comes back.
    """
    front = corners[faces, 2] > NEAR
    count = front.sum(axis=1)
    whole, cut = np.flatnonzero(count == 3), np.flatnonzero((count == 1) | (count == 2))
    # Turn each face that is cut so that the corner alone on its side comes first.
    alone = np.argmax(front[cut] == (count[cut] == 1)[:, None], axis=1)
    a, b, c = faces[cut[:, None], (alone[:, None] + np.arange(3)) % 3].T
    on_plane = [
        corners[a] + (corners[end] - corners[a]) * (NEAR - depth) / (corners[end, 2:3] - depth)
        for end, depth in ((b, corners[a, 2:3]), (c, corners[a, 2:3]))
    ]
    p = np.arange(len(cut), dtype=np.int32) + np.int32(len(corners))
    q = p + np.int32(len(cut))
    tip, stump = count[cut] == 1, count[cut] == 2
    pieces = [
        faces[whole],
        np.column_stack([a, p, q])[tip],
        np.column_stack([p, b, c])[stump],
        np.column_stack([p, c, q])[stump],
    ]
    sources = np.concatenate([whole, cut[tip], cut[stump], cut[stump]])
    return np.vstack([corners, *on_plane]), np.ascontiguousarray(np.vstack(pieces)), sources


def _to_samples(corners: NDArray[np.float64], camera: Camera, samples: int) -> NDArray[np.float64]:
    """Return sample x, sample y and 1 / depth, (V, 3); corners behind the camera are left at 0."""
    front = corners[:, 2] > NEAR / 2
    seen = corners[front] @ camera.camera.astype(np.float64).T
    pixels = np.zeros_like(corners)
    pixels[front, :2] = seen[:, :2] / seen[:, 2:] * samples
    pixels[front, 2] = 1 / seen[:, 2]
    return pixels


def _shade(
    corners: NDArray[np.float64],
    faces: NDArray[np.int32],
    drawn: NDArray[np.int32],
    weights: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return brightness (N,) of samples in the faces `drawn` (N,), `weights` (N, 3) in them."""
    a, b, c = (corners[faces[:, k], :3] for k in range(3))
    flat = np.cross(b - a, c - a)
    # Two-sided: a face that is seen from behind is lit as if it were turned round.
    facing = np.where(np.sum(flat * a, axis=1, keepdims=True) > 0, -1.0, 1.0)
    if corners.shape[1] == 3:
        return _light(flat * facing)[drawn]
    smooth = np.einsum("nc,ncd->nd", weights, corners[faces[drawn], 3:])
    return _light(smooth * facing[drawn])


def _light(normals: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return brightness (N,) of surfaces with `normals` (N, 3) in the camera's frame."""
    length = np.maximum(np.linalg.norm(normals, axis=1), 1e-30)
    brightness = np.full(len(normals), AMBIENT)
    for strength, direction in ((KEY, KEY_DIRECTION), (FILL, FILL_DIRECTION)):
        towards = direction / np.linalg.norm(direction)
        # Half-Lambert keeps the shaded side readable. A cosine can round to below -1.
        cosine = np.maximum((normals @ towards) / length, -1)
        brightness += strength * (0.5 + 0.5 * cosine) ** 1.5
    capped: NDArray[np.float64] = np.minimum(brightness, 1.2)
    return capped.astype(np.float32)


def _average(colours: NDArray[np.float32], samples: int) -> NDArray[np.uint8]:
    size = len(colours) // samples
    mean = colours.reshape(size, samples, size, samples, 4).mean(axis=(1, 3))
    alpha = mean[..., 3:]
    mean[..., :3] *= 255 / np.maximum(alpha, 1e-6)
    rounded: NDArray[np.float32] = np.rint(np.clip(mean, 0, 255))
    return rounded.astype(np.uint8)
