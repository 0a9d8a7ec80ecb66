"""Signs of determinants of points, exact: included by inside.pyx.

Products and sums of doubles are kept whole as sums of doubles that do not overlap. Source:
Shewchuk, Adaptive Precision Floating-Point Arithmetic, Discrete & Computational Geometry 1997.
Needs -ffp-contract=off, and coordinates between 1e-90 and 1e100 in size, or 0: what is smaller may
count as 0.
"""

from libc.math cimport fabs

cdef extern from *:
    """
    static const double ROUNDING = 1.1102230246251565e-16;  /* 2^-53, the relative error of one */
    static const double SPLITTER = 134217729.0;             /* 2^27 + 1, halves a double's digits */
    static const double ROUNDING_TWICE = 1.2e-29;           /* 2^-96, far above that of Double2 */
    """
    const double ROUNDING
    const double ROUNDING_TWICE
    const double SPLITTER

cdef enum:
    MOST_TERMS = 96  # four determinants of six products of three factors, four doubles each


cdef struct Sum:
    int length
    double[MOST_TERMS] terms  # by rising size, without overlap


cdef inline void add(Sum* total, double value) noexcept nogil:
    cdef double old, rounded, shadow
    cdef int n, kept = 0
    for n in range(total.length):
        old = total.terms[n]
        rounded = value + old
        shadow = rounded - value
        old = (value - (rounded - shadow)) + (old - shadow)  # what the rounding lost
        if old != 0:
            total.terms[kept] = old
            kept += 1
        value = rounded
    if value != 0:
        total.terms[kept] = value
        kept += 1
    total.length = kept


cdef inline double product(double a, double b, double* lost) noexcept nogil:
    """Return the rounded product; `lost` becomes what the rounding lost."""
    cdef double rounded = a * b
    cdef double high_a = SPLITTER * a - (SPLITTER * a - a)
    cdef double high_b = SPLITTER * b - (SPLITTER * b - b)
    cdef double low_a = a - high_a, low_b = b - high_b
    lost[0] = low_a * low_b - (
        ((rounded - high_a * high_b) - low_a * high_b) - high_a * low_b
    )
    return rounded


cdef inline void add_product(Sum* total, double a, double b, double c) noexcept nogil:
    cdef double low, lost
    cdef double high = product(a, b, &low)
    cdef double rounded = product(low, c, &lost)
    add(total, lost)
    add(total, rounded)
    rounded = product(high, c, &lost)
    add(total, lost)
    add(total, rounded)


cdef void add_determinant(
    Sum* total, int sign, const double* a, const double* b, const double* c
) noexcept nogil:
    """Add `sign` times the determinant of the rows a, b, c."""
    add_product(total, sign * a[0], b[1], c[2])
    add_product(total, sign * a[1], b[2], c[0])
    add_product(total, sign * a[2], b[0], c[1])
    add_product(total, -sign * a[2], b[1], c[0])
    add_product(total, -sign * a[0], b[2], c[1])
    add_product(total, -sign * a[1], b[0], c[2])


cdef inline int sign_of(const Sum* total) noexcept nogil:
    if total.length == 0:
        return 0
    return 1 if total.terms[total.length - 1] > 0 else -1


cdef inline double difference(double a, double b, double* lost) noexcept nogil:
    """Return the rounded difference; `lost` becomes what the rounding lost."""
    cdef double rounded = a - b
    cdef double shadow = a - rounded
    lost[0] = (a - (rounded + shadow)) + (shadow - b)
    return rounded


cdef int turn(const double* a, const double* b, const double* c, int u, int v) noexcept nogil:
    """Return the side of the line a -> b on which c lies in the plane of the axes u and v.

    1 left, -1 right, 0 exactly on it.
    """
    cdef double[4] lost
    cdef double au = difference(a[u], c[u], &lost[0]), av = difference(a[v], c[v], &lost[1])
    cdef double bu = difference(b[u], c[u], &lost[2]), bv = difference(b[v], c[v], &lost[3])
    cdef double left = au * bv, right = av * bu
    cdef Sum total
    cdef double[3] p
    cdef double[3] q
    cdef double[3] r
    if fabs(left - right) > 4 * ROUNDING * (fabs(left) + fabs(right)):
        return 1 if left > right else -1
    if left == 0 and right == 0:
        return 0
    total.length = 0
    if lost[0] == 0 and lost[1] == 0 and lost[2] == 0 and lost[3] == 0:
        add_product(&total, au, bv, 1)
        add_product(&total, -av, bu, 1)
        return sign_of(&total)
    p[0] = a[u]
    p[1] = a[v]
    q[0] = b[u]
    q[1] = b[v]
    r[0] = c[u]
    r[1] = c[v]
    p[2] = q[2] = r[2] = 1
    add_determinant(&total, 1, p, q, r)
    return sign_of(&total)


cdef struct Double2:
    double high  # the rounded value
    double low  # what the rounding lost, itself rounded


cdef inline Double2 multiplied(Double2 a, Double2 b) noexcept nogil:
    cdef double lost
    cdef double high = product(a.high, b.high, &lost)
    lost += a.high * b.low + a.low * b.high
    return Double2(high + lost, lost - ((high + lost) - high))


cdef inline Double2 subtracted(Double2 a, Double2 b) noexcept nogil:
    cdef double lost
    cdef double high = difference(a.high, b.high, &lost)
    lost += a.low - b.low
    return Double2(high + lost, lost - ((high + lost) - high))


cdef int height_above(
    const double* a, const double* b, const double* c, const double* p
) noexcept nogil:
    """Return on which side of the plane of a, b, c the point p lies: 1 where they turn left.

    0 exactly on it. In doubles of twice the length where that is enough, about 2^-100 of the sizes.
    """
    cdef Double2[3] x
    cdef Double2[3] y
    cdef Double2[3] z
    cdef Double2 left, right, minor
    cdef Double2 volume = Double2(0, 0)
    cdef double spread = 0
    cdef Sum total
    cdef int n, u, v
    for n in range(3):
        x[n].high = difference(a[n], p[n], &x[n].low)
        y[n].high = difference(b[n], p[n], &y[n].low)
        z[n].high = difference(c[n], p[n], &z[n].low)
    for n in range(3):
        u = n + 1 if n < 2 else 0
        v = 3 - n - u
        left = multiplied(y[u], z[v])
        right = multiplied(y[v], z[u])
        minor = multiplied(x[n], subtracted(left, right))
        volume = subtracted(volume, minor)
        spread += fabs(x[n].high) * (fabs(left.high) + fabs(right.high))
    if spread == 0:
        return 0
    if fabs(volume.high) > ROUNDING_TWICE * spread:
        return 1 if volume.high > 0 else -1
    total.length = 0
    add_determinant(&total, 1, b, c, p)
    add_determinant(&total, -1, a, c, p)
    add_determinant(&total, 1, a, b, p)
    add_determinant(&total, -1, a, b, c)
    return sign_of(&total)
