"""Which side of an object is its front: a small network on top of a code and its field.

It answers with logits of 36 azimuths of the camera, counted from the front: 0 looks at it, 90
degrees is from the object's +x. The camera stands at azimuth 0 of a mesh of the picture's frame, so
a turn about +y by the camera's azimuth, from +z towards +x, lets the front look along +z.

Two parts are summed: one looks at the picture, by the cells of the code; one at the shape, as the
network takes it to be. The shape is looked at on rings around the upright axis, and a turn of the
object is a shift along them, so that layers which shift along treat all directions alike.

An object that mirrors itself from left to right has its front in its mirror plane. So where the
code's plane (`models.mirror`) is near what is answered, the plane says it more exactly.

`models.front_head` has the network for training.
"""

import math

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.picture_frame import to_cube
from onet_cli.models.code_layout import GRID, CodeLayout, camera_of, plane_of, symmetry_of

DIRECTIONS = 36
"""Azimuths that are told apart, all around, and places on each ring."""

STEP = 2 * math.pi / DIRECTIONS

HEIGHTS = tuple(-0.85 + 1.7 * number / 9 for number in range(10))
RADII = 0.08, 0.22, 0.36, 0.5, 0.66, 0.85
"""Of the rings, in half edges of the picture, around the object's middle."""

RINGS = len(HEIGHTS) * len(RADII)

REACH = 3
"""Steps of azimuth, 30 degrees, within which a front counts as found."""

SNAP = math.radians(25)
"""How far from the answer the mirror plane may place the front."""

MIXED, HIDDEN, TURNED, KERNEL = 16, 40, 16, 9

Floats = NDArray[np.floating]
Weights = dict[str, NDArray[np.float16]]
"""Tensors of `models.front_head.FrontHead` by name."""


def check_weights(weights: Weights) -> None:
    """Raise KeyError, IndexError or ValueError unless `weights` fit a head."""
    depth, others = weights["mix.weight"].shape[1], weights["hidden.weight"].shape[1]
    shapes = {
        "mix": (MIXED, depth, 1, 1),
        "hidden": (HIDDEN, others),
        "out": (DIRECTIONS, HIDDEN),
        "near": (TURNED, RINGS, KERNEL),
        "wide": (TURNED, TURNED, KERNEL),
        "all": (1, TURNED, DIRECTIONS - 1),
    }
    wanted = {f"{name}.weight": shape for name, shape in shapes.items()}
    wanted |= {f"{name}.bias": shape[:1] for name, shape in shapes.items()}
    if {name: each.shape for name, each in weights.items()} != wanted or others < MIXED * GRID**2:
        raise ValueError("the weights fit no head")


def front_logits(weights: Weights, inputs: Floats, rings: Floats) -> Floats:
    """Return the logits (B, 36) for `inputs` (B, D) and `rings` (B, 60, 36).

    Args:
        weights: of the head, in any precision.
        inputs: of `front_inputs`.
        rings: of `occupied_rings`.
    """
    own = {name: np.asarray(each, np.float32) for name, each in weights.items()}
    mix = own["mix.weight"][:, :, 0, 0]
    count = mix.shape[1] * GRID**2
    cells = inputs[:, :count].reshape(-1, mix.shape[1], GRID**2)
    seen = np.maximum(mix @ cells + own["mix.bias"][:, None], 0).reshape(len(inputs), -1)
    features = np.concatenate([seen, inputs[:, count:]], axis=1)
    hidden = np.maximum(features @ own["hidden.weight"].T + own["hidden.bias"], 0)
    by_picture = hidden @ own["out.weight"].T + own["out.bias"]
    turned = rings
    for name in ("near", "wide", "all"):
        turned = _around(turned, own[f"{name}.weight"], own[f"{name}.bias"])
        if name != "all":
            turned = np.maximum(turned, 0)
    # A front at an angle on the rings is one that the camera is as far to the other side of.
    by_shape = np.roll(turned[:, 0, ::-1], 1, axis=1)
    logits: Floats = by_picture + by_shape
    return logits


def _around(values: Floats, weight: Floats, bias: Floats) -> Floats:
    """Return the convolution (B, K, 36) along rings (B, I, 36), which have no end."""
    reach = weight.shape[2] // 2
    shifted = [np.roll(values, reach - step, axis=2) for step in range(weight.shape[2])]
    found: Floats = np.einsum("kis,sbid->bkd", weight, np.stack(shifted), optimize=True)
    return found + bias[:, None]


def front_inputs(code: Floats) -> Floats:
    """Return what of `code` (B, C) of the picture's frame tells the front, (B, D).

    The cells of the whole picture, how probable a mirror plane is at each angle, and the camera.
    """
    cells = CodeLayout(code.shape[1]).cells_of(code)
    planes = _sigmoid(symmetry_of(code)[0])
    return np.concatenate([np.maximum(cells, 0), planes, camera_of(code)], axis=1)


def ring_points(code: Floats) -> Floats:
    """Return the places (B, 60 * 36, 3) on the rings around each object, in the network's cube."""
    angles = np.arange(DIRECTIONS) * STEP
    y, r, a = np.meshgrid(HEIGHTS, RADII, angles, indexing="ij")
    places = np.stack([r * np.sin(a), y, r * np.cos(a)], axis=-1).reshape(1, -1, 3)
    x, z = symmetry_of(code)[1].T
    middles = np.stack([x, np.zeros_like(x), z], axis=1)
    return to_cube(places + middles[:, None]).astype(np.float32)


def occupied_rings(logits: Floats) -> Floats:
    """Return the probabilities (B, 60, 36) of the field's `logits` (B, 60 * 36) on the rings."""
    return _sigmoid(logits).reshape(-1, RINGS, DIRECTIONS)


def plane_angle(code: Floats) -> Floats:
    """Return the angle (B,) of the normal of the mirror plane in `code` (B, C).

    In the picture's frame that is the camera's azimuth, or half a turn from it, if the object
    mirrors itself from left to right.
    """
    return plane_of(code)[:, 0]


def find_front(logits: Floats, plane: Floats) -> tuple[Floats, Floats]:
    """Return the most probable azimuth (B,) of the camera in radians, and its probability (B,).

    The latter is that of all azimuths within 30 degrees.

    Args:
        logits: (B, 36), of `front_logits`.
        plane: (B,), of `plane_angle`.
    """
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    reach = np.arange(-REACH, REACH + 1)
    around = (np.arange(DIRECTIONS)[:, None] + reach) % DIRECTIONS
    near = chances[:, around]  # (B, 36, 7)
    # Half of what lies at the ends is farther away.
    sums = (near * np.where(np.abs(reach) == REACH, 0.5, 1.0)).sum(axis=2)
    rows, best = np.arange(len(sums)), sums.argmax(axis=1)
    own = near[rows, best]
    shift = (own * reach).sum(axis=1) / own.sum(axis=1)
    return _snapped((best + shift) * STEP, plane), sums[rows, best]


def _snapped(azimuth: Floats, plane: Floats) -> Floats:
    """Return `azimuth` (B,), moved to the mirror plane at angle `plane` (B,), or across it.

    Where both are too far away it stays.
    """
    quarter = math.pi / 2
    off = np.remainder(plane - azimuth + quarter / 2, quarter) - quarter / 2
    return np.where(np.abs(off) <= SNAP, azimuth + off, azimuth)


def _sigmoid(logits: Floats) -> Floats:
    return np.exp(-np.logaddexp(np.float32(0), -logits))
