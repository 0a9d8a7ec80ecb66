import numpy as np
from numpy.typing import NDArray

def bounds(points: NDArray[np.float64], box: NDArray[np.float64]) -> None: ...
def pick(
    points: NDArray[np.float64], box: NDArray[np.float64], picked: NDArray[np.int32]
) -> int: ...
def count_points(
    points: NDArray[np.float64],
    box: NDArray[np.float64],
    scale: NDArray[np.float64],
    columns: int,
    cell_of: NDArray[np.int32],
    counts: NDArray[np.int32],
) -> None: ...
def sort_points(
    points: NDArray[np.float64],
    cell_of: NDArray[np.int32],
    ends: NDArray[np.int32],
    order: NDArray[np.int32],
    placed: NDArray[np.float64],
) -> None: ...
def add_crossings(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    size: float,
    box: NDArray[np.float64],
    scale: NDArray[np.float64],
    columns: int,
    starts: NDArray[np.int32],
    placed: NDArray[np.float64],
    part: int,
    parts: int,
    windings: NDArray[np.int32],
    balances: NDArray[np.int32],
) -> None: ...
def boundary_hash(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], keys: NDArray[np.uint64]
) -> int: ...
