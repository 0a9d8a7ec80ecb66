# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Look-ups in feature maps, depthwise convolutions, and the gradients of both.

Private: see onet_cli.models.look_up and onet_cli.models.depthwise, which call them.
"""

from libc.stdlib cimport calloc, free


cdef extern from "maps.h" nogil:
    cdef struct look_ups "look_up":
        Py_ssize_t samples, side, width, points, shares
        const float *cells
        const float *positions
        float per_cell
        float *out
        const float *gradient
        float *by_cells
        float *by_positions
    cdef struct depthwise:
        Py_ssize_t samples, height, width, channels, rows, columns
        Py_ssize_t kernel, stride, top, left, shares
        const float *input
        float *out
        const float *gradient
        const float *weight
        float *by_input
        double *by_weight
    void look_up_share(const void *, Py_ssize_t) noexcept
    void look_up_gradient_share(const void *, Py_ssize_t) noexcept
    void depthwise_share(const void *, Py_ssize_t) noexcept
    void depthwise_gradient_share(const void *, Py_ssize_t) noexcept
    void share_out(void (*)(const void *, Py_ssize_t) noexcept, const void *, Py_ssize_t) noexcept
    int threads() noexcept


cdef look_ups place(
    const float[:, :, :, ::1] cells, const float[:, :, ::1] positions, float per_cell
) noexcept:
    cdef look_ups task
    task.samples, task.side, task.width = cells.shape[0], cells.shape[1], cells.shape[3]
    task.points, task.per_cell = positions.shape[1], per_cell
    task.shares = min(threads(), task.samples)
    task.cells, task.positions = &cells[0, 0, 0, 0], &positions[0, 0, 0]
    task.out, task.gradient, task.by_cells, task.by_positions = NULL, NULL, NULL, NULL
    return task


def look_up(
    const float[:, :, :, ::1] cells,
    const float[:, :, ::1] positions,
    float per_cell,
    float[:, :, ::1] out,
):
    """Write into `out` (B, K, T) the features of `cells` (B, P, P, K) at `positions` (B, T, 2).

    Positions are along rows and from row to row, from the map's centre; a unit of length is
    `per_cell` cells. None of the sizes is 0.
    """
    cdef look_ups task = place(cells, positions, per_cell)
    task.out = &out[0, 0, 0]
    with nogil:
        share_out(look_up_share, &task, task.shares)


def look_up_gradient(
    const float[:, :, :, ::1] cells,
    const float[:, :, ::1] positions,
    float per_cell,
    const float[:, :, ::1] gradient,
    float[:, :, :, ::1] by_cells,
    float[:, :, ::1] by_positions,
):
    """Add to `by_cells` (B, P, P, K) the gradient of `look_up` with the gradient (B, K, T) of `out`.

    And write that by the positions into `by_positions` (B, T, 2), unless it is None.
    """
    cdef look_ups task = place(cells, positions, per_cell)
    task.gradient, task.by_cells = &gradient[0, 0, 0], &by_cells[0, 0, 0, 0]
    if by_positions is not None:
        task.by_positions = &by_positions[0, 0, 0]
    with nogil:
        share_out(look_up_gradient_share, &task, task.shares)


cdef depthwise convolution(
    const float[:, :, :, ::1] given,
    Py_ssize_t rows,
    Py_ssize_t columns,
    const float[:, :, ::1] weight,
    Py_ssize_t stride,
    Py_ssize_t top,
    Py_ssize_t left,
) noexcept:
    cdef depthwise task
    task.samples, task.height = given.shape[0], given.shape[1]
    task.width, task.channels = given.shape[2], given.shape[3]
    task.rows, task.columns, task.kernel = rows, columns, weight.shape[0]
    task.stride, task.top, task.left = stride, top, left
    task.shares = min(threads(), task.samples)
    task.input, task.weight = &given[0, 0, 0, 0], &weight[0, 0, 0]
    task.out, task.gradient, task.by_input, task.by_weight = NULL, NULL, NULL, NULL
    return task


def depthwise_convolution(
    const float[:, :, :, ::1] given,
    const float[:, :, ::1] weight,
    Py_ssize_t stride,
    Py_ssize_t top,
    Py_ssize_t left,
    float[:, :, :, ::1] out,
):
    """Write into `out` (B, R, S, C) the convolution of `given` (B, H, W, C) by `weight` (k, k, C).

    Each channel has a kernel of its own. `top` rows and `left` columns of zeros are added to
    `given`, and below and to the right as many as R and S need. `stride` is that in both
    directions. None of the sizes is 0.
    """
    cdef depthwise task = convolution(
        given, out.shape[1], out.shape[2], weight, stride, top, left
    )
    task.out = &out[0, 0, 0, 0]
    with nogil:
        share_out(depthwise_share, &task, task.shares)


def depthwise_gradient(
    const float[:, :, :, ::1] given,
    const float[:, :, :, ::1] gradient,
    const float[:, :, ::1] weight,
    Py_ssize_t stride,
    Py_ssize_t top,
    Py_ssize_t left,
    float[:, :, :, ::1] by_given,
    float[:, :, ::1] by_weight,
):
    """Write the gradients of `depthwise_convolution`, `gradient` (B, R, S, C) being that by its out.

    `by_given` is (B, H, W, C), `by_weight` (k, k, C); the others are as there.
    """
    cdef depthwise task = convolution(
        given, gradient.shape[1], gradient.shape[2], weight, stride, top, left
    )
    cdef Py_ssize_t size = weight.shape[0] * weight.shape[1] * weight.shape[2], i, share
    cdef float *out = &by_weight[0, 0, 0]
    cdef double total
    task.gradient, task.by_input = &gradient[0, 0, 0, 0], &by_given[0, 0, 0, 0]
    task.by_weight = <double *>calloc(task.shares * size, sizeof(double))
    if task.by_weight == NULL:
        raise MemoryError
    with nogil:
        share_out(depthwise_gradient_share, &task, task.shares)
        for i in range(size):
            total = 0
            for share in range(task.shares):
                total += task.by_weight[share * size + i]
            out[i] = total
    free(task.by_weight)
