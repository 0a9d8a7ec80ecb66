"""U^2-Net-p in numpy, for reconstruction without torch; `u2netp.U2NetP` defines the network."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.resize import resize_weights

Maps = NDArray[np.float32]
"""Feature maps (C, H, W)."""

Weights = Mapping[str, Maps]
"""Tensors of `U2NetP` by name."""

ENCODER, DECODER, SIDES = 6, 5, 6
FLAT = (4, 5), (0,)
"""Blocks of the encoder and of the decoder that dilate instead of halving."""


def plain_saliency(weights: Weights, picture: Maps) -> NDArray[np.float32]:
    """Return the saliency (H, W) in [0, 1] of a normalised `picture` (3, H, W)."""
    features, skips = picture, list[Maps]()
    for number in range(ENCODER):
        flat = number in FLAT[0]
        features = _block(weights, f"encoder.{number}", _halved(features, number > 0), flat)
        skips.append(features)
    scales = [skips.pop()]
    for number in range(DECODER):
        skip = skips.pop()
        joined = np.concatenate([_enlarged(scales[-1], skip), skip])
        scales.append(_block(weights, f"decoder.{number}", joined, number in FLAT[1]))
    # Side 1 reads the finest scale, side 6 the coarsest.
    finest_first = enumerate(reversed(scales))
    maps = [_convolved(weights, f"sides.{number}", scale) for number, scale in finest_first]
    together = np.concatenate([_enlarged(each, maps[0]) for each in maps])
    fused = weights["fuse.weight"][0, :, 0, 0] @ together.reshape(SIDES, -1) + weights["fuse.bias"]
    saliency: NDArray[np.float32] = np.exp(-np.logaddexp(np.float32(0), -fused))
    return saliency.reshape(picture.shape[1:])


def _block(weights: Weights, name: str, features: Maps, flat: bool) -> Maps:
    """Return the result of a residual U block."""
    levels = 1 + sum(key.startswith(f"{name}.down.") for key in weights) // 2
    widths = [2**level if flat else 1 for level in range(levels - 1)]
    entered = np.maximum(_convolved(weights, f"{name}.enter", features), 0)
    inner, skips = entered, list[Maps]()
    for number, width in enumerate(widths):
        inner = _halved(inner, number > 0 and not flat)
        inner = np.maximum(_convolved(weights, f"{name}.down.{number}", inner, width), 0)
        skips.append(inner)
    inner = np.maximum(_convolved(weights, f"{name}.bottom", inner, 2 * widths[-1]), 0)
    for number, width in enumerate(reversed(widths)):
        skip = skips.pop()
        joined = np.concatenate([_enlarged(inner, skip), skip])
        inner = np.maximum(_convolved(weights, f"{name}.up.{number}", joined, width), 0)
    return entered + inner


def _convolved(weights: Weights, name: str, features: Maps, dilation: int = 1) -> Maps:
    """Return the 3 x 3 convolution called `name` of `features` (C, H, W), of the same size."""
    kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    channels, height, width = features.shape
    padded = np.pad(features, ((0, 0), (dilation, dilation), (dilation, dilation)))
    columns = np.empty((channels, 9, height, width), np.float32)
    for place in range(9):
        down, right = (dilation * step for step in divmod(place, 3))
        columns[:, place] = padded[:, down : down + height, right : right + width]
    found: Maps = kernel.reshape(len(kernel), -1) @ columns.reshape(channels * 9, -1)
    return (found + bias[:, None]).reshape(-1, height, width)


def _halved(features: Maps, really: bool) -> Maps:
    """Return the maxima of 2 x 2 cells, the last ones cut off by the border."""
    if not really:
        return features
    channels, height, width = features.shape
    even = np.pad(features, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    halved: Maps = even.reshape(channels, -(-height // 2), 2, -(-width // 2), 2).max(axis=(2, 4))
    return halved


def _enlarged(features: Maps, like: Maps) -> Maps:
    """Return `features` at the size of `like`."""
    (height, width), (tall, wide) = features.shape[1:], like.shape[1:]
    if (height, width) == (tall, wide):
        return features
    enlarged: Maps = resize_weights(height, tall) @ (features @ resize_weights(width, wide).T)
    return enlarged
