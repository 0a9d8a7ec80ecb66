from numpy import float32, int64, uint8
from numpy.typing import NDArray

def record(
    points: NDArray[int64],
    results: NDArray[float32],
    level: float,
    coarse: int,
    depth: int,
    values: NDArray[float32],
    states: NDArray[uint8],
) -> None: ...
def divide(
    active: NDArray[int64],
    level: float,
    coarse: int,
    depth: int,
    values: NDArray[float32],
    states: NDArray[uint8],
) -> None: ...
def request(
    active: NDArray[int64],
    coarse: int,
    depth: int,
    values: NDArray[float32],
    points: NDArray[int64],
) -> int: ...
def locate(
    points: NDArray[int64], axis: NDArray[float32], coordinates: NDArray[float32]
) -> None: ...
def fill_forward(values: NDArray[float32]) -> None: ...
