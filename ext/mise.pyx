# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Octree kernels of MISE. Private: call onet_cli.geometry.octree instead.

A grid point (i, j, k) is the number i << 42 | j << 21 | k; the grid has (R+1)^3 of them, where R is
`coarse` << `depth`. `values` holds first the (coarse+1)^3 points of the coarse grid, then bricks of
(2^depth)^3 points, NaN where nothing is known. `starts` says for each coarse point where the brick
that begins there is stored; a brick that is not has its corner's place, below (coarse+1)^3.

`states` holds one byte per cell of every level but the finest, level after level, from coarse^3
cells of 2^depth grid steps to cells of 2 steps: bit INSIDE and bit OUTSIDE say which sides known
grid points of the closed cell lie on, bit DIVIDED that its eight children have taken over.

A point whose side is guessed and not evaluated holds an infinity, or once it is asked for the
largest finite number, of the sign of its side.
"""

include "octree.pxi"


def record(
    const long long[::1] points,
    const float[::1] results,
    float level,
    Py_ssize_t coarse,
    int depth,
    const long long[::1] starts,
    float[::1] values,
    unsigned char[::1] states,
):
    """Store `results` (N,) of the grid `points` (N,) and mark every undivided cell they touch.

    Returns how many of the points lie inside and on the cube's face.
    """
    cdef Py_ssize_t resolution = coarse << depth
    cdef Py_ssize_t on_face = 0
    cdef Py_ssize_t n, octant, a, b, c, cells, offset, cell
    cdef Py_ssize_t i = 0, j = 0, k = 0
    cdef int step
    cdef unsigned char bit
    with nogil:
        for n in range(points.shape[0]):
            split_number(points[n], &i, &j, &k)
            values[place(starts, coarse, depth, i, j, k)] = results[n]
            bit = INSIDE if results[n] >= level else OUTSIDE
            if bit == INSIDE and (
                i == 0 or j == 0 or k == 0 or i == resolution or j == resolution or k == resolution
            ):
                on_face += 1
            for octant in range(8):
                # No state is of the finest level: on both sides of an odd plane it is one cell's.
                if (i & octant) & 1 or (j & (octant >> 1)) & 1 or (k & (octant >> 2)) & 1:
                    continue
                a = i - (octant & 1)
                b = j - ((octant >> 1) & 1)
                c = k - (octant >> 2)
                if a < 0 or b < 0 or c < 0:
                    continue
                if a == resolution or b == resolution or c == resolution:
                    continue
                offset = 0
                cells = coarse
                for step in range(depth, 0, -1):
                    cell = offset + ((a >> step) * cells + (b >> step)) * cells + (c >> step)
                    if not states[cell] & DIVIDED:
                        states[cell] |= bit
                        break
                    offset += cells * cells * cells
                    cells *= 2
    return on_face


def divide(
    const long long[::1] active,
    float level,
    Py_ssize_t coarse,
    int depth,
    const long long[::1] starts,
    const float[::1] values,
    unsigned char[::1] states,
):
    """Divide the cells `active` (M,) and give their children the sides already known."""
    cdef Py_ssize_t n, child, edge, i, j, k, x, y, z, stride, cells, offset, where
    cdef Py_ssize_t corner_i = 0, corner_j = 0, corner_k = 0
    cdef float value
    cdef unsigned char found
    with nogil:
        for n in range(active.shape[0]):
            states[active[n]] |= DIVIDED
            edge = corner_of(active[n], coarse, depth, &corner_i, &corner_j, &corner_k)
            if edge == 2:
                continue  # the children are of the finest level, which has no state
            edge //= 2
            offset = 0
            cells = coarse
            while cells * edge != coarse << depth:
                offset += cells * cells * cells
                cells *= 2
            for child in range(8):
                i = corner_i + (child & 1) * edge
                j = corner_j + ((child >> 1) & 1) * edge
                k = corner_k + (child >> 2) * edge
                found = 0
                for x in range(edge + 1):
                    for y in range(edge + 1):
                        # Known points of an undivided cell lie on its faces only.
                        stride = edge if 0 < x < edge and 0 < y < edge else 1
                        z = 0
                        while z <= edge:
                            where = place(starts, coarse, depth, i + x, j + y, k + z)
                            if where >= 0:
                                value = values[where]
                                if not isnan(value):
                                    found |= INSIDE if value >= level else OUTSIDE
                            z += stride
                states[offset + ((i // edge) * cells + j // edge) * cells + k // edge] = found


def reserve(
    const long long[::1] active,
    Py_ssize_t coarse,
    int depth,
    Py_ssize_t end,
    long long[::1] starts,
    long long[::1] fresh,
):
    """Give each brick that dividing the cells `active` needs a place, from `end` on.

    Writes to `fresh`, which has room for all, the bricks this adds; returns how many.
    """
    cdef Py_ssize_t side = coarse + 1
    cdef Py_ssize_t mask = (1 << depth) - 1
    cdef Py_ssize_t count = 0
    cdef Py_ssize_t n, half, x, y, z, a, b, c, brick
    cdef Py_ssize_t i = 0, j = 0, k = 0
    with nogil:
        for n in range(active.shape[0]):
            half = corner_of(active[n], coarse, depth, &i, &j, &k) // 2
            for x in range(3):
                for y in range(3):
                    for z in range(3):
                        a = i + x * half
                        b = j + y * half
                        c = k + z * half
                        if (a | b | c) & mask == 0:
                            continue
                        brick = ((a >> depth) * side + (b >> depth)) * side + (c >> depth)
                        if starts[brick] < side * side * side:
                            starts[brick] = end + (count << 3 * depth)
                            fresh[count] = brick
                            count += 1
    return count


def open_bricks(
    const long long[::1] fresh, int depth, const long long[::1] starts, float[::1] values
):
    """Empty the bricks `fresh`, but for the coarse point that each begins with."""
    cdef Py_ssize_t n, point, start
    with nogil:
        for n in range(fresh.shape[0]):
            start = starts[fresh[n]]
            values[start] = values[fresh[n]]
            for point in range(1, (<Py_ssize_t>1) << 3 * depth):
                values[start + point] = NAN


def request(
    const long long[::1] active,
    Py_ssize_t coarse,
    int depth,
    const long long[::1] starts,
    float[::1] values,
    long long[::1] points,
):
    """Write to `points` the grid points that dividing the cells `active` needs; return how many.

    `points` has room for 19 per cell. Requested points are set to 0, so that none comes twice.
    """
    cdef Py_ssize_t count = 0
    cdef Py_ssize_t n, half, x, y, z, where
    cdef Py_ssize_t i = 0, j = 0, k = 0
    with nogil:
        for n in range(active.shape[0]):
            half = corner_of(active[n], coarse, depth, &i, &j, &k) // 2
            for x in range(3):
                for y in range(3):
                    for z in range(3):
                        where = place(
                            starts, coarse, depth, i + x * half, j + y * half, k + z * half
                        )
                        if isnan(values[where]):
                            values[where] = 0.0
                            points[count] = number(i + x * half, j + y * half, k + z * half)
                            count += 1
    return count


def request_near(
    const long long[::1] active,
    float level,
    Py_ssize_t coarse,
    int depth,
    const long long[::1] starts,
    float[::1] values,
    long long[::1] points,
):
    """Guess the sides of the unknown points of the cells `active`, of edge 2, from their corners.

    Writes to `points` the guessed ends of grid edges that change side; returns how many, none
    twice. `points` has room for 19 per cell.
    """
    cdef Py_ssize_t count = 0
    cdef Py_ssize_t n, x, y, z, a, b, c, here, there, axis
    cdef Py_ssize_t i = 0, j = 0, k = 0
    cdef Py_ssize_t[27] where
    cdef Py_ssize_t[3] stride = [9, 3, 1]
    cdef Py_ssize_t[3] at
    cdef double total
    cdef int corners
    with nogil:
        for n in range(active.shape[0]):
            corner_of(active[n], coarse, depth, &i, &j, &k)
            for here in range(27):
                where[here] = place(
                    starts, coarse, depth, i + here // 9, j + here // 3 % 3, k + here % 3
                )
            for here in range(27):
                if not isnan(values[where[here]]):
                    continue
                x = here // 9
                y = here // 3 % 3
                z = here % 3
                total = 0
                corners = 0
                for a in range(x & 2, x + (x & 1) + 1, 2):
                    for b in range(y & 2, y + (y & 1) + 1, 2):
                        for c in range(z & 2, z + (z & 1) + 1, 2):
                            total += values[where[9 * a + 3 * b + c]]
                            corners += 1
                values[where[here]] = INFINITY if total >= corners * <double>level else -INFINITY
            for here in range(27):
                at[0] = here // 9
                at[1] = here // 3 % 3
                at[2] = here % 3
                for axis in range(3):
                    if at[axis] == 2:
                        continue
                    there = here + stride[axis]
                    if (values[where[here]] >= level) == (values[where[there]] >= level):
                        continue
                    if ask(values, where[here]):
                        points[count] = number(i + at[0], j + at[1], k + at[2])
                        count += 1
                    if ask(values, where[there]):
                        points[count] = number(i + there // 9, j + there // 3 % 3, k + there % 3)
                        count += 1
    return count


def request_around(
    const long long[::1] found,
    float level,
    Py_ssize_t coarse,
    int depth,
    const long long[::1] starts,
    float[::1] values,
    long long[::1] points,
):
    """Write to `points` the guessed neighbours, on the other side, of the evaluated points `found`.

    `points` has room for 6 per point; returns how many are written, none twice.
    """
    cdef Py_ssize_t resolution = coarse << depth
    cdef Py_ssize_t count = 0
    cdef Py_ssize_t n, a, b, c, axis, step, where
    cdef Py_ssize_t i = 0, j = 0, k = 0
    cdef bint inside
    with nogil:
        for n in range(found.shape[0]):
            split_number(found[n], &i, &j, &k)
            inside = values[place(starts, coarse, depth, i, j, k)] >= level
            for axis in range(3):
                for step in range(-1, 2, 2):
                    a = i + step * (axis == 0)
                    b = j + step * (axis == 1)
                    c = k + step * (axis == 2)
                    if a < 0 or b < 0 or c < 0:
                        continue
                    if a > resolution or b > resolution or c > resolution:
                        continue
                    where = place(starts, coarse, depth, a, b, c)
                    if where < 0 or isnan(values[where]) or (values[where] >= level) == inside:
                        continue
                    if ask(values, where):
                        points[count] = number(a, b, c)
                        count += 1
    return count


def locate(const long long[::1] points, const float[::1] axis, float[:, ::1] coordinates):
    """Write the `coordinates` (N, 3) of the grid `points` (N,); `axis` (R+1,) is each axis."""
    cdef Py_ssize_t n
    cdef Py_ssize_t i = 0, j = 0, k = 0
    with nogil:
        for n in range(points.shape[0]):
            split_number(points[n], &i, &j, &k)
            coordinates[n, 0] = axis[i]
            coordinates[n, 1] = axis[j]
            coordinates[n, 2] = axis[k]


def gather(
    const long long[::1] cells,
    Py_ssize_t slab,
    float level,
    Py_ssize_t coarse,
    int depth,
    const long long[::1] starts,
    const float[::1] values,
    float[::1] low,
    float[::1] high,
    int[::1] crossed,
):
    """List the finest cells of one slab of the grid that the surface crosses, with their corners.

    `cells` (M,) are divided cells of edge 2, numbered in their level, whose children lie in the
    `slab` from plane `slab` to `slab` + 1. The planes `low` and `high` of (R+3)^2 points, one of
    padding before, get the corners' values; `crossed`, which has room for 4 per cell, the index
    there of each cell's least corner. Returns how many.
    """
    cdef Py_ssize_t cells_per_side = coarse << (depth - 1)
    cdef Py_ssize_t width = (coarse << depth) + 3
    cdef Py_ssize_t count = 0
    cdef Py_ssize_t n, j, k, x, y, z, child, inside, least
    cdef float[2][3][3] box
    with nogil:
        for n in range(cells.shape[0]):
            j = 2 * ((cells[n] // cells_per_side) % cells_per_side)
            k = 2 * (cells[n] % cells_per_side)
            for x in range(2):
                for y in range(3):
                    for z in range(3):
                        box[x][y][z] = values[
                            place(starts, coarse, depth, slab + x, j + y, k + z)
                        ]
            for child in range(4):
                y = child >> 1
                z = child & 1
                inside = (
                    (box[0][y][z] >= level) + (box[0][y][z + 1] >= level)
                    + (box[0][y + 1][z] >= level) + (box[0][y + 1][z + 1] >= level)
                    + (box[1][y][z] >= level) + (box[1][y][z + 1] >= level)
                    + (box[1][y + 1][z] >= level) + (box[1][y + 1][z + 1] >= level)
                )
                if inside == 0 or inside == 8:
                    continue
                least = (j + y + 1) * width + k + z + 1
                low[least] = box[0][y][z]
                low[least + 1] = box[0][y][z + 1]
                low[least + width] = box[0][y + 1][z]
                low[least + width + 1] = box[0][y + 1][z + 1]
                high[least] = box[1][y][z]
                high[least + 1] = box[1][y][z + 1]
                high[least + width] = box[1][y + 1][z]
                high[least + width + 1] = box[1][y + 1][z + 1]
                crossed[count] = <int>least
                count += 1
    return count


cdef void fill_along(float* dense, Py_ssize_t side, Py_ssize_t step) noexcept nogil:
    """Give the unknown points of a grid the value before them along the axis of `step`."""
    cdef Py_ssize_t n
    for n in range(step, side * side * side):
        if isnan(dense[n]) and n // step % side > 0:
            dense[n] = dense[n - step]


def spread(
    Py_ssize_t coarse,
    int depth,
    const long long[::1] starts,
    const float[::1] values,
    float[:, :, ::1] dense,
):
    """Write what is known to the `dense` grid (R+1, R+1, R+1), and fill the rest.

    An unknown point takes the value before it along x, those left along y, then along z.
    """
    cdef Py_ssize_t side = dense.shape[0]
    cdef Py_ssize_t i, j, k, where
    with nogil:
        for i in range(side):
            for j in range(side):
                for k in range(side):
                    where = place(starts, coarse, depth, i, j, k)
                    dense[i, j, k] = values[where] if where >= 0 else NAN
        fill_along(&dense[0, 0, 0], side, side * side)
        fill_along(&dense[0, 0, 0], side, side)
        fill_along(&dense[0, 0, 0], side, 1)
