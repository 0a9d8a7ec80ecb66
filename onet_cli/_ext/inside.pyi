import numpy as np
from numpy.typing import NDArray

def count_columns(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    x0: float,
    y0: float,
    cell: float,
    counts: NDArray[np.int32],
) -> None: ...
def fill_columns(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    x0: float,
    y0: float,
    cell: float,
    ends: NDArray[np.int32],
    members: NDArray[np.int32],
) -> None: ...
def winding_numbers(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    x0: float,
    y0: float,
    cell: float,
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    members: NDArray[np.int32],
    points: NDArray[np.float64],
    windings: NDArray[np.int32],
) -> None: ...
