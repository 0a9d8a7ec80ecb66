# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Voxelization kernels. Private: call onet_cli.geometry.voxelize instead.

Coordinates are in cells: the grid spans 0..R on every axis and cell i spans i..i+1. Both kernels
work on the cells first <= i < last only, so that threads can share a grid.
"""

from libc.math cimport fabs, INFINITY

cdef extern from *:
    """
    static const double SLACK = 1e-6;  /* cells; more than the rounding of where an edge passes */
    static const double TOUCH = 1e-9;  /* cells; what is as near as this to a cell touches it */
    static const double ROUNDER = 6755399441055744.0;  /* 1.5 * 2^52: adding it rounds */
    """
    const double SLACK
    const double TOUCH
    const double ROUNDER

cdef enum:
    FARTHEST = 1 << 30  # more than any row


cdef inline double smallest(double a, double b, double c) noexcept nogil:
    return min(a, min(b, c))


cdef inline double largest(double a, double b, double c) noexcept nogil:
    return max(a, max(b, c))


cdef inline Py_ssize_t ceiling(double value, Py_ssize_t lower, Py_ssize_t upper) noexcept nogil:
    """Return the least whole number >= `value`, or the nearest of `lower` >= 0 and `upper`."""
    cdef Py_ssize_t whole
    if not value > lower:
        return lower
    if value >= upper:
        return upper
    whole = <Py_ssize_t>value
    return whole + (whole < value)


cdef inline Py_ssize_t beyond(double value, Py_ssize_t lower, Py_ssize_t upper) noexcept nogil:
    """Return the least whole number > `value`, or the nearest of `lower` >= 0 and `upper`."""
    if not value >= lower:
        return lower
    if value >= upper:
        return upper
    return <Py_ssize_t>value + 1


include "separation.pxi"


def to_cells(
    const double[:, ::1] vertices,
    const double[::1] corner,
    double scale,
    double unit,
    double[:, ::1] found,
):
    """Write to `found` (V, 3) the `vertices` in cells, x and y rounded and in `unit` cells.

    `unit` is a power of two, or 0 for plain cells.
    """
    cdef Py_ssize_t n
    cdef int axis
    cdef double value
    with nogil:
        for n in range(vertices.shape[0]):
            for axis in range(3):
                value = (vertices[n, axis] - corner[axis]) * scale
                if unit > 0 and axis < 2:
                    value = (value / unit + ROUNDER) - ROUNDER
                found[n, axis] = value


cdef void mark_triangle(
    const Triangle* t,
    const Py_ssize_t* first,
    const Py_ssize_t* last,
    const Py_ssize_t* strides,
    unsigned char* grid,
) noexcept nogil:
    """Mark the cells from `first` to before `last` that the triangle meets.

    Looks along the axis on which the triangle is flattest: in this view the cells of a row come
    from its edges and the few cells behind each other from its plane.
    """
    cdef int w = 0, u, v
    cdef Py_ssize_t i, j, k, low, high, near, far, place
    cdef double[2] span
    cdef double plane, a, b
    if fabs(t.normal[1]) > fabs(t.normal[w]):
        w = 1
    if fabs(t.normal[2]) > fabs(t.normal[w]):
        w = 2
    u = (w + 1) % 3
    v = (w + 2) % 3
    for i in range(first[u], last[u]):
        row_span(t, w, i + 0.5, span)
        low = ceiling(span[0] - 0.5, first[v], last[v])
        high = beyond(span[1] - 0.5, first[v], last[v])
        for j in range(low, high):
            if parted(t, w, i + 0.5, j + 0.5):
                continue
            plane = t.normal[u] * (i + 0.5) + t.normal[v] * (j + 0.5) - t.offset
            near = first[w]
            far = last[w]
            if far > near + 4 and t.normal[w] != 0:
                a = (-plane - t.reach) / t.normal[w]
                b = (-plane + t.reach) / t.normal[w]
                near = ceiling(min(a, b) - 0.5 - SLACK, first[w], last[w])
                far = beyond(max(a, b) - 0.5 + SLACK, first[w], last[w])
            for k in range(near, far):
                place = i * strides[u] + j * strides[v] + k * strides[w]
                if grid[place] or fabs(plane + t.normal[w] * (k + 0.5)) > t.reach:
                    continue
                if not parted(t, u, j + 0.5, k + 0.5) and not parted(t, v, k + 0.5, i + 0.5):
                    grid[place] = 1


cdef inline bint all_marked(
    const Py_ssize_t* first, const Py_ssize_t* last, unsigned char[:, :, ::1] grid
) noexcept nogil:
    cdef Py_ssize_t i, j, k
    for i in range(first[0], last[0]):
        for j in range(first[1], last[1]):
            for k in range(first[2], last[2]):
                if not grid[i, j, k]:
                    return False
    return True


def mark_surface(
    const double[:, ::1] vertices,
    const long long[:, ::1] faces,
    Py_ssize_t slab_first,
    Py_ssize_t slab_last,
    unsigned char[:, :, ::1] grid,
):
    """Set to 1 each closed cell of `grid` (R, R, R), in the slab, that a triangle meets.

    By separating axes: the box's three through the loop bounds, the triangle's normal, and the
    nine cross products. Source: Akenine-Moeller, Journal of Graphics Tools 2001.
    """
    cdef Py_ssize_t resolution = grid.shape[0]
    cdef Py_ssize_t f, i, j, k
    cdef int n, axis, long_axes
    cdef Triangle t
    cdef Py_ssize_t[3] first
    cdef Py_ssize_t[3] last
    cdef Py_ssize_t[3] strides
    cdef double lower, upper
    strides[0] = resolution * resolution
    strides[1] = resolution
    strides[2] = 1
    with nogil:
        for f in range(faces.shape[0]):
            long_axes = 0
            for axis in range(3):
                for n in range(3):
                    t.corners[3 * n + axis] = vertices[faces[f, n], axis]
                lower = smallest(t.corners[axis], t.corners[3 + axis], t.corners[6 + axis]) - TOUCH
                upper = largest(t.corners[axis], t.corners[3 + axis], t.corners[6 + axis]) + TOUCH
                # Closed cells: a corner on a grid plane belongs to the cells on both sides.
                first[axis] = ceiling(lower - 1, 0 if axis else slab_first, resolution)
                last[axis] = beyond(upper, 0, resolution if axis else slab_last)
                if first[axis] >= last[axis]:
                    break
                if not (first[axis] < lower and upper < first[axis] + 1):
                    long_axes += 1
            else:
                if long_axes > 1:
                    if all_marked(first, last, grid):
                        continue  # as most faces find it that are smaller than a cell
                    find_axes(&t)
                    mark_triangle(&t, first, last, strides, &grid[0, 0, 0])
                    continue
                # In one cell, or in a straight row of cells that it runs through from end to end.
                for i in range(first[0], last[0]):
                    for j in range(first[1], last[1]):
                        for k in range(first[2], last[2]):
                            grid[i, j, k] = 1


cdef inline int side_of(
    double ax, double ay, double bx, double by, double x, double y
) noexcept nogil:
    """Return +1 where (x, y) lies left of a -> b, -1 right; never 0 unless a equals b.

    A point on the line is taken to lie a little towards +x and much less towards +y, so
    that triangles that share an edge or a corner cover each point exactly once.
    """
    cdef double area = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
    if area != 0:
        return 1 if area > 0 else -1
    if ay != by:
        return 1 if by < ay else -1
    if ax != bx:
        return 1 if bx > ax else -1
    return 0


def find_rows(
    const double[:, ::1] vertices, const long long[:, ::1] faces, double unit, int[:, ::1] rows
):
    """Write to `rows` (F, 2) the first i whose line through cell centres each face may meet, and
    the one after the last; x of `vertices` in `unit` cells."""
    cdef Py_ssize_t f
    cdef double a, b, c
    with nogil:
        for f in range(faces.shape[0]):
            a = vertices[faces[f, 0], 0]
            b = vertices[faces[f, 1], 0]
            c = vertices[faces[f, 2], 0]
            rows[f, 0] = <int>ceiling(smallest(a, b, c) * unit - 0.5, 0, FARTHEST)
            rows[f, 1] = <int>beyond(largest(a, b, c) * unit - 0.5, 0, FARTHEST)


cdef inline void cut(
    double ax, double ay, double bx, double by, double x, double* span
) noexcept nogil:
    """Widen `span`, least and greatest y, to where the edge a b crosses the line of this x."""
    cdef double y
    if (ax > x) == (bx > x) and ax != x and bx != x:
        return
    if ax == bx:
        span[0] = min(span[0], min(ay, by))
        span[1] = max(span[1], max(ay, by))
        return
    y = ay + (x - ax) * ((by - ay) / (bx - ax))
    span[0] = min(span[0], y)
    span[1] = max(span[1], y)


cdef void count_face(
    const double* a,
    const double* b,
    const double* c,
    double unit,
    Py_ssize_t first,
    Py_ssize_t last,
    Py_ssize_t resolution,
    int* crossings,
    int* touched,
) noexcept nogil:
    """Add a face's crossings with the lines of first <= i < last; the arrays start at first."""
    cdef double ax = a[0], ay = a[1], bx = b[0], by = b[1], cx = c[0], cy = c[1]
    cdef double area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    cdef double x, y, z, u, v
    cdef double[2] span
    cdef int side = 1 if area > 0 else -1
    cdef Py_ssize_t i, j, k, line
    if area == 0:
        return
    for i in range(first, last):
        x = (i + 0.5) / unit
        span[0] = INFINITY
        span[1] = -INFINITY
        cut(ax, ay, bx, by, x, span)
        cut(bx, by, cx, cy, x, span)
        cut(cx, cy, ax, ay, x, span)
        for j in range(
            ceiling(span[0] * unit - 0.5 - SLACK, 0, resolution),
            beyond(span[1] * unit - 0.5 + SLACK, 0, resolution),
        ):
            y = (j + 0.5) / unit
            if side_of(ax, ay, bx, by, x, y) != side:
                continue
            if side_of(bx, by, cx, cy, x, y) != side:
                continue
            if side_of(cx, cy, ax, ay, x, y) != side:
                continue
            u = ((cx - bx) * (y - by) - (cy - by) * (x - bx)) / area
            v = ((ax - cx) * (y - cy) - (ay - cy) * (x - cx)) / area
            # In this form exact where the triangle is level.
            z = c[2] + u * (a[2] - c[2]) + v * (b[2] - c[2])
            k = ceiling(z - 0.5, 0, resolution)
            line = (i - first) * resolution + j
            # An upward normal is where a line that comes from below leaves.
            crossings[line * (resolution + 1) + k] -= side
            touched[2 * line] = <int>min(touched[2 * line], k)
            touched[2 * line + 1] = <int>max(touched[2 * line + 1], k + 1)


