from numpy import float32, float64, int32, int64
from numpy.typing import NDArray

def sort_along_curve(
    points: NDArray[float32],
    keys: NDArray[int32],
    starts: NDArray[int32],
    order: NDArray[int64],
) -> None: ...
def sum_cosines(
    normals: NDArray[float64], others: NDArray[float64], partner: NDArray[int64]
) -> float: ...
def join_faces(faces: NDArray[int64], least: NDArray[int64]) -> None: ...
