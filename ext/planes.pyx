# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Points through feature planes. Private: call onet_cli.models.plane_points instead."""

from libc.stdlib cimport free, malloc


cdef extern from "planes.h" nogil:
    enum:
        SPANNED
        SEEN
        MOST_PLANES
    cdef struct plane:
        Py_ssize_t side
        float per_cell
        const float *cells
    cdef struct sight:
        float sine, cosine, kappa, half_edge, reach, farthest, least_depth
        float normal_x, normal_z, offset, deepest
    cdef struct planes:
        Py_ssize_t width
        int count
        plane planes[6]
        sight sight
        float bias_out
        const float *shift
        const float *of_point
        const float *weight_0
        const float *bias_0
        const float *weight_1
        const float *bias_1
        const float *weight_out
    ctypedef void (*Decode)(const planes *, const float *, Py_ssize_t, float *, float *) noexcept nogil
    Decode choose(int widest)
    enum:
        MOST_ROWS
        WIDTHS


WIDTH_STEP = WIDTHS
"""Every width H has to be a multiple of this."""


def is_possible(int widest=16):
    """Return whether this processor has registers for the kernel, of `widest` floats at most."""
    return choose(widest) != NULL


def decode(
    const float[:, :, :, ::1] cells,
    const float[::1] shift,
    const float[:, ::1] of_point,
    const float[:, :, ::1] weights,
    const float[:, ::1] biases,
    const float[::1] weight_out,
    float bias_out,
    float edge,
    const float[:, ::1] points,
    float[::1] logits,
    int widest=16,
    const float[:, :, :, ::1] local=None,
    tuple look=None,
    const float[:, :, ::1] facing=None,
    tuple mirror=None,
):
    """Write into `logits` (N,) the decoder's at `points` (N, 3) of the cube with `edge`.

    `cells` (3, P, P, H), `shift` (H,) and `of_point` (3, H) are the first layer, `weights`
    (2, H, H) and `biases` (2, H) the residual block, `weight_out` (H,) and `bias_out` the last
    layer. `widest` is the most floats that a register may have: 16 (AVX-512) or 8 (AVX2).

    With `local` (1, S, S, H), cells of the picture from -1 to 1, `of_point` is (4, H), the last row
    for how near a point is; `look` is then sine and cosine of the elevation, kappa, and REACH,
    FARTHEST and LEAST_DEPTH of onet_cli.models.frame.

    With `facing` (P, P, H), the first plane's cells for mirror images, `local` is (2, S, S, H), the
    second for these, and `of_point` (8, H); `mirror` is then cosine and sine of the plane's angle, and
    its offset.
    """
    cdef planes net
    cdef float *room
    cdef Py_ssize_t side = cells.shape[1]
    cdef int k
    net.width, net.bias_out, net.count = cells.shape[3], bias_out, SPANNED
    for k in range(SPANNED):
        net.planes[k] = plane(side, side / edge, &cells[k, 0, 0, 0])
    if local is not None:
        net.count = SEEN
        side = local.shape[1]
        net.planes[SPANNED] = plane(side, side / <float>2, &local[0, 0, 0, 0])
        net.sight.half_edge = edge / 2
        net.sight.sine, net.sight.cosine, net.sight.kappa = look[:3]
        net.sight.reach, net.sight.farthest, net.sight.least_depth = look[3:]
    if facing is not None:
        net.count = MOST_PLANES
        net.planes[SEEN] = plane(cells.shape[1], cells.shape[1] / edge, &facing[0, 0, 0])
        net.planes[SEEN + 1] = plane(side, side / <float>2, &local[1, 0, 0, 0])
        net.sight.normal_x, net.sight.normal_z, net.sight.offset = mirror
        net.sight.deepest = look[3] * look[4] / (1 - look[4] ** 4) ** 0.25
    net.shift, net.of_point = &shift[0], &of_point[0, 0]
    net.weight_0, net.weight_1 = &weights[0, 0, 0], &weights[1, 0, 0]
    net.bias_0, net.bias_1 = &biases[0, 0], &biases[1, 0]
    net.weight_out = &weight_out[0]
    if points.shape[0] == 0:
        return
    room = <float *>malloc(3 * MOST_ROWS * net.width * sizeof(float))
    if room == NULL:
        raise MemoryError
    try:
        with nogil:
            choose(widest)(&net, &points[0, 0], points.shape[0], room, &logits[0])
    finally:
        free(room)
