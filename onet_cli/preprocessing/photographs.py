"""Photographs whose cameras are known, as a data set stores them: cut out, upright, centred."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.camera import LEVEL
from onet_cli.shapes.framing import MARGIN
from onet_cli.shapes.photo_mask import mask_weight

SMALLEST = 16
"""Pixels of an object's longer side below which a photograph shows nothing of it."""

_OPAQUE = 0.125  # of the mask, from which a pixel belongs to the object
_STRAY = 0.002  # of a side: so few pixels in a row or column are dust and do not widen the box
_STEEP = 0.02  # cosine of the elevation below which no direction in the picture is up
_PIXEL_SLACK = 1.5  # pixels by which photograph and mask may differ in shape: cameras need them
_QUALITY = 95


@dataclass(frozen=True)
class Photograph:
    """One photograph of an object, and how it was taken.

    `photo` is RGB or RGBA, `mask` of its shape and white where the object is, or opaque if it has
    transparent pixels. `world` (3, 4) takes
    points of the unit cube to the camera's frame (x right, y down, z forward). `focal` is in pixels
    of `photo`, `principal` (x, y) the pixel that the optical axis meets.
    """

    photo: Image.Image
    mask: Image.Image
    world: NDArray[np.float64]
    focal: float
    principal: tuple[float, float]


@dataclass(frozen=True)
class PreparedView:
    """A square JPEG picture, its matrices as a data set has them, and its turn in radians.

    `turn` is by how much the photograph was turned clockwise to stand upright.
    """

    image: bytes
    world: NDArray[np.float32]
    camera: NDArray[np.float32]
    turn: float


def prepare_view(taken: Photograph, size: int) -> PreparedView:
    """Return the photograph as networks are shown it, with the camera of that picture.

    The object is cut out by the mask and laid on white, so that its longer side takes
    `shapes.framing.MARGIN` of the picture. A photograph taken with a rolled camera is turned about
    its principal point, which is the same as taking it with an upright one. Turn, crop and resize
    are one similarity, so the returned matrices hold exactly.

    Args:
        taken: the photograph.
        size: edge of the picture in pixels.

    Raises:
        PhotoError: the mask does not fit the photograph, or marks too little of it.
    """
    weight = _weight(taken)
    turn = roll(taken.world)
    turned = _turn(turn)
    low, high = _box(weight > _OPAQUE, turned, taken.principal)
    longest = float((high - low).max())
    if longest < SMALLEST:
        raise PhotoError(f"its mask marks an object of {longest:.0f} pixels, too small to show one")
    edge, middle = longest / MARGIN, (low + high) / 2
    colours = np.asarray(taken.photo.convert("RGB"), np.float32)
    blended = colours * weight[..., None] + 255 * (1 - weight[..., None])
    cut_out = Image.fromarray(np.rint(blended).astype(np.uint8))
    world, scale = taken.world.copy(), size / edge
    world[:2] = turned @ world[:2]
    camera = np.diag([taken.focal * scale, taken.focal * scale, 1.0])
    camera[:2, 2] = size / 2 - scale * middle
    picture = _resample(cut_out, turned.T * edge, turned.T @ middle + taken.principal, size)
    return PreparedView(_encode(picture), world.astype(np.float32), camera.astype(np.float32), turn)


def roll(world: NDArray[np.floating]) -> float:
    """Return the clockwise turn in radians that makes pictures of the camera `world` upright.

    It is 0 for cameras that `describe_cameras` takes to be upright, and for those that look
    straight up or down.
    """
    across, down = world[0, 1], world[1, 1]
    length = float(np.linalg.norm(world[0, :3]))
    if np.hypot(across, down) < _STEEP * length:
        return 0.0
    if abs(across) < LEVEL / 2 * length and down < 0:
        return 0.0
    return float(np.arctan2(-across, -down))


def _turn(angle: float) -> NDArray[np.float64]:
    """Return the matrix (2, 2) that turns x right, y down clockwise."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _weight(taken: Photograph) -> NDArray[np.float32]:
    """Return from 0 to 1 what of the photograph (H, W) is the object."""
    (width, height), mask = taken.photo.size, taken.mask
    scale = width / mask.width
    if abs(mask.height * scale - height) > _PIXEL_SLACK * max(scale, 1):
        raise PhotoError(
            f"its mask of {mask.width} x {mask.height} pixels does not fit the photograph of "
            f"{width} x {height}"
        )
    return mask_weight(mask, taken.photo.size)


def _box(
    solid: NDArray[np.bool_], turned: NDArray[np.float64], principal: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners (2,) of the object's box, turned, from the principal point."""
    rows, columns = np.nonzero(solid)
    if len(rows) == 0:
        raise PhotoError("its mask marks no object")
    pixels = np.stack([columns + 0.5 - principal[0], rows + 0.5 - principal[1]])
    edges = [_extent(along, _STRAY * max(solid.shape)) for along in turned @ pixels]
    low, high = np.array(edges).T
    return low, high


def _extent(along: NDArray[np.float64], least: float) -> tuple[float, float]:
    """Return where pixels lie along an axis, without ends where there are but a few."""
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
    """Return the square of `photo` around the pixel `middle`, white where there is no photo.

    Args:
        photo: RGB.
        across: (2, 2) whose columns are the square's edges, rightwards and downwards, in pixels.
        middle: (2,) in pixels.
        size: edge of the result.
    """
    # Finer steps than pixels, then their mean: no detail is skipped.
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
