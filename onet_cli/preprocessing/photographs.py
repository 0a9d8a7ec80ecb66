"""Photographs with known cameras, prepared for a data set: masked, upright, centred."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.camera import LEVEL
from onet_cli.shapes.exposure import EXPOSURE
from onet_cli.shapes.framing import MARGIN
from onet_cli.shapes.photo_mask import mask_weight

SMALLEST = 16
"""Minimum size of the object in a photograph, in pixels of its longer side."""

_OPAQUE = 0.125  # mask value from which a pixel belongs to the object
_STRAY = 0.002  # share of the edge: rows and columns with fewer mask pixels are outside the box
_STEEP = 0.02  # cosine of the elevation below which "up" is undefined in the image
_PIXEL_SLACK = 1.5  # maximum difference in pixels of the shapes of photograph and mask
_QUALITY = 95


@dataclass(frozen=True)
class Photograph:
    """One photograph of an object, with its mask and camera.

    `photo` is RGB or RGBA. `mask` has the same shape and is white on the object, or opaque if it
    has transparent pixels. `world` (3, 4) maps the unit cube to the camera frame (x right, y down,
    z forward). `focal` is the focal length in pixels of `photo`, `principal` (x, y) the principal
    point in pixels.
    """

    photo: Image.Image
    mask: Image.Image
    world: NDArray[np.float64]
    focal: float
    principal: tuple[float, float]


@dataclass(frozen=True)
class PreparedView:
    """A square JPEG image, its world and camera matrices, and its rotation in radians.

    `turn` is the clockwise rotation that made the photograph upright.
    """

    image: bytes
    world: NDArray[np.float32]
    camera: NDArray[np.float32]
    turn: float


def prepare_view(taken: Photograph, size: int) -> PreparedView:
    """Return the photograph as network input, with the camera of that image.

    The object is masked onto white, with the exposure `shapes.exposure.EXPOSURE`, and scaled so
    that its longer side takes `shapes.framing.MARGIN` of the image. Camera roll is removed by
    rotation about the principal point. Rotation, crop and resize are one similarity, so the
    returned matrices are exact.

    Args:
        taken: the photograph.
        size: edge of the image in pixels.

    Raises:
        PhotoError: mask and photograph differ in shape, or the masked object is too small.
    """
    weight = _weight(taken)
    turn = roll(taken.world)
    turned = _turn(turn)
    low, high = _box(weight > _OPAQUE, turned, taken.principal)
    longest = float((high - low).max())
    if longest < SMALLEST:
        raise PhotoError(f"the masked object has only {longest:.0f} pixels")
    edge, middle = longest / MARGIN, (low + high) / 2
    colours = EXPOSURE * np.asarray(taken.photo.convert("RGB"), np.float32)
    blended = colours * weight[..., None] + 255 * (1 - weight[..., None])
    cut_out = Image.fromarray(np.rint(blended).astype(np.uint8))
    world, scale = taken.world.copy(), size / edge
    world[:2] = turned @ world[:2]
    camera = np.diag([taken.focal * scale, taken.focal * scale, 1.0])
    camera[:2, 2] = size / 2 - scale * middle
    picture = _resample(cut_out, turned.T * edge, turned.T @ middle + taken.principal, size)
    return PreparedView(_encode(picture), world.astype(np.float32), camera.astype(np.float32), turn)


def roll(world: NDArray[np.floating]) -> float:
    """Return the clockwise rotation in radians that removes the roll of the camera `world`.

    It is 0 for cameras that `describe_cameras` considers upright, and for those that look straight
    up or down.
    """
    across, down = world[0, 1], world[1, 1]
    length = float(np.linalg.norm(world[0, :3]))
    if np.hypot(across, down) < _STEEP * length:
        return 0.0
    if abs(across) < LEVEL / 2 * length and down < 0:
        return 0.0
    return float(np.arctan2(-across, -down))


def _turn(angle: float) -> NDArray[np.float64]:
    """Return the (2, 2) clockwise rotation matrix in image axes (x right, y down)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _weight(taken: Photograph) -> NDArray[np.float32]:
    """Return the mask (H, W) in 0..1, resized to the photograph."""
    (width, height), mask = taken.photo.size, taken.mask
    scale = width / mask.width
    if abs(mask.height * scale - height) > _PIXEL_SLACK * max(scale, 1):
        raise PhotoError(
            f"its mask of {mask.width} x {mask.height} pixels does not match the photograph of "
            f"{width} x {height}"
        )
    return mask_weight(mask, taken.photo.size)


def _box(
    solid: NDArray[np.bool_], turned: NDArray[np.float64], principal: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two corners (2,) of the rotated object's bounding box, from the principal point."""
    rows, columns = np.nonzero(solid)
    if len(rows) == 0:
        raise PhotoError("its mask is empty")
    pixels = np.stack([columns + 0.5 - principal[0], rows + 0.5 - principal[1]])
    edges = [_extent(along, _STRAY * max(solid.shape)) for along in turned @ pixels]
    low, high = np.array(edges).T
    return low, high


def _extent(along: NDArray[np.float64], least: float) -> tuple[float, float]:
    """Return the interval of pixels along an axis, without sparse ends."""
    first = along.min() - 0.5
    counts = np.bincount(np.floor(along - first).astype(np.intp))
    full = np.flatnonzero(counts > least)
    if len(full) == 0:
        return float(first), float(first + len(counts))
    return float(first + full[0]), float(first + full[-1] + 1)


def _resample(
    photo: Image.Image,
    across: NDArray[np.float64],
    middle: NDArray[np.float64],
    size: int,
) -> Image.Image:
    """Resample the square of `photo` around the pixel `middle`, white outside the photo.

    Args:
        photo: RGB.
        across: (2, 2) whose columns are the edges of the square, right and down, in pixels.
        middle: (2,) in pixels.
        size: edge of the result.
    """
    # Supersample and average, to avoid aliasing.
    finer = max(1, int(np.ceil(np.linalg.norm(across[:, 0]) / size)))
    step = across / (size * finer)
    start = middle - across.sum(axis=1) / 2
    coefficients = (*step[0], start[0], *step[1], start[1])
    fine = photo.transform(
        (size * finer, size * finer),
        Image.Transform.AFFINE,
        coefficients,
        Image.Resampling.BICUBIC,
        fillcolor="white",
    )
    return fine.reduce(finer) if finer > 1 else fine


def _encode(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=_QUALITY, subsampling=0)
    return stream.getvalue()
