# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Octree kernels of MISE. Private: call onet_cli.geometry.mise instead.

Every array is flat. `values` holds the (R+1)^3 grid points, NaN where not evaluated yet. `states`
holds one byte per cell of every level but the finest, level after level, from r0^3 cells of
2^depth grid steps to cells of 2 steps: bit INSIDE and bit OUTSIDE say which sides known grid
points of the closed cell lie on, bit DIVIDED that its eight children have taken over.
"""

from libc.math cimport isnan

cdef enum:
    INSIDE = 1
    OUTSIDE = 2
    DIVIDED = 4


def record(
    const long long[::1] points,
    const float[::1] results,
    double level,
    Py_ssize_t coarse,
    int depth,
    float[::1] values,
    unsigned char[::1] states,
):
    """Store `results` (N,) of the grid `points` (N,) and mark every undivided cell they touch."""
    cdef Py_ssize_t resolution = coarse << depth
    cdef Py_ssize_t side = resolution + 1
    cdef Py_ssize_t n, octant, i, j, k, a, b, c, cells, offset, cell
    cdef int step
    cdef unsigned char bit
    with nogil:
        for n in range(points.shape[0]):
            values[points[n]] = results[n]
            bit = INSIDE if results[n] >= level else OUTSIDE
            k = points[n] % side
            j = (points[n] // side) % side
            i = points[n] // (side * side)
            for octant in range(8):
                a = i - (octant & 1)
                b = j - ((octant >> 1) & 1)
                c = k - (octant >> 2)
                if a < 0 or b < 0 or c < 0:
                    continue
                if a == resolution or b == resolution or c == resolution:
                    continue
                offset = 0
                cells = coarse
                for step in range(depth, 0, -1):
                    cell = offset + ((a >> step) * cells + (b >> step)) * cells + (c >> step)
                    if not states[cell] & DIVIDED:
                        states[cell] |= bit
                        break
                    offset += cells * cells * cells
                    cells *= 2


def divide(
    const long long[::1] active,
    double level,
    Py_ssize_t coarse,
    int depth,
    const float[::1] values,
    unsigned char[::1] states,
):
    """Divide the cells `active` (M,) and give their children the sides already known."""
    cdef Py_ssize_t side = (coarse << depth) + 1
    cdef Py_ssize_t n, child, cell, offset, cells, edge, i, j, k, x, y, z, stride, row
    cdef double value
    cdef unsigned char found
    with nogil:
        for n in range(active.shape[0]):
            states[active[n]] |= DIVIDED
            cell = active[n]
            offset = 0
            cells = coarse
            edge = 1 << depth
            while cell >= cells * cells * cells:
                cell -= cells * cells * cells
                offset += cells * cells * cells
                cells *= 2
                edge //= 2
            if edge == 2:
                continue  # the children are of the finest level, which has no state
            offset += cells * cells * cells
            edge //= 2
            for child in range(8):
                i = 2 * (cell // (cells * cells)) + (child & 1)
                j = 2 * ((cell // cells) % cells) + ((child >> 1) & 1)
                k = 2 * (cell % cells) + (child >> 2)
                found = 0
                for x in range(edge + 1):
                    for y in range(edge + 1):
                        # Known points of an undivided cell lie on its faces only.
                        stride = edge if 0 < x < edge and 0 < y < edge else 1
                        z = 0
                        while z <= edge:
                            row = ((i * edge + x) * side + j * edge + y) * side
                            value = values[row + k * edge + z]
                            if not isnan(value):
                                found |= INSIDE if value >= level else OUTSIDE
                            z += stride
                states[offset + (i * 2 * cells + j) * 2 * cells + k] = found


def request(
    const long long[::1] active,
    Py_ssize_t coarse,
    int depth,
    float[::1] values,
    long long[::1] points,
):
    """Write to `points` the grid points that dividing the cells `active` needs; return how many.

    `points` has room for 19 per cell. Requested points are set to 0, so that none comes twice.
    """
    cdef Py_ssize_t side = (coarse << depth) + 1
    cdef Py_ssize_t n, cell, cells, half, i, j, k, x, y, z, point
    cdef Py_ssize_t count = 0
    with nogil:
        for n in range(active.shape[0]):
            cell = active[n]
            cells = coarse
            half = 1 << (depth - 1)
            while cell >= cells * cells * cells:
                cell -= cells * cells * cells
                cells *= 2
                half //= 2
            i = 2 * half * (cell // (cells * cells))
            j = 2 * half * ((cell // cells) % cells)
            k = 2 * half * (cell % cells)
            for x in range(3):
                for y in range(3):
                    for z in range(3):
                        point = ((i + x * half) * side + j + y * half) * side + k + z * half
                        if isnan(values[point]):
                            values[point] = 0.0
                            points[count] = point
                            count += 1
    return count


def locate(const long long[::1] points, const float[::1] axis, float[:, ::1] coordinates):
    """Write the `coordinates` (N, 3) of the grid `points` (N,); `axis` (R+1,) is each axis."""
    cdef Py_ssize_t side = axis.shape[0]
    cdef Py_ssize_t n
    with nogil:
        for n in range(points.shape[0]):
            coordinates[n, 0] = axis[points[n] // (side * side)]
            coordinates[n, 1] = axis[(points[n] // side) % side]
            coordinates[n, 2] = axis[points[n] % side]


def fill_forward(float[:, :, ::1] values):
    """Replace each NaN by the value before it along x, those left along y, then along z."""
    cdef Py_ssize_t side = values.shape[0]
    cdef Py_ssize_t i, j, k
    with nogil:
        for i in range(1, side):
            for j in range(side):
                for k in range(side):
                    if isnan(values[i, j, k]):
                        values[i, j, k] = values[i - 1, j, k]
        for i in range(side):
            for j in range(1, side):
                for k in range(side):
                    if isnan(values[i, j, k]):
                        values[i, j, k] = values[i, j - 1, k]
            for j in range(side):
                for k in range(1, side):
                    if isnan(values[i, j, k]):
                        values[i, j, k] = values[i, j, k - 1]
