"""glTF textures and their coordinates."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.meshes.gltf.buffers import Buffers
from onet_cli.meshes.gltf.fields import Fields
from onet_cli.meshes.textures import Picture, decode_picture

_REPEAT, _CLAMP, _MIRROR = 10497, 33071, 33648
_MOST_TILES = 4  # a clamped texture is extended to at most this many of its widths

UV = NDArray[np.float64]


@dataclass(frozen=True)
class TextureUse:
    """A material's texture, its wrap modes and its texture coordinates.

    `texture` is its index in the file, `coordinates` the n of TEXCOORD_n, and `matrix` (2, 3) the
    transform of those coordinates, v downwards.
    """

    texture: int
    picture: Picture
    wrap: tuple[int, int]
    coordinates: int
    matrix: NDArray[np.float64]


class Pictures:
    """Loads the textures of one file; `warnings` lists those that cannot be read."""

    def __init__(self, tree: Fields, buffers: Buffers) -> None:
        self._tree = tree
        self._buffers = buffers
        self._known: dict[int, Picture | None] = {}
        self.warnings: list[str] = []

    def use(self, info: Fields) -> TextureUse | None:
        """Return the texture of a material's textureInfo, or None if it cannot be read."""
        number = info.count("index")
        texture = self._tree.table("textures")[number]
        picture = self._picture(texture)
        if picture is None:
            return None
        transform = info.extension("KHR_texture_transform")
        coordinates = info.count("texCoord", 0)
        if transform is not None:
            coordinates = transform.count("texCoord", coordinates)
        return TextureUse(number, picture, self._wrap(texture), coordinates, _matrix_of(transform))

    def _picture(self, texture: Fields) -> Picture | None:
        sources = [
            extension.index("source")
            for name in ("EXT_texture_webp", "EXT_texture_avif", "MSFT_texture_dds")
            if (extension := texture.extension(name))
        ]
        for source in (*sources, texture.index("source")):
            picture = None if source is None else self._image(source)
            if picture is not None:
                return picture
        if texture.extension("KHR_texture_basisu") and not self.warnings:
            self._warn("a texture is KTX2 (KHR_texture_basisu), which is not supported")
        return None

    def _image(self, number: int) -> Picture | None:
        if number not in self._known:
            self._known[number] = self._load(self._tree.table("images")[number])
        return self._known[number]

    def _load(self, image: Fields) -> Picture | None:
        uri = image.text("uri")
        if uri:
            data = self._buffers.referred(uri)
            if data is None and uri[:5].lower() != "data:":
                self._warn(f"texture {uri!r} is missing")
                return None
        else:
            data = bytes(self._buffers.view(image.count("bufferView"))[0])
        picture = None if data is None else decode_picture(data)
        if picture is None:
            self._warn("a texture cannot be decoded")
        return picture

    def _wrap(self, texture: Fields) -> tuple[int, int]:
        number = texture.index("sampler")
        if number is None:
            return _REPEAT, _REPEAT
        sampler = self._tree.table("samplers")[number]
        return sampler.count("wrapS", _REPEAT), sampler.count("wrapT", _REPEAT)

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def _matrix_of(transform: Fields | None) -> NDArray[np.float64]:
    """Return the (2, 3) matrix of a KHR_texture_transform.

    It scales, then rotates counter-clockwise as seen in the image, then translates. Source: the
    extension's examples and Khronos's sample viewer.
    """
    if transform is None:
        return np.eye(2, 3)
    offset = transform.numbers("offset", [0.0, 0.0])
    scale = transform.numbers("scale", [1.0, 1.0])
    angle = transform.number("rotation", 0.0)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return np.column_stack([turn * scale, offset])


def lay(use: TextureUse, coordinates: UV) -> tuple[Picture, NDArray[np.float32]]:
    """Return an image for wrap mode "repeat", and its texture coordinates, v upwards.

    Args:
        use: the material's texture, with any wrap modes.
        coordinates: (F, 3, 2) of the face corners, as in the file: v downwards.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        placed = coordinates @ use.matrix[:, :2].T + use.matrix[:, 2]
    # Beyond this, single precision cannot resolve positions within the image.
    placed = np.clip(np.nan_to_num(placed, nan=0.0), -1e6, 1e6)
    picture = use.picture
    for axis, wrap in enumerate(use.wrap):
        picture, placed[..., axis] = _repeating(picture, 1 - axis, wrap, placed[..., axis])
    placed[..., 1] = 1 - placed[..., 1]
    return picture, placed.astype(np.float32)


def _repeating(picture: Picture, side: int, wrap: int, places: UV) -> tuple[Picture, UV]:
    """Return an image and coordinates that give with "repeat" what `picture` gives with `wrap`."""
    if wrap == _MIRROR:
        return np.concatenate([picture, np.flip(picture, side)], side), places / 2
    if wrap != _CLAMP or not places.size:
        return picture, places
    first, last = min(math.floor(places.min()), 0), max(math.ceil(places.max()), 1)
    if (first, last) == (0, 1):
        return picture, places
    if (
        last - first > _MOST_TILES
    ):  # the image would be too large; faces across its edge are inexact
        return picture, places.clip(0, 1)
    size = picture.shape[side]
    around = [(0, 0)] * 3
    around[side] = (-first * size, (last - 1) * size)
    return np.pad(picture, around, mode="edge"), (places - first) / (last - first)
