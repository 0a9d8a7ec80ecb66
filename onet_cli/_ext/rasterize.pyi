import numpy as np
from numpy.typing import NDArray

from onet_cli._ext.stage import Stage

def draw_perspective(
    points: NDArray[np.float64],
    faces: NDArray[np.int32],
    chosen: NDArray[np.int32],
    near_plane: float,
    nearness: NDArray[np.float32],
    owners: NDArray[np.int32],
    ceiling: NDArray[np.float32],
) -> None: ...
def draw_depths(
    points: NDArray[np.float64],
    faces: NDArray[np.int32],
    depths: NDArray[np.uint16],
) -> None: ...
def corner_normals(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    face_normals: NDArray[np.float64],
    starts: NDArray[np.int64],
    corners: NDArray[np.int64],
    crease: float,
    crowd: int,
    normals: NDArray[np.float32],
) -> None: ...
def vertex_normals(
    vertices: NDArray[np.float64], faces: NDArray[np.int32], normals: NDArray[np.float64]
) -> None: ...
def shade(
    owners: NDArray[np.int32], stage: Stage, samples: int, colours: NDArray[np.float32]
) -> None: ...
def resolve(
    colours: NDArray[np.float32],
    samples: int,
    encode: NDArray[np.uint8],
    image: NDArray[np.uint8],
) -> None: ...
