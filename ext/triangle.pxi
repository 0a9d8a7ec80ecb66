"""A triangle and the points of it nearest to others, included by carve.pyx."""


cdef inline double dot(const double* a, const double* b) noexcept nogil:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


cdef inline double nearest_on_segment(
    const double* p, const double* a, const double* b, double best, double* place
) noexcept nogil:
    """Return the lesser of `best` and the squared distance of p to the segment; move `place`."""
    cdef double[3] along
    cdef double[3] offset
    cdef double t, length, squared = 0
    cdef int n
    for n in range(3):
        along[n] = b[n] - a[n]
        offset[n] = p[n] - a[n]
    length = dot(along, along)
    t = dot(along, offset) / length if length > 0 else 0
    t = min(max(t, 0.0), 1.0)
    for n in range(3):
        squared += (offset[n] - t * along[n]) ** 2
    if squared < best:
        for n in range(3):
            place[n] = a[n] + t * along[n]
        return squared
    return best


cdef struct Triangle:
    double[3][3] corner
    double[3] normal  # of unit length, or 0 where the triangle has no area
    double[3] to_b  # dual basis: dot(p - a, to_b) is the weight of b
    double[3] to_c


cdef void prepare(
    const double[:, ::1] vertices, const int[:, ::1] faces, Py_ssize_t f, Triangle* t
) noexcept nogil:
    cdef double[3] u
    cdef double[3] v
    cdef double[3] n
    cdef double area
    cdef int x, y, z
    for x in range(3):
        for y in range(3):
            t.corner[y][x] = vertices[faces[f, y], x]
        u[x] = t.corner[1][x] - t.corner[0][x]
        v[x] = t.corner[2][x] - t.corner[0][x]
    for x in range(3):
        y, z = (x + 1) % 3, (x + 2) % 3
        n[x] = u[y] * v[z] - u[z] * v[y]
    area = sqrt(dot(n, n))
    # Slivers whose area is rounding noise count as their edges.
    if area <= 1e-12 * (dot(u, u) + dot(v, v)):
        for x in range(3):
            t.normal[x] = 0
        return
    for x in range(3):
        t.normal[x] = n[x] / area
    for x in range(3):
        y, z = (x + 1) % 3, (x + 2) % 3
        t.to_b[x] = (v[y] * t.normal[z] - v[z] * t.normal[y]) / area
        t.to_c[x] = (t.normal[y] * u[z] - t.normal[z] * u[y]) / area


cdef inline double nearest_on_triangle(
    const double* p, const Triangle* t, double best, double* place
) noexcept nogil:
    """Return the lesser of `best` and the squared distance of p to the triangle; move `place`."""
    cdef double[3] offset
    cdef double height, b, c
    cdef int n
    if t.normal[0] != 0 or t.normal[1] != 0 or t.normal[2] != 0:
        for n in range(3):
            offset[n] = p[n] - t.corner[0][n]
        height = dot(offset, t.normal)
        if height * height >= best:
            return best
        b = dot(offset, t.to_b)
        c = dot(offset, t.to_c)
        if b >= 0 and c >= 0 and b + c <= 1:
            for n in range(3):
                place[n] = p[n] - height * t.normal[n]
            return height * height
    best = nearest_on_segment(p, t.corner[0], t.corner[1], best, place)
    best = nearest_on_segment(p, t.corner[1], t.corner[2], best, place)
    return nearest_on_segment(p, t.corner[2], t.corner[0], best, place)
