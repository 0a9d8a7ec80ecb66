"""Balls that roll around a surface, and the sheets that they erode; included by carve.pyx."""

# Radius of the circle, in cells, in which a wire differs from a sheet.
cdef double CIRCLE = 1.5
cdef double PI = 3.141592653589793


def shrink_at_lids(
    const unsigned char[:, :, ::1] exterior,
    const unsigned char[:, :, ::1] band,
    const float[:, :, ::1] distance,
    int reach,
    float[:, :, ::1] field,
    unsigned char[:, :, ::1] active,
):
    """Start `field`: minus the radius of the empty ball around each exterior point.

    That radius is the distance to the surface, or, near a lid, where hidden points meet exterior
    ones with no surface between, the distance to the middle of the step from one to the other.
    Marks in `active` the points whose field remains to be found: the band and the lids.
    """
    cdef Py_ssize_t nx = field.shape[0], ny = field.shape[1], nz = field.shape[2]
    cdef Py_ssize_t i, j, k, a, b, c
    cdef bint lid
    cdef float radius
    with nogil:
        for i in range(nx):
            for j in range(ny):
                for k in range(nz):
                    active[i, j, k] = band[i, j, k]
                    field[i, j, k] = -distance[i, j, k] if exterior[i, j, k] else reach
        for i in range(1, nx - 1):
            for j in range(1, ny - 1):
                for k in range(1, nz - 1):
                    if exterior[i, j, k] or band[i, j, k]:
                        continue
                    lid = False
                    for a in range(i - 1, i + 2):
                        for b in range(j - 1, j + 2):
                            for c in range(k - 1, k + 2):
                                lid = lid or exterior[a, b, c]
                    if not lid:
                        continue
                    active[i, j, k] = 1
                    for a in range(max(i - reach, 0), min(i + reach + 1, nx)):
                        for b in range(max(j - reach, 0), min(j + reach + 1, ny)):
                            for c in range(max(k - reach, 0), min(k + reach + 1, nz)):
                                if exterior[a, b, c]:
                                    radius = sqrt(
                                        (a - i) * (a - i) + (b - j) * (b - j) + (c - k) * (c - k)
                                    ) - 0.5
                                    if field[a, b, c] < -radius:
                                        field[a, b, c] = -radius


def roll_balls(
    const unsigned char[:, :, ::1] exterior,
    const int[::1] active,
    float[:, :, ::1] field,
    int[:, :, ::1] balls,
):
    """Lower `field` at the `active` points to their distance from the union of empty balls.

    The ball around the exterior point e has the radius -`field`[e]. `active` are positions in the
    flat grid, rising. The best ball spreads from point to point, forth and back; `balls` (all -1 at
    first) keeps where its centre lies from the point: 128 + each of the steps along x, y and z, in
    a byte each.
    """
    cdef Py_ssize_t ny = field.shape[1], nz = field.shape[2]
    cdef const unsigned char* outside = &exterior[0, 0, 0]
    cdef float* values = &field[0, 0, 0]
    cdef int* ball = &balls[0, 0, 0]
    cdef Py_ssize_t turn, n, m, s
    cdef int a, b, c, x, y, z, packed
    cdef float found, best
    with nogil:
        for turn in range(2):
            for n in range(active.shape[0]):
                m = active[n] if turn == 0 else active[active.shape[0] - 1 - n]
                best = values[m]
                for a in range(-1, 2):
                    for b in range(-1, 2):
                        for c in range(-1, 2):
                            s = m + (a * ny + b) * nz + c
                            x, y, z = a, b, c
                            if not outside[s]:
                                packed = ball[s]
                                if packed < 0:
                                    continue
                                x += (packed >> 16) - 128
                                y += (packed >> 8 & 255) - 128
                                z += (packed & 255) - 128
                            found = <float>sqrt(<double>(x * x + y * y + z * z))
                            found += values[m + (x * ny + y) * nz + z]
                            if found < best:
                                best = found
                                ball[m] = (x + 128) << 16 | (y + 128) << 8 | (z + 128)
                values[m] = best


