import numpy as np
from numpy.typing import NDArray

def draw_triangles(
    corners: NDArray[np.float64],
    faces: NDArray[np.int32],
    nearness: NDArray[np.float64],
    drawn: NDArray[np.int32],
    weights: NDArray[np.float32],
) -> None: ...
