"""Vectors, face normals and quadrics in plain doubles, included by simplify.pyx.

A quadric is ten numbers, xx xy xz yy yz zz, x y z and a constant: a sum of weighted squared
distances to planes. Source: Garland & Heckbert, SIGGRAPH 1997.
"""

cdef double SINGULAR = 1e-8  # least determinant to solve with, for a quadric of unit mean diagonal


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


cdef double face_normal(
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


cdef void add_plane(
    double* quadric, const double* normal, const double* point, double weight
) noexcept nogil:
    """Add `weight` times the squared distance to a plane, `normal` of unit length."""
    cdef double offset = -dot(normal, point)
    quadric[0] += weight * normal[0] * normal[0]
    quadric[1] += weight * normal[0] * normal[1]
    quadric[2] += weight * normal[0] * normal[2]
    quadric[3] += weight * normal[1] * normal[1]
    quadric[4] += weight * normal[1] * normal[2]
    quadric[5] += weight * normal[2] * normal[2]
    quadric[6] += weight * normal[0] * offset
    quadric[7] += weight * normal[1] * offset
    quadric[8] += weight * normal[2] * offset
    quadric[9] += weight * offset * offset


cdef inline void slope(const double* q, const double* p, double* result) noexcept nogil:
    """Write the product of the quadric's matrix with `p`."""
    result[0] = q[0] * p[0] + q[1] * p[1] + q[2] * p[2]
    result[1] = q[1] * p[0] + q[3] * p[1] + q[4] * p[2]
    result[2] = q[2] * p[0] + q[4] * p[1] + q[5] * p[2]


cdef inline double evaluate(const double* q, const double* p) noexcept nogil:
    cdef double[3] product
    slope(q, p, product)
    return dot(product, p) + 2 * dot(&q[6], p) + q[9]


cdef bint solve(const double* q, double* p) noexcept nogil:
    """Write the point of least error to `p`; return False where it is not well determined."""
    cdef double a = q[3] * q[5] - q[4] * q[4]
    cdef double b = q[2] * q[4] - q[1] * q[5]
    cdef double c = q[1] * q[4] - q[2] * q[3]
    cdef double d = q[0] * q[5] - q[2] * q[2]
    cdef double e = q[1] * q[2] - q[0] * q[4]
    cdef double f = q[0] * q[3] - q[1] * q[1]
    cdef double determinant = q[0] * a + q[1] * b + q[2] * c
    cdef double scale = (q[0] + q[3] + q[5]) / 3
    if not determinant > SINGULAR * scale * scale * scale:
        return False
    p[0] = -(a * q[6] + b * q[7] + c * q[8]) / determinant
    p[1] = -(b * q[6] + d * q[7] + e * q[8]) / determinant
    p[2] = -(c * q[6] + e * q[7] + f * q[8]) / determinant
    return True
