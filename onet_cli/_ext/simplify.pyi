from numpy import float64, int32, uint8
from numpy.typing import NDArray

def simplify(
    positions: NDArray[float64],
    faces: NDArray[int32],
    target: int,
    quadrics: NDArray[float64],
    links: NDArray[int32],
    following: NDArray[int32],
    boundary: NDArray[uint8],
) -> None: ...
