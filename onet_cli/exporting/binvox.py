"""The binvox format: run-length encoded voxels.

Source: Patrick Min, https://www.patrickmin.com/binvox/binvox.html.
"""

import numpy as np
from numpy.typing import NDArray

LONGEST_RUN = 255


def encode_binvox(
    occupancies: NDArray[np.bool_], corner: tuple[float, float, float], edge: float
) -> bytes:
    """Encode `occupancies` (R, R, R), indexed x, y, z.

    Args:
        occupancies: True inside.
        corner: Lower corner of the grid.
        edge: Edge of the whole cube, not of one cell.
    """
    size = " ".join(str(side) for side in occupancies.shape)
    place = " ".join(f"{coordinate:.9g}" for coordinate in corner)
    header = f"#binvox 1\ndim {size}\ntranslate {place}\nscale {edge:.9g}\ndata\n"
    # In the file y runs fastest, then z, then x.
    return header.encode() + _run_lengths(occupancies.transpose(0, 2, 1).ravel())


def _run_lengths(values: NDArray[np.bool_]) -> bytes:
    """Return run-length pairs of bytes (value, count); long runs are split."""
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    lengths = np.diff(np.append(starts, len(values)))
    pieces = -(-lengths // LONGEST_RUN)
    pairs = np.empty((int(pieces.sum()), 2), dtype=np.uint8)
    pairs[:, 0] = np.repeat(values[starts], pieces)
    pairs[:, 1] = LONGEST_RUN
    pairs[np.cumsum(pieces) - 1, 1] = lengths - (pieces - 1) * LONGEST_RUN
    return pairs.tobytes()
