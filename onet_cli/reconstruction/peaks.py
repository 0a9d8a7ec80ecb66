"""Peaks of a field along the rays of the image."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FRONT = 0.7
"""Maximum difference in logits of the front peak along a ray from the maximum."""


class Peaks(NamedTuple):
    """Logits along each ray of the image, (S, S).

    Attributes:
        highest: The maximum, sampled more densely.
        samples: Samples from far to near, (S, S, D).
    """

    highest: NDArray[np.float32]
    samples: NDArray[np.float32]


def front_peak(logits: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return where along the rays (..., D), from far to near, their last local maxima are (...).

    Those more than `FRONT` below the ray's maximum do not count.
    """
    edge = [(0, 0)] * (logits.ndim - 1) + [(1, 1)]
    beside = np.pad(logits, edge, constant_values=-np.inf)
    peaks = (logits >= beside[..., :-2]) & (logits >= beside[..., 2:])
    peaks &= logits >= logits.max(axis=-1, keepdims=True) - np.float32(FRONT)
    last: NDArray[np.intp] = logits.shape[-1] - 1 - peaks[..., ::-1].argmax(axis=-1)
    return last
