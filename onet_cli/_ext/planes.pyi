from numpy import float32
from numpy.typing import NDArray

WIDTH_STEP: int

def is_possible(widest: int = 16) -> bool: ...
def decode(
    cells: NDArray[float32],
    shift: NDArray[float32],
    of_point: NDArray[float32],
    weights: NDArray[float32],
    biases: NDArray[float32],
    weight_out: NDArray[float32],
    bias_out: float,
    edge: float,
    points: NDArray[float32],
    logits: NDArray[float32],
    widest: int = 16,
    local: NDArray[float32] | None = None,
    look: tuple[float, ...] | None = None,
    facing: NDArray[float32] | None = None,
    mirror: tuple[float, ...] | None = None,
) -> None: ...
