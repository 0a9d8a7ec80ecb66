# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Look-ups in volumes. Private: call onet_cli.reconstruction.profile_change."""


cdef inline Py_ssize_t cell_of(double place, Py_ssize_t count, double *part) noexcept nogil:
    """Return the cell of `place` between 0 and `count` - 1, and write where in it."""
    cdef Py_ssize_t cell
    if not place > 0:
        place = 0
    if place > count - 1:
        place = count - 1
    cell = <Py_ssize_t>place
    if cell > count - 2:
        cell = count - 2
    part[0] = place - cell
    return cell


def sample(const float[:, :, :, ::1] volume, const double[:, ::1] places, double[:, ::1] out):
    """Write into `out` (N, K) the values of `volume` (R, C, D, K) at `places` (N, 3), trilinearly.

    Places are row, column and layer; those outside are moved to the border. R, C and D are at
    least 2.
    """
    cdef Py_ssize_t rows = volume.shape[0], columns = volume.shape[1], layers = volume.shape[2]
    cdef Py_ssize_t kinds = volume.shape[3], n, i, j, d, k, corner
    cdef double down, right, near, weight
    cdef const float *value
    with nogil:
        for n in range(places.shape[0]):
            i = cell_of(places[n, 0], rows, &down)
            j = cell_of(places[n, 1], columns, &right)
            d = cell_of(places[n, 2], layers, &near)
            for k in range(kinds):
                out[n, k] = 0
            for corner in range(8):
                weight = down if corner & 4 else 1 - down
                weight *= right if corner & 2 else 1 - right
                weight *= near if corner & 1 else 1 - near
                value = &volume[i + (corner >> 2), j + (corner >> 1 & 1), d + (corner & 1), 0]
                for k in range(kinds):
                    out[n, k] += weight * value[k]
