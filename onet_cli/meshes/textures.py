"""Texture images: decoding and downsampling."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.geometry.picture_size import check_picture_size, without_size_warning
from onet_cli.meshes.references import MeshFiles, read_referred

LARGEST_SIDE = 512
"""Maximum edge of a texture in pixels; rendered views show no more detail."""

Picture = NDArray[np.uint8]


class Textures:
    """The textures of one mesh file; `warnings` lists those that cannot be read."""

    def __init__(self, files: MeshFiles, name: str) -> None:
        self._files = files
        self._name = name
        self._known: dict[str, Picture | None] = {}
        self.warnings: list[str] = []

    def get(self, reference: str) -> Picture | None:
        """Return the image (H, W, 3 or 4), top row first, or None if it cannot be read."""
        if reference not in self._known:
            self._known[reference] = self._load(reference)
        return self._known[reference]

    def _load(self, reference: str) -> Picture | None:
        data = read_referred(self._files, self._name, reference)
        if data is None:
            self.warnings.append(f"texture {reference!r} is missing")
            return None
        picture = decode_picture(data)
        if picture is None:
            self.warnings.append(f"texture {reference!r} cannot be decoded")
        return picture


def decode_picture(data: bytes) -> Picture | None:
    """Decode an image to (H, W, 3 or 4) uint8, downsampled, or return None if it is damaged."""
    try:
        with without_size_warning(), Image.open(io.BytesIO(data)) as image:
            check_picture_size(image, len(data))
            image.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))
            return shrink(image)
    except Exception:  # Pillow's decoders raise many kinds of errors
        return None


def shrink(image: Image.Image) -> Picture:
    """Return `image` as (H, W, 3) uint8, or (H, W, 4) if not opaque, at most 512 pixels a side."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    clear = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    image = image.convert("RGBA" if clear else "RGB")
    scale = LARGEST_SIDE / max(image.size)
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BOX)
    pixels = np.array(image)
    return pixels[..., :3].copy() if clear and (pixels[..., 3] == 255).all() else pixels


def with_holes(picture: Picture, mask: Picture) -> Picture:
    """Return `picture` with the alpha channel of `mask`, or else its brightness, as alpha."""
    height, width = picture.shape[:2]
    grey = mask[..., 3] if mask.shape[2] == 4 else mask[..., :3].mean(axis=2).astype(np.uint8)
    fitting = np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BILINEAR))
    return np.dstack([picture[..., :3], fitting])
