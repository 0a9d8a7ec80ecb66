# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Voxelization kernels. Private: call onet_cli.geometry.voxelize instead.

Coordinates are in cells: the grid spans 0..R on every axis and cell i spans i..i+1.
"""

from libc.math cimport ceil, fabs, floor


cdef inline double smallest(double a, double b, double c) noexcept nogil:
    return min(a, min(b, c))


cdef inline double largest(double a, double b, double c) noexcept nogil:
    return max(a, max(b, c))


cdef inline Py_ssize_t clamp(double value, Py_ssize_t lower, Py_ssize_t upper) noexcept nogil:
    if value <= lower:
        return lower
    if value >= upper:
        return upper
    return <Py_ssize_t>value


cdef bint separated(
    const double* corners, const double* edges, double x, double y, double z
) noexcept nogil:
    """Return whether one of the nine axes edge x unit vector parts triangle and cell.

    `x`, `y`, `z` is the cell's centre; the cell reaches 1/2 to every side.
    """
    cdef int n, u, v, axis
    cdef double p, q, r, along, across, reach
    cdef double[3] centre
    centre[0] = x
    centre[1] = y
    centre[2] = z
    for axis in range(3):
        u = (axis + 1) % 3
        v = (axis + 2) % 3
        for n in range(3):
            along = edges[3 * n + u]
            across = edges[3 * n + v]
            p = along * (corners[v] - centre[v]) - across * (corners[u] - centre[u])
            q = along * (corners[3 + v] - centre[v]) - across * (corners[3 + u] - centre[u])
            r = along * (corners[6 + v] - centre[v]) - across * (corners[6 + u] - centre[u])
            reach = 0.5 * (fabs(along) + fabs(across))
            if smallest(p, q, r) > reach or largest(p, q, r) < -reach:
                return True
    return False


def mark_surface(
    const double[:, ::1] vertices, const long long[:, ::1] faces, unsigned char[:, :, ::1] grid
):
    """Set to 1 each closed cell of `grid` (R, R, R) that a triangle meets.

    By separating axes: the box's three through the loop bounds, the triangle's normal, and the
    nine cross products. Source: Akenine-Moeller, Journal of Graphics Tools 2001.
    """
    cdef Py_ssize_t resolution = grid.shape[0]
    cdef Py_ssize_t f, i, j, k
    cdef int n, axis
    cdef double[9] corners
    cdef double[9] edges
    cdef double[3] normal
    cdef Py_ssize_t[3] first
    cdef Py_ssize_t[3] last
    cdef double offset, reach, lower, upper, plane
    with nogil:
        for f in range(faces.shape[0]):
            for axis in range(3):
                for n in range(3):
                    corners[3 * n + axis] = vertices[faces[f, n], axis]
                lower = smallest(corners[axis], corners[3 + axis], corners[6 + axis])
                upper = largest(corners[axis], corners[3 + axis], corners[6 + axis])
                # Closed cells: a corner on a grid plane belongs to the cells on both sides.
                first[axis] = clamp(ceil(lower) - 1, 0, resolution)
                last[axis] = clamp(floor(upper) + 1, 0, resolution)
                for n in range(3):
                    edges[3 * n + axis] = corners[3 * ((n + 1) % 3) + axis] - corners[3 * n + axis]
            for axis in range(3):
                normal[axis] = (
                    edges[(axis + 1) % 3] * edges[3 + (axis + 2) % 3]
                    - edges[(axis + 2) % 3] * edges[3 + (axis + 1) % 3]
                )
            offset = normal[0] * corners[0] + normal[1] * corners[1] + normal[2] * corners[2]
            reach = 0.5 * (fabs(normal[0]) + fabs(normal[1]) + fabs(normal[2]))
            for i in range(first[0], last[0]):
                for j in range(first[1], last[1]):
                    plane = normal[0] * (i + 0.5) + normal[1] * (j + 0.5) - offset
                    for k in range(first[2], last[2]):
                        if grid[i, j, k] or fabs(plane + normal[2] * (k + 0.5)) > reach:
                            continue
                        if not separated(corners, edges, i + 0.5, j + 0.5, k + 0.5):
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


def count_crossings(
    const double[:, ::1] vertices,
    const long long[:, ::1] faces,
    double unit,
    short[:, :, ::1] crossings,
):
    """Add to `crossings` (R, R, R+1) the signed crossings of the lines through cell centres.

    A line runs along z; entry k counts those between the centres of cells k-1 and k: +1 where it
    enters a shape that is oriented outward, -1 where it leaves. The x and y of `vertices` are
    whole multiples of `unit` cells, expressed in it, which keeps `side_of` exact.
    """
    cdef Py_ssize_t resolution = crossings.shape[0]
    cdef Py_ssize_t f, a, b, c, i, j, first, last, low, high
    cdef double ax, ay, bx, by, cx, cy, x, y, area, z, u, v
    cdef int side
    with nogil:
        for f in range(faces.shape[0]):
            a = faces[f, 0]
            b = faces[f, 1]
            c = faces[f, 2]
            ax = vertices[a, 0]
            ay = vertices[a, 1]
            bx = vertices[b, 0]
            by = vertices[b, 1]
            cx = vertices[c, 0]
            cy = vertices[c, 1]
            area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            if area == 0:
                continue
            side = 1 if area > 0 else -1
            first = clamp(ceil(smallest(ax, bx, cx) * unit - 0.5), 0, resolution)
            last = clamp(floor(largest(ax, bx, cx) * unit - 0.5) + 1, 0, resolution)
            low = clamp(ceil(smallest(ay, by, cy) * unit - 0.5), 0, resolution)
            high = clamp(floor(largest(ay, by, cy) * unit - 0.5) + 1, 0, resolution)
            for i in range(first, last):
                x = (i + 0.5) / unit
                for j in range(low, high):
                    y = (j + 0.5) / unit
                    if side_of(ax, ay, bx, by, x, y) != side:
                        continue
                    if side_of(bx, by, cx, cy, x, y) != side:
                        continue
                    if side_of(cx, cy, ax, ay, x, y) != side:
                        continue
                    u = ((cx - bx) * (y - by) - (cy - by) * (x - bx)) / area
                    v = ((ax - cx) * (y - cy) - (ay - cy) * (x - cx)) / area
                    z = vertices[c, 2]  # in this form exact where the triangle is level
                    z += u * (vertices[a, 2] - z) + v * (vertices[b, 2] - z)
                    # An upward normal is where a line that comes from below leaves.
                    crossings[i, j, clamp(ceil(z - 0.5), 0, resolution)] -= side


def fill_inside(const short[:, :, ::1] crossings, unsigned char[:, :, ::1] grid):
    """Set `grid` (R, R, R) to 1 where the winding number is not 0.

    Returns how many lines end with another winding number than they began with.
    """
    cdef Py_ssize_t resolution = grid.shape[0]
    cdef Py_ssize_t i, j, k
    cdef Py_ssize_t leaks = 0
    cdef int winding
    with nogil:
        for i in range(resolution):
            for j in range(resolution):
                winding = 0
                for k in range(resolution):
                    winding += crossings[i, j, k]
                    grid[i, j, k] = winding != 0
                if winding + crossings[i, j, resolution] != 0:
                    leaks += 1
    return leaks
