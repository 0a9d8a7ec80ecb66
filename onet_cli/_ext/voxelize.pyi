from numpy import float64, int16, int64, uint8
from numpy.typing import NDArray

def mark_surface(
    vertices: NDArray[float64], faces: NDArray[int64], grid: NDArray[uint8]
) -> None: ...
def count_crossings(
    vertices: NDArray[float64], faces: NDArray[int64], unit: float, crossings: NDArray[int16]
) -> None: ...
def fill_inside(crossings: NDArray[int16], grid: NDArray[uint8]) -> int: ...
