# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Winding numbers by signed ray crossings. Private: call onet_cli.geometry.inside instead.

Rays run along +z. The points are sorted into the cells of a grid in x and y, row by row, and the
faces then stream past it once, in the order of the mesh: a face looks only at the runs of points
that its shadow may cover. So nothing is stored for a face, however large it is.
"""

include "predicates.pxi"

from libc.stdint cimport uint64_t
from libc.string cimport memcpy

cdef enum:
    BLOCK = 1024  # faces that are dealt to one thread at a time
    UNKNOWN = 0
    EDGE_ON = 1  # a face that casts no shadow
    PREPARED = 2


def bounds(const double[:, ::1] points, double[::1] box):
    """Write to `box` the least x, y, z of `points` (N, 3), then the greatest; one that is not
    finite may be skipped."""
    cdef Py_ssize_t n
    cdef int axis
    with nogil:
        for axis in range(3):
            box[axis] = points[0, axis]
            box[3 + axis] = points[0, axis]
        for n in range(points.shape[0]):
            for axis in range(3):
                box[axis] = min(box[axis], points[n, axis])
                box[3 + axis] = max(box[3 + axis], points[n, axis])


def pick(const double[:, ::1] points, const double[::1] box, int[::1] picked):
    """Write to `picked` the numbers of those `points` (N, 3) that lie in the closed `box`.

    Returns how many they are; what stands behind them means nothing.
    """
    cdef Py_ssize_t n, count = 0
    cdef bint within
    with nogil:
        for n in range(points.shape[0]):
            # Without a branch, which would be guessed wrongly for every other point.
            within = (points[n, 0] >= box[0]) & (points[n, 0] <= box[3])
            within &= (points[n, 1] >= box[1]) & (points[n, 1] <= box[4])
            within &= (points[n, 2] >= box[2]) & (points[n, 2] <= box[5])
            picked[count] = <int>n
            count += within
    return count


cdef inline Py_ssize_t cell_at(
    double value, double start, double scale, Py_ssize_t cells
) noexcept nogil:
    """Return the cell that holds `value`; it never falls as `value` rises, rounding included."""
    return <Py_ssize_t>min(max((value - start) * scale, 0), cells - 1)


def count_points(
    const double[:, ::1] points,
    const double[::1] box,
    const double[::1] scale,
    Py_ssize_t columns,
    int[::1] cell_of,
    int[::1] counts,
):
    """Write to `cell_of` (M,) the cell of each of `points` (M, 3) and add up `counts`.

    Cells are numbered row by row: y * columns + x. `scale` is cells per length in x and in y.
    """
    cdef Py_ssize_t n, cell, rows = counts.shape[0] // columns
    with nogil:
        for n in range(points.shape[0]):
            cell = cell_at(points[n, 1], box[1], scale[1], rows) * columns
            cell += cell_at(points[n, 0], box[0], scale[0], columns)
            cell_of[n] = <int>cell
            counts[cell] += 1


def sort_points(
    const double[:, ::1] points,
    const int[::1] cell_of,
    int[::1] ends,
    int[::1] order,
    double[:, ::1] placed,
):
    """Write to `placed` (M, 3) `points` cell by cell, to `order` (M,) their numbers.

    `ends` holds where each cell's part begins and is moved to where it ends.
    """
    cdef Py_ssize_t n, place
    cdef int axis
    with nogil:
        for n in range(points.shape[0]):
            place = ends[cell_of[n]]
            ends[cell_of[n]] += 1
            order[place] = <int>n
            for axis in range(3):
                placed[place, axis] = points[n, axis]


cdef struct Face:
    const double* a  # seen from above, a, b, c turn left
    const double* b
    const double* c
    double[3] slope_x  # the edge functions slope_x x + slope_y y + level, positive within
    double[3] slope_y
    double[3] level
    double edge_error  # no edge function is off by more
    double[4] plane  # positive above the face
    double plane_error
    int sign  # 1 where the face looks up


cdef int prepare(
    Face* face, const double* a, const double* b, const double* c, double size
) noexcept nogil:
    """Set up a face, return PREPARED or, exactly, EDGE_ON. `size` bounds all coordinates."""
    cdef const double* corner
    cdef const double* after
    cdef double[3] spread
    cdef double along, across, longest = 0
    cdef int n, u, v
    face.sign = turn(a, b, c, 0, 1)
    if face.sign == 0:
        return EDGE_ON
    face.a = a
    face.b = b if face.sign > 0 else c
    face.c = c if face.sign > 0 else b
    corner = face.a
    for n in range(3):
        after = face.b if n == 0 else (face.c if n == 1 else face.a)
        face.slope_x[n] = corner[1] - after[1]
        face.slope_y[n] = after[0] - corner[0]
        face.level[n] = -(face.slope_x[n] * corner[0] + face.slope_y[n] * corner[1])
        longest = max(longest, fabs(face.slope_x[n]) + fabs(face.slope_y[n]))
        corner = after
    # Ten roundings at most, each of a number below longest * size.
    face.edge_error = 16 * ROUNDING * longest * size
    for n in range(3):
        u = (n + 1) % 3
        v = (n + 2) % 3
        along = (face.b[u] - a[u]) * (face.c[v] - a[v])
        across = (face.b[v] - a[v]) * (face.c[u] - a[u])
        face.plane[n] = along - across
        spread[n] = fabs(along) + fabs(across)
    face.plane[3] = -(face.plane[0] * a[0] + face.plane[1] * a[1] + face.plane[2] * a[2])
    face.plane_error = 32 * ROUNDING * size * (spread[0] + spread[1] + spread[2])
    return PREPARED


cdef inline int left_of(const double* a, const double* b, const double* p) noexcept nogil:
    """Return 1 where p, seen from above, lies left of a -> b and -1 right of it; 0 if a equals b.

    A point on the line counts as moved by (e, e * e) for an infinitesimal e (simulation of
    simplicity), so that it is never on both sides of an edge that two faces share, nor on none.
    """
    cdef int side = turn(a, b, p, 0, 1)
    if side != 0:
        return side
    if a[1] != b[1]:
        return 1 if a[1] > b[1] else -1
    return 0 if a[0] == b[0] else (1 if b[0] > a[0] else -1)


cdef int exact_height(const Face* face, const double* p) noexcept nogil:
    """Return 1 where p lies in the face's shadow above it, -1 below it, 0 outside the shadow.

    Exact, with p moved by an infinitesimal (e, e^2, e^3): the answer is never "on the surface".
    """
    cdef int side
    if (
        left_of(face.a, face.b, p) <= 0
        or left_of(face.b, face.c, p) <= 0
        or left_of(face.c, face.a, p) <= 0
    ):
        return 0
    side = height_above(face.a, face.b, face.c, p)
    if side == 0:
        side = turn(face.a, face.b, face.c, 1, 2)
    if side == 0:
        side = turn(face.a, face.b, face.c, 2, 0)
    return side if side != 0 else 1


cdef inline int height(const Face* face, const double* p) noexcept nogil:
    """Return what `exact_height` returns, from rounded numbers where they leave no doubt."""
    cdef double least, above
    cdef double x = p[0], y = p[1], z = p[2]
    least = min(
        face.slope_x[0] * x + face.slope_y[0] * y + face.level[0],
        min(
            face.slope_x[1] * x + face.slope_y[1] * y + face.level[1],
            face.slope_x[2] * x + face.slope_y[2] * y + face.level[2],
        ),
    )
    if least < -face.edge_error:
        return 0
    above = face.plane[0] * x + face.plane[1] * y + face.plane[2] * z + face.plane[3]
    if least > face.edge_error and fabs(above) > face.plane_error:
        return 1 if above > 0 else -1
    return exact_height(face, p)


cdef inline bint beside(const double* p, const double* span) noexcept nogil:
    """Return whether p lies outside the box `span`, seen from above."""
    return (p[0] < span[0]) | (p[0] > span[3]) | (p[1] < span[1]) | (p[1] > span[4])


cdef inline void widen(
    const double* a, const double* b, double low, double high, double* reach
) noexcept nogil:
    """Widen `reach`, least and greatest x, by the part of the edge a b with y in low..high."""
    cdef double slope, start = a[0], stop = b[0]
    if a[1] > b[1]:
        widen(b, a, low, high, reach)
        return
    if b[1] < low or a[1] > high:
        return
    if a[1] != b[1]:
        slope = (b[0] - a[0]) / (b[1] - a[1])
        if a[1] < low:
            start = a[0] + (low - a[1]) * slope
        if b[1] > high:
            stop = b[0] - (b[1] - high) * slope
    reach[0] = min(reach[0], min(start, stop))
    reach[1] = max(reach[1], max(start, stop))


cdef struct Grid:
    double x0
    double y0
    double columns_per_length
    double rows_per_length
    Py_ssize_t columns
    Py_ssize_t rows
    double margin  # more than the rounding of a coordinate in the sums below


cdef void clip_row(
    const double* a,
    const double* b,
    const double* c,
    const Grid* grid,
    Py_ssize_t row,
    Py_ssize_t* ends,
) noexcept nogil:
    """Write to `ends` the first and last cell of `row` that the shadow of a, b, c may touch."""
    cdef double[2] reach
    cdef double low = grid.y0 + row / grid.rows_per_length - grid.margin
    cdef double high = grid.y0 + (row + 1) / grid.rows_per_length + grid.margin
    reach[0] = max(a[0], max(b[0], c[0]))
    reach[1] = min(a[0], min(b[0], c[0]))
    widen(a, b, low, high, reach)
    widen(b, c, low, high, reach)
    widen(c, a, low, high, reach)
    ends[0] = cell_at(reach[0] - grid.margin, grid.x0, grid.columns_per_length, grid.columns)
    ends[1] = cell_at(reach[1] + grid.margin, grid.x0, grid.columns_per_length, grid.columns)


def add_crossings(
    const double[:, ::1] vertices,
    const long long[:, ::1] faces,
    double size,
    const double[::1] box,
    const double[::1] scale,
    Py_ssize_t columns,
    const int[::1] starts,
    const double[:, ::1] placed,
    Py_ssize_t part,
    Py_ssize_t parts,
    int[::1] windings,
    int[::1] balances,
):
    """Add the crossings of every `parts`-th block of faces, from block `part` on.

    To `windings` (M,): +1 for each face above the point that looks up, -1 for each that looks down;
    over all faces of a closed mesh, how often it winds round the point. To `balances` (M,), unless
    it is empty, the same for all faces that the point's line meets, below it too: 0 if the mesh is
    closed. `size` is the largest coordinate, `box` bounds the points. Source: the crossing form of
    the winding number, as in O'Rourke, Computational Geometry in C, section 7.4.
    """
    cdef Py_ssize_t block, f, n, row, bottom, top
    cdef Py_ssize_t[2] ends
    cdef const double* a
    cdef const double* b
    cdef const double* c
    cdef const double* point
    cdef double[6] span
    cdef int axis, found, state
    cdef bint whole_lines = balances.shape[0] > 0, clip
    cdef Face face
    cdef Grid grid
    grid.x0 = box[0]
    grid.y0 = box[1]
    grid.columns_per_length = scale[0]
    grid.rows_per_length = scale[1]
    grid.columns = columns
    grid.rows = (starts.shape[0] - 1) // columns
    grid.margin = 1e-12 * size
    with nogil:
        for block in range((faces.shape[0] + BLOCK - 1) // BLOCK):
            if block % parts != part:
                continue
            for f in range(block * BLOCK, min((block + 1) * BLOCK, faces.shape[0])):
                a = &vertices[faces[f, 0], 0]
                b = &vertices[faces[f, 1], 0]
                c = &vertices[faces[f, 2], 0]
                for axis in range(3):
                    span[axis] = min(a[axis], min(b[axis], c[axis]))
                    span[3 + axis] = max(a[axis], max(b[axis], c[axis]))
                if span[0] > box[3] or span[3] < box[0] or span[1] > box[4] or span[4] < box[1]:
                    continue
                if span[5] < box[2] and not whole_lines:
                    continue  # below all points
                ends[0] = cell_at(span[0], grid.x0, grid.columns_per_length, columns)
                ends[1] = cell_at(span[3], grid.x0, grid.columns_per_length, columns)
                bottom = cell_at(span[1], grid.y0, grid.rows_per_length, grid.rows)
                top = cell_at(span[4], grid.y0, grid.rows_per_length, grid.rows)
                clip = top > bottom + 1 and ends[1] > ends[0] + 1
                state = UNKNOWN
                for row in range(bottom, top + 1):
                    if clip:
                        clip_row(a, b, c, &grid, row, ends)
                    for n in range(
                        starts[row * columns + ends[0]], starts[row * columns + ends[1] + 1]
                    ):
                        point = &placed[n, 0]
                        if beside(point, span) or (point[2] > span[5] and not whole_lines):
                            continue
                        if state == UNKNOWN:
                            state = prepare(&face, a, b, c, size)
                        if state == EDGE_ON:
                            break
                        found = height(&face, point)
                        if found < 0:
                            windings[n] += face.sign
                        if found != 0 and whole_lines:
                            balances[n] += face.sign
                    if state == EDGE_ON:
                        break


cdef inline uint64_t mix(uint64_t key) noexcept nogil:
    """Return `key` with its bits well stirred, one to one.

    Source: Steele, Lea & Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
    """
    key = (key ^ (key >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    key = (key ^ (key >> 27)) * <uint64_t>0x94D049BB133111EB
    return key ^ (key >> 31)


def boundary_hash(
    const double[:, ::1] vertices, const long long[:, ::1] faces, uint64_t[::1] keys
):
    """Return the sum of a hash of every directed edge, that of b -> a being minus that of a -> b.

    It is 0 if the surface has no boundary, and else but by a chance of about 2^-53. Edges are known
    by the positions of their ends, so split vertices do no harm. `keys` (V,) is room to work in.
    """
    cdef Py_ssize_t f, n
    cdef int axis
    cdef double value
    cdef uint64_t bits, a, b, c, total = 0
    with nogil:
        for n in range(vertices.shape[0]):
            keys[n] = 0
            for axis in range(3):
                value = vertices[n, axis] + 0.0  # -0 and 0 are one place
                memcpy(&bits, &value, sizeof(bits))
                keys[n] += mix(bits + axis * <uint64_t>0x9E3779B97F4A7C15)
            keys[n] = mix(keys[n])
        for f in range(faces.shape[0]):
            a = keys[faces[f, 0]]
            b = keys[faces[f, 1]]
            c = keys[faces[f, 2]]
            # Antisymmetric, and no sum of such terms cancels but edge by edge.
            total += a * b * (a - b) + b * c * (b - c) + c * a * (c - a)
    return total
