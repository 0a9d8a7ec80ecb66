from numpy import float64, int32
from numpy.typing import NDArray

def simplify(
    positions: NDArray[float64], faces: NDArray[int32], target: int, closed_only: bool
) -> bool: ...
