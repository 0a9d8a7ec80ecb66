"""Vectors and quadrics in plain doubles, included by simplify.pyx.

A quadric is ten numbers about a point o: the error at o + d is d.A.d + 2 g.d + c, A being the
numbers 0 to 5 (xx xy xz yy yz zz), g 6 to 8 and c 9. It is a sum of squared distances to planes,
weighted by area, so the trace of A is the area. Kept about its own vertex, it loses no digits
however flat the surface is. Source: Garland & Heckbert, SIGGRAPH 1997.
"""

cdef double TINY = 1e-200  # an area whose share STIFFNESS is still a number to divide by


cdef inline double dot(const double* a, const double* b) noexcept nogil:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


cdef inline void subtract(const double* a, const double* b, double* difference) noexcept nogil:
    difference[0] = a[0] - b[0]
    difference[1] = a[1] - b[1]
    difference[2] = a[2] - b[2]


cdef inline void cross(const double* a, const double* b, double* product) noexcept nogil:
    product[0] = a[1] * b[2] - a[2] * b[1]
    product[1] = a[2] * b[0] - a[0] * b[2]
    product[2] = a[0] * b[1] - a[1] * b[0]


cdef inline double face_normal(
    const double* a, const double* b, const double* c, double* normal
) noexcept nogil:
    """Write the normal, as long as twice the area, and return the longest edge squared."""
    cdef double[3] ab
    cdef double[3] ac
    cdef double[3] bc
    subtract(b, a, ab)
    subtract(c, a, ac)
    subtract(c, b, bc)
    cross(ab, ac, normal)
    return max(dot(ab, ab), max(dot(ac, ac), dot(bc, bc)))


cdef inline void add_plane(double* q, const double* normal, double weight) noexcept nogil:
    """Add `weight` times the squared distance to a plane through the quadric's own point."""
    q[0] += weight * normal[0] * normal[0]
    q[1] += weight * normal[0] * normal[1]
    q[2] += weight * normal[0] * normal[2]
    q[3] += weight * normal[1] * normal[1]
    q[4] += weight * normal[1] * normal[2]
    q[5] += weight * normal[2] * normal[2]


cdef inline void apply(const double* q, const double* d, double* product) noexcept nogil:
    """Write the product of the quadric's matrix with `d`."""
    product[0] = q[0] * d[0] + q[1] * d[1] + q[2] * d[2]
    product[1] = q[1] * d[0] + q[3] * d[1] + q[4] * d[2]
    product[2] = q[2] * d[0] + q[4] * d[1] + q[5] * d[2]


cdef inline double error(const double* q, const double* d) noexcept nogil:
    cdef double[3] product
    apply(q, d, product)
    return q[9] + 2 * dot(&q[6], d) + dot(product, d)


cdef inline void shift(const double* q, const double* d, double* shifted) noexcept nogil:
    """Write the quadric `q` about the point `d` away from its own."""
    cdef double[3] product
    cdef int n
    apply(q, d, product)
    for n in range(6):
        shifted[n] = q[n]
    for n in range(3):
        shifted[6 + n] = q[6 + n] + product[n]
    shifted[9] = error(q, d)


cdef inline void least(const double* q, double stiffness, double* d) noexcept nogil:
    """Write where the error plus `stiffness` times the squared distance moved is least.

    Elimination with the greatest pivot first; what is left after it is never below `stiffness`,
    so that where the error does not determine a direction, nothing moves along it.
    """
    cdef double xx = q[0] + stiffness
    cdef double yy = q[3] + stiffness
    cdef double zz = q[5] + stiffness
    cdef double[3][3] m = [[xx, q[1], q[2]], [q[1], yy, q[4]], [q[2], q[4], zz]]
    cdef const double* g = &q[6]
    cdef int i = 0
    cdef int j, k
    cdef double over_j, over_k, jj, jk, kk, at_j, at_k
    if m[1][1] > m[i][i]:
        i = 1
    if m[2][2] > m[i][i]:
        i = 2
    j = (i + 1) % 3
    k = (i + 2) % 3
    d[0] = d[1] = d[2] = 0
    if not m[i][i] > TINY:
        return
    if m[j][j] - m[i][j] * m[i][j] / m[i][i] < m[k][k] - m[i][k] * m[i][k] / m[i][i]:
        j, k = k, j
    over_j = m[i][j] / m[i][i]
    over_k = m[i][k] / m[i][i]
    jj = max(m[j][j] - over_j * m[i][j], stiffness)
    jk = m[j][k] - over_j * m[i][k]
    kk = max(m[k][k] - over_k * m[i][k] - jk * jk / jj, stiffness)
    at_j = over_j * g[i] - g[j]
    at_k = over_k * g[i] - g[k]
    d[k] = (at_k - jk / jj * at_j) / kk
    d[j] = (at_j - jk * d[k]) / jj
    d[i] = -g[i] / m[i][i] - over_j * d[j] - over_k * d[k]
