from numpy import float32, float64, int8, int16, int32, int64, uint8
from numpy.typing import NDArray

def cross(
    low: NDArray[float32],
    high: NDArray[float32],
    level: float,
    width: int,
    crossed: NDArray[int32],
) -> int: ...
def march(
    cells: NDArray[int32],
    low: NDArray[float32],
    high: NDArray[float32],
    level: float,
    closest: float,
    slab: int,
    width: int,
    created: NDArray[int64],
    ambiguous: NDArray[uint8],
    crossings: NDArray[int8],
    entries: NDArray[int16],
    choices: NDArray[int16],
    first_triangle: NDArray[int32],
    triangles: NDArray[int8],
    first_centre: NDArray[int32],
    centres: NDArray[int16],
    names: NDArray[int32],
    vertices: NDArray[float64],
    faces: NDArray[int64],
    counts: NDArray[int64],
) -> None: ...
