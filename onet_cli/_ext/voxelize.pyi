from numpy import float64, int32, int64, uint8
from numpy.typing import NDArray

def to_cells(
    vertices: NDArray[float64],
    corner: NDArray[float64],
    scale: float,
    unit: float,
    found: NDArray[float64],
) -> None: ...
def mark_surface(
    vertices: NDArray[float64],
    faces: NDArray[int64],
    slab_first: int,
    slab_last: int,
    grid: NDArray[uint8],
) -> None: ...
def find_rows(
    vertices: NDArray[float64], faces: NDArray[int64], unit: float, rows: NDArray[int32]
) -> None: ...
def fill_solid(
    vertices: NDArray[float64],
    faces: NDArray[int64],
    rows: NDArray[int32],
    unit: float,
    slab_first: int,
    crossings: NDArray[int32],
    touched: NDArray[int32],
    grid: NDArray[uint8],
) -> int: ...
