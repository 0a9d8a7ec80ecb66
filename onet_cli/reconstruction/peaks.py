"""Peaks of a field along the rays of the image."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FRONT = 0.7
"""Maximum difference in logits of the front peak along a ray from the maximum."""


class Peaks(NamedTuple):
    """Logits along each ray of the image, (S, S).

    Attributes:
        highest: The maximum.
        front: The local maximum nearest to the camera of those at most `FRONT` below `highest`.
        samples: Samples from far to near, (S, S, D).
    """

    highest: NDArray[np.float32]
    front: NDArray[np.float32]
    samples: NDArray[np.float32]


def front_peak(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the last local maximum (R,) of each row of `logits` (R, D), from far to near.

    Those more than `FRONT` below the row's maximum do not count.
    """
    beside = np.pad(logits, ((0, 0), (1, 1)), constant_values=-np.inf)
    peaks = (logits >= beside[:, :-2]) & (logits >= beside[:, 2:])
    peaks &= logits >= logits.max(axis=1, keepdims=True) - np.float32(FRONT)
    last = logits.shape[1] - 1 - peaks[:, ::-1].argmax(axis=1)
    front: NDArray[np.float32] = logits[np.arange(len(logits)), last]
    return front