cdef inline double between(
    const float[:, :, ::1] field, const double* p
) noexcept nogil:
    """Return the field between grid points, linear along each axis."""
    cdef Py_ssize_t i = min(max(<Py_ssize_t>p[0], 0), field.shape[0] - 2)
    cdef Py_ssize_t j = min(max(<Py_ssize_t>p[1], 0), field.shape[1] - 2)
    cdef Py_ssize_t k = min(max(<Py_ssize_t>p[2], 0), field.shape[2] - 2)
    cdef double x = p[0] - i, y = p[1] - j, z = p[2] - k
    cdef double near = (
        (1 - y) * ((1 - z) * field[i, j, k] + z * field[i, j, k + 1])
        + y * ((1 - z) * field[i, j + 1, k] + z * field[i, j + 1, k + 1])
    )
    cdef double far = (
        (1 - y) * ((1 - z) * field[i + 1, j, k] + z * field[i + 1, j, k + 1])
        + y * ((1 - z) * field[i + 1, j + 1, k] + z * field[i + 1, j + 1, k + 1])
    )
    return (1 - x) * near + x * far


cdef inline bint is_wire(
    const float[:, :, ::1] distance, const double* place, const double* across
) noexcept nogil:
    """Return whether the surface, seen along `across`, leaves a place to two sides only, or none.

    Of eight places in a circle around it, on a sheet all have surface near, on its edge five, at a
    right-angled corner three, on a wire no more than four.
    """
    cdef double[3] u
    cdef double[3] v
    cdef double[3] p
    cdef double length, along
    cdef int n, turn, least = 0, near = 0
    for n in range(3):
        if fabs(across[n]) < fabs(across[least]):
            least = n
    length = sqrt(dot(across, across))
    along = sqrt(length * length - across[least] * across[least])
    for n in range(3):
        u[n] = ((length if n == least else 0) - across[least] * across[n] / length) / along
    for n in range(3):
        v[n] = (across[(n + 1) % 3] * u[(n + 2) % 3] - across[(n + 2) % 3] * u[(n + 1) % 3]) / length
    for turn in range(8):
        for n in range(3):
            p[n] = place[n] + CIRCLE * (cos(turn * PI / 4) * u[n] + sin(turn * PI / 4) * v[n])
        # Linear between grid points, a distance of 0 may read 0.7.
        near += between(distance, p) < 0.8
    return near <= 4


def keep_sheets(
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    const float[:, :, ::1] distance,
    const int[:, :, ::1] nearest,
    const float[:, :, ::1] field,
    double sheet,
    double wire,
    float[:, :, ::1] thick,
):
    """Raise `thick`, a copy of `field`, where the solid at the nearest surface is too thin.

    At each grid point near the surface, the solid's thickness is measured right across the nearest
    place of the surface, by `field` at the distance `wire` / 2 beyond it. What a sheet lacks of the
    thickness `sheet`, or a wire of `wire`, the greater of the two, is added, half of it on each
    side.
    """
    cdef Py_ssize_t nx = field.shape[0], ny = field.shape[1], nz = field.shape[2]
    cdef Triangle t
    cdef double[3] p
    cdef double[3] place
    cdef double[3] across
    cdef double[3] beyond
    cdef double depth, length, reach, lacking
    cdef Py_ssize_t i, j, k
    cdef int n, way
    with nogil:
        for i in range(1, nx - 1):
            for j in range(1, ny - 1):
                for k in range(1, nz - 1):
                    # A grid point and its neighbour beyond the raised surface.
                    if nearest[i, j, k] < 0 or distance[i, j, k] > wire / 2 + 1.8:
                        continue
                    if field[i, j, k] >= wire / 2:
                        continue
                    prepare(vertices, faces, nearest[i, j, k], &t)
                    p[0], p[1], p[2] = i, j, k
                    length = sqrt(nearest_on_triangle(p, &t, 1e30, place))
                    for n in range(3):
                        across[n] = (place[n] - p[n]) / length if length > 0.05 else t.normal[n]
                    if dot(across, across) < 0.5:  # on a triangle without area: any way is across
                        across[0] = 1
                    # Both ways, as the point may lie on either side; and at the edges of a thick
                    # part, whose depth grows slowly, a second time farther in.
                    depth = -wire / 2
                    for way in range(4):
                        reach = (0.5 if way < 2 else 0.875) * (wire if way % 2 == 0 else -wire)
                        for n in range(3):
                            beyond[n] = place[n] + reach * across[n]
                        depth = max(depth, between(field, beyond))
                        if depth >= wire / 2:
                            break
                    if depth >= wire / 2:
                        continue
                    lacking = wire / 2 - depth
                    if not is_wire(distance, place, across):
                        lacking -= wire - sheet
                    if lacking > 0:
                        thick[i, j, k] = field[i, j, k] + <float>(lacking / 2)
