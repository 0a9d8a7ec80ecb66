"""Numbering and storage of the octree of MISE; included by mise.pyx, whose head explains them."""

from libc.math cimport INFINITY, NAN, isinf, isnan

cdef enum:
    INSIDE = 1
    OUTSIDE = 2
    DIVIDED = 4

    BITS = 21
    LAST = (1 << 21) - 1

cdef float ASKED = 3.4028234663852886e38


cdef inline long long number(Py_ssize_t i, Py_ssize_t j, Py_ssize_t k) noexcept nogil:
    """Return the number of a grid point."""
    return (<long long>i << 2 * BITS) | (<long long>j << BITS) | k


cdef inline void split_number(
    long long point, Py_ssize_t* i, Py_ssize_t* j, Py_ssize_t* k
) noexcept nogil:
    """Write the grid point that has a number."""
    i[0] = point >> 2 * BITS
    j[0] = (point >> BITS) & LAST
    k[0] = point & LAST


cdef inline Py_ssize_t place(
    const long long[::1] starts,
    Py_ssize_t coarse,
    int depth,
    Py_ssize_t i,
    Py_ssize_t j,
    Py_ssize_t k,
) noexcept nogil:
    """Return where `values` holds the grid point, or -1 where its brick is not stored."""
    cdef Py_ssize_t mask = (1 << depth) - 1
    cdef Py_ssize_t side = coarse + 1
    cdef Py_ssize_t start = starts[((i >> depth) * side + (j >> depth)) * side + (k >> depth)]
    cdef Py_ssize_t offset = ((((i & mask) << depth) + (j & mask)) << depth) + (k & mask)
    if offset == 0 or start >= side * side * side:
        return start + offset
    return -1


cdef inline Py_ssize_t corner_of(
    Py_ssize_t cell, Py_ssize_t coarse, int depth, Py_ssize_t* i, Py_ssize_t* j, Py_ssize_t* k
) noexcept nogil:
    """Write the least grid point of a cell of any level; return the cell's edge in grid steps."""
    cdef Py_ssize_t cells = coarse
    cdef Py_ssize_t edge = 1 << depth
    while cell >= cells * cells * cells:
        cell -= cells * cells * cells
        cells *= 2
        edge //= 2
    i[0] = edge * (cell // (cells * cells))
    j[0] = edge * ((cell // cells) % cells)
    k[0] = edge * (cell % cells)
    return edge


cdef inline bint ask(float[::1] values, Py_ssize_t where) noexcept nogil:
    """Mark a guessed point as asked for; return whether it was not so before."""
    if not isinf(values[where]):
        return False
    values[where] = ASKED if values[where] > 0 else -ASKED
    return True
