# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Winding numbers by signed ray crossings. Private: call onet_cli.geometry.inside instead."""


cdef inline Py_ssize_t clamp(double value, Py_ssize_t cells) noexcept nogil:
    if value <= 0:
        return 0
    if value >= cells:
        return cells - 1
    return <Py_ssize_t>value


def count_columns(
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    double x0,
    double y0,
    double cell,
    int[:, ::1] counts,
):
    """Add to `counts` (columns in x, in y) the faces whose box, seen along z, meets each column."""
    cdef Py_ssize_t f, i, j
    cdef Py_ssize_t[4] span
    with nogil:
        for f in range(faces.shape[0]):
            face_span(vertices, faces, f, x0, y0, cell, counts.shape[0], counts.shape[1], span)
            for i in range(span[0], span[1] + 1):
                for j in range(span[2], span[3] + 1):
                    counts[i, j] += 1


def fill_columns(
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    double x0,
    double y0,
    double cell,
    int[:, ::1] ends,
    int[::1] members,
):
    """Write to `members` the faces of each column; `ends` holds where a column's part begins and
    is moved to where it ends."""
    cdef Py_ssize_t f, i, j
    cdef Py_ssize_t[4] span
    with nogil:
        for f in range(faces.shape[0]):
            face_span(vertices, faces, f, x0, y0, cell, ends.shape[0], ends.shape[1], span)
            for i in range(span[0], span[1] + 1):
                for j in range(span[2], span[3] + 1):
                    members[ends[i, j]] = <int>f
                    ends[i, j] += 1


cdef inline void face_span(
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    Py_ssize_t f,
    double x0,
    double y0,
    double cell,
    Py_ssize_t columns,
    Py_ssize_t rows,
    Py_ssize_t* span,
) noexcept nogil:
    cdef double ax = vertices[faces[f, 0], 0], ay = vertices[faces[f, 0], 1]
    cdef double bx = vertices[faces[f, 1], 0], by = vertices[faces[f, 1], 1]
    cdef double cx = vertices[faces[f, 2], 0], cy = vertices[faces[f, 2], 1]
    span[0] = clamp((min(ax, min(bx, cx)) - x0) / cell, columns)
    span[1] = clamp((max(ax, max(bx, cx)) - x0) / cell, columns)
    span[2] = clamp((min(ay, min(by, cy)) - y0) / cell, rows)
    span[3] = clamp((max(ay, max(by, cy)) - y0) / cell, rows)


cdef inline int side(
    double ax, double ay, double bx, double by, double px, double py, double* value
) noexcept nogil:
    """Return on which side of the line from a to b the point p lies: 1 left, -1 right, never 0.

    The endpoints are put in a fixed order first, so that the two faces of an edge get exactly
    opposite answers. A point on the line counts as moved by (e, e * e) for an infinitesimal e
    (simulation of simplicity): it crosses one of the two faces and not both, or neither.
    """
    cdef double x, y
    cdef int sign = 1
    if ax > bx or (ax == bx and ay > by):
        x = ax
        ax = bx
        bx = x
        y = ay
        ay = by
        by = y
        sign = -1
    value[0] = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
    if value[0] > 0:
        x = 1
    elif value[0] < 0:
        x = -1
    elif by != ay:
        x = -1 if by > ay else 1
    else:
        x = 1 if bx > ax else 0
    value[0] = value[0] * sign
    return <int>x * sign


def winding_numbers(
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    double x0,
    double y0,
    double cell,
    const int[:, ::1] starts,
    const int[:, ::1] ends,
    const int[::1] members,
    const double[:, ::1] points,
    int[::1] windings,
):
    """Write to `windings` (N,) how often the surface winds round each of `points` (N, 3).

    That is the number of faces crossed from inside to outside, less those crossed from outside to
    inside, on the way to infinity along +z. Source: the crossing form of the winding number, as in
    O'Rourke, Computational Geometry in C, section 7.4.
    """
    cdef Py_ssize_t n, i, j, k, f
    cdef double px, py, u, v, w
    cdef double ax, ay, bx, by, cx, cy, height
    cdef int s, total
    with nogil:
        for n in range(points.shape[0]):
            px = points[n, 0]
            py = points[n, 1]
            i = clamp((px - x0) / cell, starts.shape[0])
            j = clamp((py - y0) / cell, starts.shape[1])
            total = 0
            for k in range(starts[i, j], ends[i, j]):
                f = members[k]
                ax = vertices[faces[f, 0], 0]
                ay = vertices[faces[f, 0], 1]
                bx = vertices[faces[f, 1], 0]
                by = vertices[faces[f, 1], 1]
                s = side(ax, ay, bx, by, px, py, &w)
                if s == 0:
                    continue
                cx = vertices[faces[f, 2], 0]
                cy = vertices[faces[f, 2], 1]
                if side(bx, by, cx, cy, px, py, &u) != s or side(cx, cy, ax, ay, px, py, &v) != s:
                    continue
                # Twice the areas opposite the corners: a weighted mean gives the face's height.
                if u + v + w == 0:
                    continue
                height = (
                    u * vertices[faces[f, 0], 2]
                    + v * vertices[faces[f, 1], 2]
                    + w * vertices[faces[f, 2], 2]
                ) / (u + v + w)
                if height > points[n, 2]:
                    total += s
            windings[n] = total
