# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""From triangle soup to a solid's field. Private: call onet_cli.geometry.solid_field instead.

All coordinates are in grid cells: the grid point (i, j, k) lies at (i, j, k). No surface comes
nearer to the faces of the grid than the widest neighbourhood looked at here.
"""

from libc.math cimport ceil, cos, fabs, floor, sin, sqrt
from libc.stdint cimport uint64_t

include "triangle.pxi"


cdef inline void narrow(
    double slope, double offset, double* low, double* high
) noexcept nogil:
    """Cut [low, high] down to where slope * x + offset >= 0."""
    if slope > 1e-9:
        low[0] = max(low[0], -offset / slope)
    elif slope < -1e-9:
        high[0] = min(high[0], -offset / slope)
    elif offset < -1e-6:
        high[0] = low[0] - 1


def measure_band(
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    double radius,
    float[:, :, ::1] squared,
    int[:, :, ::1] nearest,
):
    """Lower `squared`, squared distances, and set `nearest` at the grid points near a face.

    Exact for all points closer than `radius`. Of faces at the same distance the first one stays.
    """
    cdef Triangle t
    cdef Py_ssize_t[3] shape = [squared.shape[0], squared.shape[1], squared.shape[2]]
    cdef Py_ssize_t[3] q
    cdef double[3] p
    cdef double[3] place
    cdef double[3] low
    cdef double[3] high
    cdef double[3] eu
    cdef double[3] ev
    cdef double[3] ec
    cdef double length, reach, height, found, row_low, row_high, w_low, w_high, turn
    cdef Py_ssize_t f, iu, iv, iw, u_last, v_last, w_last
    cdef int u, v, w, n, after
    cdef float here
    with nogil:
        for f in range(faces.shape[0]):
            prepare(vertices, faces, f, &t)
            w = 0
            for n in range(3):
                low[n] = min(t.corner[0][n], min(t.corner[1][n], t.corner[2][n])) - radius
                high[n] = max(t.corner[0][n], max(t.corner[1][n], t.corner[2][n])) + radius
                low[n] = max(low[n], 0.0)
                high[n] = min(high[n], <double>(shape[n] - 1))
                if fabs(t.normal[n]) > fabs(t.normal[w]):
                    w = n
            u, v = (w + 1) % 3, (w + 2) % 3
            # Seen along w, a near point lies within `radius` of all three edges' inner sides.
            turn = 1 if t.normal[w] >= 0 else -1
            for n in range(3):
                after = (n + 1) % 3
                eu[n] = turn * (t.corner[n][v] - t.corner[after][v])
                ev[n] = turn * (t.corner[after][u] - t.corner[n][u])
                length = sqrt(eu[n] * eu[n] + ev[n] * ev[n])
                ec[n] = radius * length - eu[n] * t.corner[n][u] - ev[n] * t.corner[n][v]
            reach = radius / fabs(t.normal[w]) if t.normal[w] != 0 else 0
            u_last = <Py_ssize_t>floor(high[u])
            for iu in range(<Py_ssize_t>ceil(low[u]), u_last + 1):
                row_low = low[v]
                row_high = high[v]
                if t.normal[w] != 0:
                    for n in range(3):
                        narrow(ev[n], ec[n] + eu[n] * iu, &row_low, &row_high)
                v_last = <Py_ssize_t>floor(row_high)
                for iv in range(<Py_ssize_t>ceil(row_low), v_last + 1):
                    w_low = low[w]
                    w_high = high[w]
                    if t.normal[w] != 0:
                        height = t.normal[u] * (iu - t.corner[0][u])
                        height += t.normal[v] * (iv - t.corner[0][v])
                        height = t.corner[0][w] - height / t.normal[w]
                        w_low = max(w_low, height - reach)
                        w_high = min(w_high, height + reach)
                    w_last = <Py_ssize_t>floor(w_high)
                    q[u] = iu
                    q[v] = iv
                    p[u] = iu
                    p[v] = iv
                    for iw in range(<Py_ssize_t>ceil(w_low), w_last + 1):
                        q[w] = iw
                        p[w] = iw
                        here = squared[q[0], q[1], q[2]]
                        found = nearest_on_triangle(p, &t, here, place)
                        if <float>found < here:
                            squared[q[0], q[1], q[2]] = <float>found
                            nearest[q[0], q[1], q[2]] = <int>f


def measure_points(
    const double[:, ::1] points,
    const int[:, :, ::1] starts,
    double bucket,
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    double radius,
    double[::1] squared,
):
    """Lower `squared` (N,), squared distances of `points` (N, 3), where a face is near.

    Exact for points closer than `radius`. The points are sorted by the cubes of edge `bucket` in
    which they lie; those of a cube begin at its number in `starts` and end at the next one's.
    """
    cdef Triangle t
    cdef double[3] place
    cdef Py_ssize_t[3] low
    cdef Py_ssize_t[3] high
    cdef Py_ssize_t f, i, j, k, m
    cdef double least, most
    cdef int n
    cdef const int* start
    with nogil:
        for f in range(faces.shape[0]):
            prepare(vertices, faces, f, &t)
            for n in range(3):
                least = min(t.corner[0][n], min(t.corner[1][n], t.corner[2][n])) - radius
                most = max(t.corner[0][n], max(t.corner[1][n], t.corner[2][n])) + radius
                low[n] = <Py_ssize_t>max(floor(least / bucket), 0.0)
                # The last cube along z is where the last one before it ends.
                high[n] = <Py_ssize_t>min(floor(most / bucket), <double>(starts.shape[n] - 2))
            for i in range(low[0], high[0] + 1):
                for j in range(low[1], high[1] + 1):
                    start = &starts[i, j, 0]
                    for k in range(low[2], high[2] + 1):
                        for m in range(start[k], start[k + 1]):
                            squared[m] = nearest_on_triangle(&points[m, 0], &t, squared[m], place)


cdef inline void shift_row(
    const uint64_t* source, const uint64_t* blocked, Py_ssize_t words, int by, uint64_t* moved
) noexcept nogil:
    """Write what of the `source` bits, moved `by` -1, 0 or 1 bits, is not blocked.

    Each row has one word before its first and one after its last.
    """
    cdef Py_ssize_t n
    if by == 0:
        for n in range(words):
            moved[n] = source[n] & ~blocked[n]
    elif by == 1:
        for n in range(words):
            moved[n] = ((source[n] << 1) | (source[n - 1] >> 63)) & ~blocked[n]
    else:
        for n in range(words):
            moved[n] = ((source[n] >> 1) | (source[n + 1] << 63)) & ~blocked[n]


def sweep_view(
    const uint64_t[:, :, ::1] blocked,
    uint64_t[:, :, ::1] once,
    uint64_t[:, :, ::1] twice,
    uint64_t[:, :, ::1] rays,
    double slope,
    double bit_slope,
    bint backwards,
):
    """Mark in `once` what parallel rays meet before they meet `blocked`, or if it is, in `twice`.

    These are (layers, rows, words), 64 cells to a word. The rays go from layer to layer, backwards
    or not, and by `slope` rows and `bit_slope` cells, each of magnitude up to 1, per layer. All
    rays of a layer move together, 64 in one operation. `rays` (2, rows + 2, words + 2) is room to
    work and must hold ones all over: its frame is where rays come in from the sides.
    """
    cdef Py_ssize_t layers = blocked.shape[0], rows = blocked.shape[1], words = blocked.shape[2]
    cdef Py_ssize_t step, layer, row, word, at = 0, bit_at = 0, move, bit_move, now = 0
    cdef uint64_t* ray
    cdef uint64_t* first
    cdef uint64_t* second
    with nogil:
        for step in range(layers):
            layer = layers - 1 - step if backwards else step
            move = <Py_ssize_t>floor(step * slope + 0.5) - at
            bit_move = <Py_ssize_t>floor(step * bit_slope + 0.5) - bit_at
            at += move
            bit_at += bit_move
            for row in range(rows):
                ray = &rays[1 - now, row + 1, 1]
                shift_row(
                    &rays[now, row + 1 - move, 1], &blocked[layer, row, 0], words, <int>bit_move, ray
                )
                first = &once[layer, row, 0]
                second = &twice[layer, row, 0]
                for word in range(words):
                    second[word] |= first[word] & ray[word]
                    first[word] |= ray[word]
            now = 1 - now


def open_cavities(
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    const int[:, :, ::1] nearest,
    double most_behind,
    unsigned char[:, :, ::1] cells,
    unsigned char[:, :, ::1] exterior,
    int[::1] queue,
):
    """Move to `exterior` the connected groups of `cells` that only front sides of faces line.

    A group stays where more than the share `most_behind` of the faces nearest to its points show it
    their back: it is the inside of a shell that misses a side. `cells` is 0 in the end. `queue` has
    room for as many numbers as there are cells.
    """
    cdef Py_ssize_t ny = cells.shape[1], nz = cells.shape[2]
    cdef Py_ssize_t[6] steps = [ny * nz, -ny * nz, nz, -nz, 1, -1]
    cdef Py_ssize_t start, first, last, m, n, front, behind
    cdef unsigned char* waiting = &cells[0, 0, 0]
    cdef unsigned char* outside = &exterior[0, 0, 0]
    cdef const int* face = &nearest[0, 0, 0]
    cdef double side
    with nogil:
        for start in range(cells.shape[0] * ny * nz):
            if not waiting[start]:
                continue
            first, last, front, behind = 0, 1, 0, 0
            queue[0] = <int>start
            waiting[start] = 0
            while first < last:
                m = queue[first]
                first += 1
                if face[m] >= 0:
                    side = side_of(vertices, faces, face[m], m // (ny * nz), m // nz % ny, m % nz)
                    # Beside an edge the nearest face tells little about sides.
                    front += side > 0.7
                    behind += side < -0.7
                for n in range(6):
                    if waiting[m + steps[n]]:
                        waiting[m + steps[n]] = 0
                        queue[last] = <int>(m + steps[n])
                        last += 1
            if behind <= most_behind * (front + behind):
                for n in range(last):
                    outside[queue[n]] = 1


cdef inline double side_of(
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    Py_ssize_t face,
    double x,
    double y,
    double z,
) noexcept nogil:
    """Return the cosine between a face's normal and the way to a point from the face's nearest."""
    cdef Triangle t
    cdef double[3] p = [x, y, z]
    cdef double[3] place = [x, y, z]
    cdef double length
    cdef int n
    prepare(vertices, faces, face, &t)
    length = sqrt(nearest_on_triangle(p, &t, 1e30, place))
    for n in range(3):
        p[n] -= place[n]
    return dot(p, t.normal) / length if length > 0 else 0


def smooth_lids(
    const unsigned char[:, :, ::1] band,
    const unsigned char[:, :, ::1] exterior,
    unsigned char[:, :, ::1] smoothed,
):
    """Change in `smoothed`, a copy of `exterior`, the points beside a lid that most others outvote.

    A lid is where hidden points meet exterior ones with no surface between. The vote is that of the
    5 x 5 x 5 points around a point, those in the band apart.
    """
    cdef Py_ssize_t ny = band.shape[1], nz = band.shape[2]
    cdef Py_ssize_t[6] steps = [ny * nz, -ny * nz, nz, -nz, 1, -1]
    cdef const unsigned char* near = &band[0, 0, 0]
    cdef const unsigned char* outside = &exterior[0, 0, 0]
    cdef Py_ssize_t i, j, k, a, b, c, m, n, votes, voters
    cdef bint lid
    with nogil:
        for i in range(2, band.shape[0] - 2):
            for j in range(2, ny - 2):
                for k in range(2, nz - 2):
                    m = (i * ny + j) * nz + k
                    lid = False
                    if not near[m]:
                        for n in range(6):
                            a = m + steps[n]
                            lid |= not near[a] and outside[a] != outside[m]
                    if not lid:
                        continue
                    votes, voters = 0, 0
                    for a in range(i - 2, i + 3):
                        for b in range(j - 2, j + 3):
                            for c in range(k - 2, k + 3):
                                voters += not band[a, b, c]
                                votes += exterior[a, b, c]
                    smoothed[i, j, k] = 2 * votes > voters


include "balls.pxi"


def reach_from_corner(const float[:, :, ::1] field, unsigned char[:, :, ::1] reached):
    """Mark in `reached` the points below 0 that paths of such points join to the first corner."""
    cdef Py_ssize_t nx = field.shape[0], ny = field.shape[1], nz = field.shape[2]
    cdef Py_ssize_t i, j, k, n, turn, row, column
    cdef bint changed = True
    with nogil:
        reached[0, 0, 0] = 1
        while changed:
            changed = False
            for turn in range(2):
                for n in range(nx * ny):
                    row = n if turn == 0 else nx * ny - 1 - n
                    i, j = row // ny, row % ny
                    for column in range(nz):
                        k = column if turn == 0 else nz - 1 - column
                        if not reached[i, j, k] and field[i, j, k] < 0:
                            if is_beside(reached, i, j, k):
                                reached[i, j, k] = 1
                                changed = True


cdef inline bint is_beside(
    const unsigned char[:, :, ::1] grid, Py_ssize_t i, Py_ssize_t j, Py_ssize_t k
) noexcept nogil:
    """Return whether one of the six neighbours of a point is marked."""
    return (
        (i > 0 and grid[i - 1, j, k])
        or (j > 0 and grid[i, j - 1, k])
        or (k > 0 and grid[i, j, k - 1])
        or (i + 1 < grid.shape[0] and grid[i + 1, j, k])
        or (j + 1 < grid.shape[1] and grid[i, j + 1, k])
        or (k + 1 < grid.shape[2] and grid[i, j, k + 1])
    )
