from numpy import float32, float64, int32, uint8, uint64
from numpy.typing import NDArray

def measure_band(
    vertices: NDArray[float64],
    faces: NDArray[int32],
    radius: float,
    squared: NDArray[float32],
    nearest: NDArray[int32],
) -> None: ...
def measure_points(
    points: NDArray[float64],
    starts: NDArray[int32],
    bucket: float,
    vertices: NDArray[float64],
    faces: NDArray[int32],
    radius: float,
    squared: NDArray[float64],
) -> None: ...
def sweep_view(
    blocked: NDArray[uint64],
    once: NDArray[uint64],
    twice: NDArray[uint64],
    rays: NDArray[uint64],
    slope: float,
    bit_slope: float,
    backwards: bool,
) -> None: ...
def open_cavities(
    vertices: NDArray[float64],
    faces: NDArray[int32],
    nearest: NDArray[int32],
    most_behind: float,
    cells: NDArray[uint8],
    exterior: NDArray[uint8],
    queue: NDArray[int32],
) -> None: ...
def smooth_lids(
    band: NDArray[uint8], exterior: NDArray[uint8], smoothed: NDArray[uint8]
) -> None: ...
def shrink_at_lids(
    exterior: NDArray[uint8],
    band: NDArray[uint8],
    distance: NDArray[float32],
    reach: int,
    field: NDArray[float32],
    active: NDArray[uint8],
) -> None: ...
def roll_balls(
    exterior: NDArray[uint8],
    active: NDArray[int32],
    field: NDArray[float32],
    balls: NDArray[int32],
) -> None: ...
def keep_sheets(
    vertices: NDArray[float64],
    faces: NDArray[int32],
    distance: NDArray[float32],
    nearest: NDArray[int32],
    field: NDArray[float32],
    sheet: float,
    wire: float,
    thick: NDArray[float32],
) -> None: ...
def reach_from_corner(field: NDArray[float32], reached: NDArray[uint8]) -> None: ...
