"""A mesh prepared for rendering: everything independent of the camera is computed once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli._ext import rasterize as kernel
from onet_cli._ext.stage import Stage
from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.appearance import Appearance
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.lighting import Lighting
from onet_cli.geometry.normals import smooth_normals
from onet_cli.geometry.occlusion import (
    RESOLUTION,
    AmbientDepths,
    light_view,
    shadow_maps,
    shadow_resolution,
)
from onet_cli.geometry.texture import TextureTables, linear_to_srgb, srgb_to_linear

LARGEST = 1e15
"""Coordinates beyond this are refused: their differences lose all precision."""

NEAR = 1e-4  # the near plane, in radii of the scene
MARGIN = 2.0 / RESOLUTION  # offset of shadow rays from the surface: a cell of the depth maps
LAYERS = 12  # of transparent faces; anything behind more of them is omitted
_SRGB, _LINEAR = linear_to_srgb(), srgb_to_linear()


@dataclass(frozen=True)
class _View:
    """The picture's geometry: corners in samples, the eye, and rays to the samples."""

    points: NDArray[np.float64]
    eye: NDArray[np.float64]
    rays: NDArray[np.float64]


@dataclass(frozen=True)
class _Lamps:
    """Lights as the kernel reads them: place and colour, view matrices, shadow maps."""

    table: NDArray[np.float32]
    views: NDArray[np.float64]
    shadows: NDArray[np.float32]


class Scene:
    """A mesh of F faces and its appearance; `render` draws it and is thread-safe.

    Faces are lit from both sides, so polygon soup looks right too. Faces without area are not
    drawn.

    Raises:
        InvalidGeometryError: the appearance does not match the mesh, or a coordinate is not finite
            or beyond 1e15.
    """

    def __init__(self, mesh: Trimesh, appearance: Appearance | None = None) -> None:
        self._faces = np.ascontiguousarray(mesh.faces, dtype=np.int32).reshape(-1, 3)
        vertices = np.asarray(mesh.vertices, dtype=np.float64).reshape(-1, 3)
        looks = Appearance.plain(len(self._faces)) if appearance is None else appearance
        _check(vertices, self._faces, looks)
        self._centre, self._radius = _ball(vertices[self._faces.reshape(-1)])
        # Unused vertices may lie anywhere; they are not drawn.
        self._vertices = np.ascontiguousarray((vertices - self._centre) / self._radius)
        self._looks = looks
        self._materials, pictures = _material_table(looks)
        self._textures = TextureTables.of(pictures)
        self._normals = self._find_normals()
        clear = _transparent(looks)[looks.material_of_face]
        self._solid = np.flatnonzero(~clear).astype(np.int32)
        self._clear = np.flatnonzero(clear).astype(np.int32)
        self._ambient = AmbientDepths.of(
            np.clip(self._vertices, -1, 1), np.ascontiguousarray(self._faces[self._solid])
        )
        self._shadows = (0, b""), np.zeros((0, 3, 4)), np.zeros((0, 1, 1), np.float32)
        self._material_of_face = np.ascontiguousarray(looks.material_of_face, np.int32)
        self._uv = _or_empty(looks.uv, (0, 3, 2), np.float32)
        self._corner_colours = _or_empty(looks.corner_colours, (0, 3, 3), np.uint8)

    def render(
        self, camera: Camera, size: int, lighting: Lighting | None = None, samples: int = 2
    ) -> NDArray[np.uint8]:
        """Return a picture (size, size, 4), RGBA with straight alpha, transparent background.

        Args:
            camera: made for pictures of `size` pixels.
            size: edge of the picture in pixels.
            lighting: `Lighting.studio()` when None.
            samples: each pixel is the mean of samples x samples.
        """
        image = np.zeros((size, size, 4), np.uint8)
        if len(self._faces) == 0:
            return image
        lighting = Lighting.studio() if lighting is None else lighting
        view = self._view(camera, samples)
        places = lighting.places(camera.world[:, :3].astype(np.float64))
        lamps = self._lamps(places, lighting, shadow_resolution(size))
        radiance = lighting.radiance(self._ambient.directions())
        stage = self._stage(view, lamps, radiance)
        colours = np.zeros((size * samples, size * samples, 4), np.float32)
        for owners in self._layers(view, size * samples):
            kernel.shade(owners, stage, samples, colours)
        kernel.resolve(colours, samples, _SRGB, image)
        return image

    def _view(self, camera: Camera, samples: int) -> _View:
        """Return the geometry of a picture, with the scene's centre at 0 and its radius 1."""
        world, lens = camera.world.astype(np.float64), camera.camera.astype(np.float64)
        turn, move = world[:, :3], (world[:, :3] @ self._centre + world[:, 3]) / self._radius
        finer = np.diag([samples, samples, 1.0]) @ lens
        points = (self._vertices @ turn.T + move) @ finer.T
        back = np.linalg.inv(turn)
        rays = np.ascontiguousarray(back @ np.linalg.inv(finer))
        return _View(np.ascontiguousarray(points), -back @ move, rays)

    def _layers(self, view: _View, fine: int) -> Iterator[NDArray[np.int32]]:
        """Yield the visible faces at each sample, (fine, fine), layer by layer: transparent ones
        first.

        Depth peeling (Everitt, 2001): each layer is the nearest surface behind the previous one.
        """
        shape = (fine, fine)
        solid, solid_owners = np.zeros(shape, np.float32), np.full(shape, -1, np.int32)
        ceiling = np.full(shape, np.inf, np.float32)
        self._draw(view, self._solid, solid, solid_owners, ceiling)
        for _ in range(LAYERS if len(self._clear) else 0):
            nearness, owners = solid.copy(), np.full(shape, -1, np.int32)
            self._draw(view, self._clear, nearness, owners, ceiling)
            if not (owners >= 0).any():
                break
            yield owners
            # Where this layer was the last, nothing else can be in front of the opaque surface.
            ceiling = np.where(owners >= 0, nearness, np.float32(0))
        yield solid_owners

    def _draw(
        self,
        view: _View,
        chosen: NDArray[np.int32],
        nearness: NDArray[np.float32],
        owners: NDArray[np.int32],
        ceiling: NDArray[np.float32],
    ) -> None:
        kernel.draw_perspective(view.points, self._faces, chosen, NEAR, nearness, owners, ceiling)

    def _stage(self, view: _View, lamps: _Lamps, radiance: NDArray[np.float32]) -> Stage:
        """Return the scene as the kernel reads it, for one picture."""
        return Stage(
            vertices=self._vertices,
            faces=self._faces,
            normals=self._normals,
            uvs=self._uv,
            corner_colours=self._corner_colours,
            material_of_face=self._material_of_face,
            materials=self._materials,
            textures=self._textures.textures,
            levels=self._textures.levels,
            texels=self._textures.texels,
            linear=_LINEAR,
            eye=view.eye,
            rays=view.rays,
            lights=lamps.table,
            light_views=lamps.views,
            shadows=lamps.shadows,
            axes=self._ambient.axes,
            depths=self._ambient.depths,
            radiance=radiance,
            margin=MARGIN,
        )

    def _lamps(self, places: NDArray[np.float64], lighting: Lighting, resolution: int) -> _Lamps:
        """Return the lights at `places` (L, 3) with their shadow maps, which are cached."""
        key, (known, views, shadows) = (resolution, places.tobytes()), self._shadows
        if key != known:
            views = np.array([light_view(place, resolution) for place in places])
            views = views.reshape(-1, 3, 4)
            shadows = shadow_maps(views, self._vertices, self._faces, self._solid, resolution)
            # Fixed lamps serve all views; one tuple, so that threads may share a scene.
            self._shadows = key, views, shadows
        colours = np.array([light.colour for light in lighting.lights]).reshape(-1, 3)
        return _Lamps(np.hstack([places, colours]).astype(np.float32), views, shadows)

    def _find_normals(self) -> NDArray[np.float32]:
        """Return the corners' normals (F, 3, 3): the given ones where they are valid."""
        given = self._looks.normals
        if given is None:
            return smooth_normals(self._vertices, self._faces)
        usable = np.linalg.norm(given, axis=2, keepdims=True) > 0.5  # false for NaN too
        if usable.all():
            return np.ascontiguousarray(given, np.float32)
        found = smooth_normals(self._vertices, self._faces)
        return np.where(usable, given, found).astype(np.float32)


