# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Kernels around neighbours. Private: call onet_cli.geometry.nearest, .metrics, .closedness."""

from libc.math cimport fabs, sqrt
from libc.stdint cimport int32_t, int64_t

cdef enum:
    BITS = 5
    CELLS = 1 << BITS  # per side of the grid that points are sorted by


cdef inline int32_t spread(int32_t cell) noexcept nogil:
    """Return the five bits of `cell` with two empty ones between each and the next."""
    cell = (cell | cell << 8) & 0x100F
    cell = (cell | cell << 4) & 0x10C3
    return (cell | cell << 2) & 0x1249


def sort_along_curve(
    const float[:, ::1] points, int32_t[::1] keys, int32_t[::1] starts, int64_t[::1] order
):
    """Write into `order` (N,) the indices of finite `points` (N, 3) along a Z-curve.

    By cell of a grid of 32^3 around them, and as they come within a cell. `keys` (N,) and `starts`
    (32^3 + 1,) are room to work in.
    """
    cdef Py_ssize_t count = points.shape[0], i
    cdef int axis
    cdef int32_t key
    cdef double low[3]
    cdef double high
    cdef double extent = 0.0, scale
    if count == 0:
        return
    with nogil:
        for axis in range(3):
            low[axis] = high = points[0, axis]
            for i in range(count):
                low[axis] = min(low[axis], <double>points[i, axis])
                high = max(high, <double>points[i, axis])
            extent = max(extent, high - low[axis])
        scale = (CELLS - 1) / extent if extent > 0 else 0.0
        starts[:] = 0
        for i in range(count):
            key = 0
            for axis in range(3):
                key = key << 1 | spread(<int32_t>((points[i, axis] - low[axis]) * scale))
            keys[i] = key
            starts[key + 1] += 1
        for i in range(CELLS * CELLS * CELLS):
            starts[i + 1] += starts[i]
        for i in range(count):
            order[starts[keys[i]]] = i
            starts[keys[i]] += 1


def sum_cosines(
    const double[:, ::1] normals, const double[:, ::1] others, const int64_t[::1] partner
):
    """Return the sum of |cosine| between row i of `normals` (N, 3) and row partner[i] of `others`.

    A row of zeros has no direction and counts 0.
    """
    cdef Py_ssize_t i, k
    cdef double x, y, z, u, v, w, lengths, total = 0.0
    with nogil:
        for i in range(normals.shape[0]):
            k = partner[i]
            x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
            u, v, w = others[k, 0], others[k, 1], others[k, 2]
            lengths = sqrt((x * x + y * y + z * z) * (u * u + v * v + w * w))
            if lengths > 0:
                total += fabs(x * u + y * v + z * w) / lengths
    return total


cdef inline int64_t root_of(int64_t[::1] least, int64_t vertex) noexcept nogil:
    while least[vertex] != vertex:
        least[vertex] = least[least[vertex]]
        vertex = least[vertex]
    return vertex


def join_faces(const int64_t[:, ::1] faces, int64_t[::1] least):
    """Replace each of `least` = 0, 1, 2 ... (V,) by the least vertex that `faces` (F, 3) join it to.

    Source: Tarjan & van Leeuwen, "Worst-case analysis of set union algorithms", Journal of the ACM
    1984 (linking by index, path halving).
    """
    cdef Py_ssize_t face, vertex
    cdef int corner
    cdef int64_t first, second
    with nogil:
        for face in range(faces.shape[0]):
            first = root_of(least, faces[face, 0])
            for corner in range(1, 3):
                second = root_of(least, faces[face, corner])
                least[max(first, second)] = min(first, second)
                first = min(first, second)
        for vertex in range(least.shape[0]):
            least[vertex] = least[least[vertex]]