def fill_solid(
    const double[:, ::1] vertices,
    const long long[:, ::1] faces,
    const int[:, ::1] rows,
    double unit,
    Py_ssize_t slab_first,
    int[:, :, ::1] crossings,
    int[:, :, ::1] touched,
    unsigned char[:, :, ::1] grid,
):
    """Set `grid` (R, R, R) to 1 where the winding number round the cell's centre is not 0.

    Fills as many layers of i, from `slab_first` on, as `crossings` (S, R, R+1) has; it must hold 0
    and holds 0 again afterwards. Lines run along z; entry k counts the crossings between the
    centres of cells k-1 and k: +1 where a line enters a shape that is oriented outward, -1 where
    it leaves. `touched` (S, R, 2) is room for the range of k that is not 0. The x and y of
    `vertices` are whole multiples of `unit` cells, expressed in it, below 2^25, which keeps
    `side_of` exact. Returns how many lines end with another winding number than they began with.
    """
    cdef Py_ssize_t resolution = grid.shape[0]
    cdef Py_ssize_t slab_last = min(slab_first + crossings.shape[0], resolution)
    cdef Py_ssize_t f, i, j, k, first, last, leaks = 0
    cdef int winding
    with nogil:
        for i in range(slab_last - slab_first):
            for j in range(resolution):
                touched[i, j, 0] = <int>resolution + 1
                touched[i, j, 1] = 0
        for f in range(faces.shape[0]):
            first = max(slab_first, rows[f, 0])
            last = min(slab_last, rows[f, 1])
            if first < last:
                count_face(
                    &vertices[faces[f, 0], 0],
                    &vertices[faces[f, 1], 0],
                    &vertices[faces[f, 2], 0],
                    unit,
                    first,
                    last,
                    resolution,
                    &crossings[first - slab_first, 0, 0],
                    &touched[first - slab_first, 0, 0],
                )
        for i in range(slab_last - slab_first):
            for j in range(resolution):
                winding = 0
                for k in range(touched[i, j, 0], touched[i, j, 1]):
                    winding += crossings[i, j, k]
                    crossings[i, j, k] = 0
                    if winding != 0 and k < resolution:
                        grid[slab_first + i, j, k] = 1
                leaks += winding != 0
    return leaks
