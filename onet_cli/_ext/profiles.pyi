from numpy import float32, float64
from numpy.typing import NDArray

def sample(volume: NDArray[float32], places: NDArray[float64], out: NDArray[float64]) -> None: ...
