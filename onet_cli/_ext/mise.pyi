from numpy import float32, int32, int64, uint8
from numpy.typing import NDArray

def record(
    points: NDArray[int64],
    results: NDArray[float32],
    level: float,
    coarse: int,
    depth: int,
    starts: NDArray[int64],
    values: NDArray[float32],
    states: NDArray[uint8],
) -> int: ...
def divide(
    active: NDArray[int64],
    level: float,
    coarse: int,
    depth: int,
    starts: NDArray[int64],
    values: NDArray[float32],
    states: NDArray[uint8],
) -> None: ...
def reserve(
    active: NDArray[int64],
    coarse: int,
    depth: int,
    end: int,
    starts: NDArray[int64],
    fresh: NDArray[int64],
) -> int: ...
def open_bricks(
    fresh: NDArray[int64], depth: int, starts: NDArray[int64], values: NDArray[float32]
) -> None: ...
def request(
    active: NDArray[int64],
    coarse: int,
    depth: int,
    starts: NDArray[int64],
    values: NDArray[float32],
    points: NDArray[int64],
) -> int: ...
def request_near(
    active: NDArray[int64],
    level: float,
    coarse: int,
    depth: int,
    starts: NDArray[int64],
    values: NDArray[float32],
    points: NDArray[int64],
) -> int: ...
def request_around(
    found: NDArray[int64],
    level: float,
    coarse: int,
    depth: int,
    starts: NDArray[int64],
    values: NDArray[float32],
    points: NDArray[int64],
) -> int: ...
def locate(
    points: NDArray[int64], axis: NDArray[float32], coordinates: NDArray[float32]
) -> None: ...
def gather(
    cells: NDArray[int64],
    slab: int,
    level: float,
    coarse: int,
    depth: int,
    starts: NDArray[int64],
    values: NDArray[float32],
    low: NDArray[float32],
    high: NDArray[float32],
    crossed: NDArray[int32],
) -> int: ...
def spread(
    coarse: int,
    depth: int,
    starts: NDArray[int64],
    values: NDArray[float32],
    dense: NDArray[float32],
) -> None: ...
