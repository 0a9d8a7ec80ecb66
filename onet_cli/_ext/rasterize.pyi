import numpy as np
from numpy.typing import NDArray

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
    owners: NDArray[np.int32],
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    normals: NDArray[np.float32],
    uvs: NDArray[np.float32],
    corner_colours: NDArray[np.uint8],
    material_of_face: NDArray[np.int32],
    materials: NDArray[np.float32],
    textures: NDArray[np.int32],
    levels: NDArray[np.int32],
    texels: NDArray[np.uint8],
    linear: NDArray[np.float32],
    eye: NDArray[np.float64],
    rays: NDArray[np.float64],
    lights: NDArray[np.float32],
    light_views: NDArray[np.float64],
    shadows: NDArray[np.float32],
    axes: NDArray[np.float32],
    depths: NDArray[np.uint16],
    radiance: NDArray[np.float32],
    margin: float,
    samples: int,
    colours: NDArray[np.float32],
) -> None: ...
def resolve(
    colours: NDArray[np.float32],
    samples: int,
    encode: NDArray[np.uint8],
    image: NDArray[np.uint8],
) -> None: ...
