from numpy import float32, float64
from numpy.typing import NDArray

def count_threads() -> int: ...
def moments(rows: NDArray[float32], mean: NDArray[float64], variance: NDArray[float64]) -> None: ...
def activate(
    x: NDArray[float32],
    factors: NDArray[float32],
    offsets: NDArray[float32],
    sample: int,
    start: int,
    stop: int,
    out: NDArray[float32],
) -> None: ...
def add(
    out: NDArray[float32],
    level: NDArray[float32],
    other: NDArray[float32] | None,
    sample: int,
    start: int,
    stop: int,
) -> None: ...
def mask(
    gradient: NDArray[float32],
    active: NDArray[float32],
    x: NDArray[float32],
    sample: int,
    start: int,
    stop: int,
    sums: NDArray[float32],
    products: NDArray[float32],
) -> None: ...
def combine(
    gradient: NDArray[float32],
    x: NDArray[float32],
    other: NDArray[float32] | None,
    factors: NDArray[float32],
    slope: NDArray[float32],
    level: NDArray[float32],
) -> None: ...
