from numpy import float32
from numpy.typing import NDArray

def look_up(
    cells: NDArray[float32],
    positions: NDArray[float32],
    per_cell: float,
    out: NDArray[float32],
) -> None: ...
def look_up_gradient(
    cells: NDArray[float32],
    positions: NDArray[float32],
    per_cell: float,
    gradient: NDArray[float32],
    by_cells: NDArray[float32],
    by_positions: NDArray[float32] | None,
) -> None: ...
def depthwise_convolution(
    given: NDArray[float32],
    weight: NDArray[float32],
    stride: int,
    top: int,
    left: int,
    out: NDArray[float32],
) -> None: ...
def depthwise_gradient(
    given: NDArray[float32],
    gradient: NDArray[float32],
    weight: NDArray[float32],
    stride: int,
    top: int,
    left: int,
    by_given: NDArray[float32],
    by_weight: NDArray[float32],
) -> None: ...
