"""Random order of samples: numpy's, in a third of its time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import shuffle as kernel


def permutation(count: int, rng: np.random.Generator) -> NDArray[np.uint32]:
    """Return what `rng.permutation(count)` returns, and leave `rng` in the same state.

    Raises:
        ValueError: `count` is 2^32 or more.
    """
    if count >= 2**32:
        raise ValueError(f"{count} rows are too many to shuffle")
    order, room = np.empty((2, count), np.uint32)
    bits = rng.bit_generator
    with bits.lock:
        kernel.permute(bits.capsule, order, room)
    return order


def take_rows(rows: NDArray[Any], order: NDArray[np.uint32]) -> NDArray[Any]:
    """Return `rows` (N, ...) in an `order` (N,) of `permutation`.

    Raises:
        IndexError: the order is that of another number of rows.
    """
    if len(order) != len(rows):
        raise IndexError(f"an order of {len(order)} for {len(rows)} rows")
    rows = np.ascontiguousarray(rows)
    out = np.empty_like(rows)
    shape = len(rows), rows.nbytes // max(1, len(rows))
    kernel.take(rows.view(np.uint8).reshape(shape), order, out.view(np.uint8).reshape(shape))
    return out
