# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Passes over the rows of a batch. Private: see onet_cli.models.fused, which calls them."""

from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset


cdef extern from "rows.h" nogil:
    cdef struct passes "pass":
        void (*work)(const passes *, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
        Py_ssize_t rows, width, shares, of_a_sample
        const float *x
        const float *factors
        const float *offsets
        const float *slope
        const float *level
        const float *active
        const float *other
        float *out
        double *sums
        float *room
    void c_activate "activate"(const passes *, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    void c_add "add"(const passes *, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    void c_mask "mask"(const passes *, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    void c_combine "combine"(const passes *, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    void c_moments "moments"(const passes *, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    void join(double *, double *, double, double, double, double) noexcept
    void run(const passes *) noexcept
    Py_ssize_t start_of(const passes *, Py_ssize_t) noexcept
    Py_ssize_t count_shares(Py_ssize_t) noexcept
    int threads() noexcept


def count_threads():
    """Return how many threads a pass over many rows runs on: as many as torch's, or 1."""
    return threads()


cdef passes plan(Py_ssize_t rows, Py_ssize_t width) noexcept nogil:
    cdef passes made
    memset(&made, 0, sizeof(made))
    made.rows, made.width, made.of_a_sample = rows, width, rows
    made.shares = count_shares(rows * width)
    return made


cdef int make_room(passes *given) except -1 nogil:
    """Allocate what sums need; `drop_room` takes it back, after a failure too."""
    cdef size_t numbers = 2 * given.shares * given.width
    given.sums = <double *>calloc(numbers, sizeof(double))
    given.room = <float *>malloc(numbers * sizeof(float))
    if given.sums == NULL or given.room == NULL:
        with gil:
            raise MemoryError
    return 0


cdef void drop_room(passes *given) noexcept nogil:
    free(given.sums)
    free(given.room)


def moments(const float[:, ::1] rows, double[::1] mean, double[::1] variance):
    """Write into `mean` and `variance` (H,) those of each column of `rows` (N, H), N > 0."""
    cdef passes given = plan(rows.shape[0], rows.shape[1])
    cdef Py_ssize_t width = rows.shape[1], share, k, first, count
    given.work, given.x = c_moments, &rows[0, 0]
    try:
        make_room(&given)
        with nogil:
            run(&given)
            for share in range(1, given.shares):
                first = start_of(&given, share)
                count = start_of(&given, share + 1) - first
                for k in range(width):
                    join(
                        &given.sums[k], &given.sums[width + k], first, count,
                        given.sums[2 * share * width + k], given.sums[(2 * share + 1) * width + k],
                    )
            for k in range(width):
                mean[k] = given.sums[k]
                variance[k] = given.sums[width + k] / rows.shape[0]
    finally:
        drop_room(&given)


def activate(
    const float[:, :, ::1] x,
    const float[:, ::1] factors,
    const float[:, ::1] offsets,
    Py_ssize_t sample,
    Py_ssize_t start,
    Py_ssize_t stop,
    float[:, ::1] out,
):
    """Write relu(factor x + offset) of a sample's rows from `start` to `stop` into `out`.

    `x` is (B, T, H), `factors` and `offsets` are (B, H), `out` is (at least stop - start, H).
    """
    cdef passes given = plan(stop - start, x.shape[2])
    given.work, given.x, given.out = c_activate, &x[sample, start, 0], &out[0, 0]
    given.factors, given.offsets = &factors[sample, 0], &offsets[sample, 0]
    with nogil:
        run(&given)


def add(
    float[:, :, ::1] out,
    const float[::1] level,
    const float[:, :, ::1] other,
    Py_ssize_t sample,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """Add `level` (H,), and `other` if it is not None, to a sample's rows from `start` to `stop`.

    `out` and `other` are (B, T, H).
    """
    cdef passes given = plan(stop - start, out.shape[2])
    given.work, given.out, given.level = c_add, &out[sample, start, 0], &level[0]
    if other is not None:
        given.other = &other[sample, start, 0]
    with nogil:
        run(&given)


def mask(
    float[:, :, ::1] gradient,
    const float[:, ::1] active,
    const float[:, :, ::1] x,
    Py_ssize_t sample,
    Py_ssize_t start,
    Py_ssize_t stop,
    float[:, ::1] sums,
    float[:, ::1] products,
):
    """Set to 0 a sample's `gradient` in rows `start` to `stop` where `active` is 0.

    `active` holds those rows alone, `gradient` and `x` are (B, T, H). Adds the rows of what is left
    to `sums` (B, H), and those of it times `x` to `products` (B, H).
    """
    cdef passes given = plan(stop - start, x.shape[2])
    cdef Py_ssize_t width = x.shape[2], share, k
    given.work, given.x, given.active = c_mask, &x[sample, start, 0], &active[0, 0]
    given.out = &gradient[sample, start, 0]
    try:
        make_room(&given)
        with nogil:
            run(&given)
            for share in range(given.shares):
                for k in range(width):
                    sums[sample, k] += <float>given.sums[2 * share * width + k]
                    products[sample, k] += <float>given.sums[(2 * share + 1) * width + k]
    finally:
        drop_room(&given)


def combine(
    float[:, :, ::1] gradient,
    const float[:, :, ::1] x,
    const float[:, :, ::1] other,
    const float[:, ::1] factors,
    const float[::1] slope,
    const float[::1] level,
):
    """Put factor gradient + slope x + level + other in the place of `gradient`.

    `gradient`, `x` and `other`, if it is not None, are (B, T, H); `factors` is (B, H), `slope` and
    `level` are (H,).
    """
    cdef passes given = plan(x.shape[0] * x.shape[1], x.shape[2])
    given.work, given.of_a_sample = c_combine, x.shape[1]
    given.x, given.out, given.factors = &x[0, 0, 0], &gradient[0, 0, 0], &factors[0, 0]
    given.slope, given.level = &slope[0], &level[0]
    if other is not None:
        given.other = &other[0, 0, 0]
    with nogil:
        run(&given)
