"""Which cells a triangle meets, by separating axes: included by voxelize.pyx."""

cdef struct Triangle:
    double[9] corners  # x, y, z of each
    double[3] normal
    double offset  # a cell meets the plane if |normal . centre - offset| <= reach
    double reach
    double[9] along  # edge n x unit vector of `axis` at 3 * axis + n: a cell is not parted if
    double[9] across  # lower <= along * centre[axis + 2] - across * centre[axis + 1] <= upper
    double[9] lower
    double[9] upper


cdef void find_axes(Triangle* t) noexcept nogil:
    """Fill in all but the corners."""
    cdef int axis, n, u, v, m
    cdef double p, q, reach
    for axis in range(3):
        u = (axis + 1) % 3
        v = (axis + 2) % 3
        for n in range(3):
            m = 3 * ((n + 1) % 3)
            t.along[3 * axis + n] = t.corners[m + u] - t.corners[3 * n + u]
            t.across[3 * axis + n] = t.corners[m + v] - t.corners[3 * n + v]
        t.normal[axis] = (
            t.along[3 * axis] * t.across[3 * axis + 1] - t.across[3 * axis] * t.along[3 * axis + 1]
        )
        for n in range(3):
            m = 3 * ((n + 2) % 3)  # the corner beside the edge; both its ends give the same
            p = t.along[3 * axis + n] * t.corners[3 * n + v]
            p -= t.across[3 * axis + n] * t.corners[3 * n + u]
            q = t.along[3 * axis + n] * t.corners[m + v] - t.across[3 * axis + n] * t.corners[m + u]
            reach = fabs(t.along[3 * axis + n]) + fabs(t.across[3 * axis + n])
            reach *= 0.5 + TOUCH
            t.lower[3 * axis + n] = min(p, q) - reach
            t.upper[3 * axis + n] = max(p, q) + reach
    t.offset = (
        t.normal[0] * t.corners[0] + t.normal[1] * t.corners[1] + t.normal[2] * t.corners[2]
    )
    t.reach = fabs(t.normal[0]) + fabs(t.normal[1]) + fabs(t.normal[2])
    t.reach *= 0.5 + TOUCH


cdef inline bint parted(const Triangle* t, int axis, double cu, double cv) noexcept nogil:
    """Return whether an edge parts triangle and cell in the view along `axis`.

    `cu` and `cv` are the cell's centre on the two axes that follow.
    """
    cdef int n
    cdef double place
    for n in range(3 * axis, 3 * axis + 3):
        place = t.along[n] * cv - t.across[n] * cu
        if place < t.lower[n] or place > t.upper[n]:
            return True
    return False


cdef inline void row_span(const Triangle* t, int axis, double cu, double* span) noexcept nogil:
    """Write to `span` between which `cv` no edge may part the triangle and the cells of a row."""
    cdef int n
    cdef double a, b, shift, rounding
    span[0] = -INFINITY
    span[1] = INFINITY
    for n in range(3 * axis, 3 * axis + 3):
        if t.along[n] == 0:
            continue  # says nothing here; `parted` asks it for each cell
        shift = t.across[n] * cu
        rounding = 1e-14 * (fabs(t.lower[n]) + fabs(t.upper[n]) + fabs(shift))
        a = (t.lower[n] + shift - rounding) / t.along[n]
        b = (t.upper[n] + shift + rounding) / t.along[n]
        span[0] = max(span[0], min(a, b) - SLACK)
        span[1] = min(span[1], max(a, b) + SLACK)
