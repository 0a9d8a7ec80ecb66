# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Random order of samples. Private: call onet_cli.shapes.shuffle."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy


cdef extern from *:
    """
    #include <stdint.h>
    /* The public interface of numpy's bit generators, numpy/random/bitgen.h. */
    typedef struct {
        void *state;
        uint64_t (*next_uint64)(void *state);
        uint32_t (*next_uint32)(void *state);
        double (*next_double)(void *state);
        uint64_t (*next_raw)(void *state);
    } random_bits;
    """
    ctypedef struct random_bits:
        void *state
        uint32_t (*next_uint32)(void *) noexcept nogil


cdef void draw_partners(random_bits *bits, uint32_t *partner, uint32_t last) noexcept nogil:
    """Write at `i` = 1 to `last` of `partner` one of 0 to i, each as likely, from the last on.

    As many bits as i has, drawn again where they are more than i. Whether they are is not
    predictable, so nothing branches on it.
    """
    cdef uint32_t i = last, mask = 1, value
    while mask < last:
        mask = mask << 1 | 1
    while i > 0:
        while i > mask >> 1:
            value = bits.next_uint32(bits.state) & mask
            partner[i] = value
            i -= value <= i
        mask >>= 1


def permute(capsule, uint32_t[::1] order, uint32_t[::1] partner):
    """Write a random permutation of 0 to N - 1 into `order` (N,), N < 2^32.

    `capsule` is that of a bit generator, whose lock the caller holds; `partner` (N,) is room to
    work in. The bits drawn, and the permutation, are those of numpy's `Generator.permutation`,
    whose numbers are twice as wide and do not stay in the cache.

    Source: Durstenfeld, "Algorithm 235: random permutation", CACM 1964.
    """
    cdef random_bits *bits = <random_bits *>PyCapsule_GetPointer(capsule, "BitGenerator")
    cdef Py_ssize_t count = order.shape[0], i
    cdef uint32_t held
    with nogil:
        for i in range(count):
            order[i] = <uint32_t>i
        if count > 1:
            draw_partners(bits, &partner[0], <uint32_t>count - 1)
        for i in range(count - 1, 0, -1):
            held = order[partner[i]]
            order[partner[i]] = order[i]
            order[i] = held


def take(const uint8_t[:, ::1] rows, const uint32_t[::1] order, uint8_t[:, ::1] out):
    """Write row order[i] of `rows` (N, W) into row i of `out` (M, W)."""
    cdef Py_ssize_t count = order.shape[0], width = rows.shape[1], i
    cdef const uint8_t *source
    cdef uint8_t *target
    if count == 0 or width == 0:
        return
    source, target = &rows[0, 0], &out[0, 0]
    with nogil:
        if width == 1:
            for i in range(count):
                target[i] = source[order[i]]
        elif width == 6:  # three numbers in half precision
            for i in range(count):
                memcpy(target + 6 * i, source + 6 * <Py_ssize_t>order[i], 6)
        else:
            for i in range(count):
                memcpy(target + width * i, source + width * order[i], width)