def _check(vertices: NDArray[np.float64], faces: NDArray[np.int32], looks: Appearance) -> None:
    if not np.isfinite(vertices).all():
        raise InvalidGeometryError("a mesh with vertices that are not finite cannot be drawn")
    if not (np.abs(vertices) <= LARGEST).all():
        raise InvalidGeometryError("a mesh with coordinates beyond 1e15 cannot be drawn")
    if len(faces) and not (faces.min() >= 0 and faces.max() < len(vertices)):
        raise InvalidGeometryError("a face has a corner that is not there")
    if len(looks.material_of_face) != len(faces):
        raise InvalidGeometryError(
            f"{len(faces)} faces cannot have the looks of {len(looks.material_of_face)}"
        )
    if looks.uv is not None and not np.isfinite(looks.uv).all():
        raise InvalidGeometryError("a texture coordinate is not finite")


def _or_empty(
    array: NDArray[np.generic] | None, empty: tuple[int, ...], dtype: type
) -> NDArray[Any]:
    return np.zeros(empty, dtype) if array is None else np.ascontiguousarray(array, dtype)


def _ball(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the centre of the bounding box of `points` (N, 3) and their radius around it."""
    if len(points) == 0:
        return np.zeros(3), 1.0
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    return centre, float(np.linalg.norm(points - centre, axis=1).max()) or 1.0


def _material_table(looks: Appearance) -> tuple[NDArray[np.float32], list[NDArray[np.uint8]]]:
    """Return the kernel's (M, 6) table of materials and the pictures that it refers to."""
    table = np.zeros((len(looks.materials), 6), np.float32)
    pictures: list[NDArray[np.uint8]] = []
    known: dict[int, int] = {}
    for row, material in zip(table, looks.materials, strict=True):
        row[:3] = _LINEAR[np.clip(material.colour, 0, 255)]
        row[3:] = np.clip(material.opacity, 0, 1), np.clip(material.gloss, 0, 1), -1
        if material.texture is not None and looks.uv is not None:
            key = id(material.texture)
            if key not in known:
                known[key] = len(pictures)
                pictures.append(material.texture)
            row[5] = known[key]
    return table, pictures


def _transparent(looks: Appearance) -> NDArray[np.bool_]:
    """Return which materials, (M,), are transparent anywhere."""

    def has_holes(texture: NDArray[np.uint8] | None) -> bool:
        return texture is not None and texture.shape[2] == 4 and bool((texture[..., 3] < 255).any())

    return np.array(
        [
            material.opacity < 1 or (looks.uv is not None and has_holes(material.texture))
            for material in looks.materials
        ],
        dtype=np.bool_,
    )
