from numpy import float32, float64, int32, int64
from numpy.typing import NDArray

def label(logits: NDArray[float32], level: float, least: NDArray[int64]) -> None: ...
def flood(
    logits: NDArray[float32],
    size: int,
    least: NDArray[int64],
    start: int,
    level: float,
    limit: float,
    step_cost: float,
    cost: NDArray[float64],
    before: NDArray[int32],
) -> None: ...
