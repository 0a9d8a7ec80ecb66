# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Marching cubes, one slab of cells at a time. Private: call onet_cli.geometry.isosurface instead.

The grid of (R+1)^3 points has a layer of outside around it, so planes hold (R+3)^2 points. A slab
lies between two planes; a cell is the index of its least corner in them. Corners and edges of a
cell are numbered as onet_cli.geometry.marching_tables says.
"""

from libc.math cimport INFINITY, fmax, fmin, sqrt

# Stand for infinities, so that differences stay numbers. That outside is the larger by far: it is
# also the layer around the grid, where the surface lies at the cube's face, whatever is inside.
cdef double INNERMOST = 1e30
cdef double OUTERMOST = -1e36

cdef int[12] FIRST = [0, 2, 4, 6, 0, 4, 1, 5, 0, 1, 2, 3]  # the corner that each edge starts from


def cross(
    const float[::1] low,
    const float[::1] high,
    float level,
    Py_ssize_t width,
    int[::1] crossed,
):
    """Write to `crossed` the cells between two planes that have corners on both sides of `level`.

    Returns how many; `crossed` has room for all.
    """
    cdef Py_ssize_t count = 0
    cdef Py_ssize_t j, k, least
    cdef int before, after
    with nogil:
        for j in range(width - 1):
            least = j * width
            before = (
                (low[least] >= level) + (low[least + width] >= level)
                + (high[least] >= level) + (high[least + width] >= level)
            )
            for k in range(width - 1):
                least = j * width + k
                after = (
                    (low[least + 1] >= level) + (low[least + width + 1] >= level)
                    + (high[least + 1] >= level) + (high[least + width + 1] >= level)
                )
                crossed[count] = <int>least
                # Without a branch: it would be mispredicted along the whole surface.
                count += (before + after != 0) & (before + after != 8)
                before = after
    return count


cdef inline int decide(const double* value, int mask, int faces) noexcept nogil:
    """Return which of `faces`, whose corners alternate, join their inside corners.

    The hyperbola on the face passes on the side of the greater product. A product does not depend
    on the order of its factors, so both cells of a face decide alike.
    """
    cdef int joined = 0
    cdef int face, axis, corner, u, v
    cdef double here, across
    for face in range(6):
        if not (faces >> face) & 1:
            continue
        axis = face >> 1
        corner = (face & 1) << axis
        u = 1 << ((axis + 1) % 3)
        v = 1 << ((axis + 2) % 3)
        here = value[corner] * value[corner + u + v]
        across = value[corner + u] * value[corner + v]
        if (here >= across) if (mask >> corner) & 1 else (across >= here):
            joined |= 1 << face
    return joined


cdef inline double area(const double* a, const double* b, const double* c) noexcept nogil:
    """Return twice the area of a triangle."""
    cdef double x = (b[1] - a[1]) * (c[2] - a[2]) - (b[2] - a[2]) * (c[1] - a[1])
    cdef double y = (b[2] - a[2]) * (c[0] - a[0]) - (b[0] - a[0]) * (c[2] - a[2])
    cdef double z = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return sqrt(x * x + y * y + z * z)


cdef inline int read_cell(
    const float[::1] low,
    const float[::1] high,
    float level,
    Py_ssize_t least,
    Py_ssize_t width,
    double* value,
) noexcept nogil:
    """Write how far the corners of a cell lie above `level`; return which are not below it."""
    cdef int mask = 0
    cdef int corner
    cdef Py_ssize_t place
    cdef double given
    for corner in range(8):
        place = least + ((corner >> 1) & 1) * width + (corner >> 2)
        given = high[place] if corner & 1 else low[place]
        mask |= (given >= level) << corner
        value[corner] = fmax(fmin(given, INNERMOST), OUTERMOST) - level
    return mask


cdef inline int smallest_disc(
    const double* at,
    int first,
    int count,
    const int[::1] first_triangle,
    const signed char[:, ::1] triangles,
) noexcept nogil:
    """Return which of the entries `first` to `first` + `count` - 1 has the least area."""
    cdef int best = first
    cdef int entry
    cdef Py_ssize_t t
    cdef double total
    cdef double smallest = INFINITY
    for entry in range(first, first + count):
        total = 0
        for t in range(first_triangle[entry], first_triangle[entry + 1]):
            total += area(
                at + 3 * triangles[t, 0], at + 3 * triangles[t, 1], at + 3 * triangles[t, 2]
            )
        if total < smallest:
            smallest = total
            best = entry
    return best


cdef inline void find_centre(double* at, int middle, int edges) noexcept nogil:
    """Put place `middle` of `at` into the centre of the vertices on `edges`, a set of bits."""
    cdef int members = 0
    cdef int edge, axis
    cdef double* centre = at + 3 * middle
    centre[0] = centre[1] = centre[2] = 0
    for edge in range(12):
        if (edges >> edge) & 1:
            members += 1
            for axis in range(3):
                centre[axis] += at[3 * edge + axis]
    for axis in range(3):
        centre[axis] /= members


cdef inline void write_vertex(
    double[:, ::1] vertices,
    long long number,
    Py_ssize_t slab,
    Py_ssize_t least,
    Py_ssize_t width,
    const double* at,
) noexcept nogil:
    """Write the place `at` in the cell `least` of a slab as a vertex, in grid steps."""
    vertices[number, 0] = slab - 1 + at[0]
    vertices[number, 1] = least // width - 1 + at[1]
    vertices[number, 2] = least % width - 1 + at[2]


def march(
    const int[::1] cells,
    const float[::1] low,
    const float[::1] high,
    float level,
    double closest,
    Py_ssize_t slab,
    Py_ssize_t width,
    const long long[::1] created,
    const unsigned char[::1] ambiguous,
    const signed char[:, ::1] crossings,
    const short[:, ::1] entries,
    const short[::1] choices,
    const int[::1] first_triangle,
    const signed char[:, ::1] triangles,
    const int[::1] first_centre,
    const short[::1] centres,
    int[:, ::1] names,
    double[:, ::1] vertices,
    long long[:, ::1] faces,
    long long[::1] counts,
):
    """Write the `vertices`, in grid steps, and `faces` of the surface in the `cells` of one slab.

    `names` (5, width^2) keeps the numbers of vertices: of y edges in planes of even and of odd
    number, of z edges likewise, and of the x edges between. `created` says how many vertices there
    were before the previous slab and before this one: smaller numbers are left from planes long
    passed. No vertex is nearer than `closest` to the ends of its grid edge, which keeps triangles
    from collapsing. `counts` gets the numbers of new vertices and new faces.
    """
    cdef Py_ssize_t n, least, place, row, t
    cdef int mask, entry, edge, axis, corner, side, middle
    cdef long long new_vertices = 0
    cdef long long new_faces = 0
    cdef double given
    cdef double[8] value
    cdef double[48] at  # three for each of up to 16 vertices
    cdef long long[16] vertex
    with nogil:
        for n in range(cells.shape[0]):
            least = cells[n]
            mask = read_cell(low, high, level, least, width, value)
            entry = entries[mask, decide(value, mask, ambiguous[mask]) if ambiguous[mask] else 0]
            for t in range(12):
                edge = crossings[mask, t]
                if edge < 0:
                    break
                axis = edge >> 2
                corner = FIRST[edge]
                side = corner & 1  # is it in the high plane?
                place = least + ((corner >> 1) & 1) * width + (corner >> 2)
                row = 4 if axis == 0 else 2 * (axis - 1) + ((slab + side) & 1)
                at[3 * edge] = side
                at[3 * edge + 1] = (corner >> 1) & 1
                at[3 * edge + 2] = corner >> 2
                given = value[corner]
                given /= given - value[corner | (1 << axis)]
                at[3 * edge + axis] += fmin(fmax(given, closest), 1 - closest)
                if names[row, place] < created[0 if axis > 0 and side == 0 else 1]:
                    names[row, place] = <int>(created[1] + new_vertices)
                    write_vertex(vertices, new_vertices, slab, least, width, at + 3 * edge)
                    new_vertices += 1
                vertex[edge] = names[row, place]

            if choices[entry] > 1:
                entry = smallest_disc(at, entry, choices[entry], first_triangle, triangles)
            for t in range(first_centre[entry], first_centre[entry + 1]):
                middle = 12 + t - first_centre[entry]
                vertex[middle] = created[1] + new_vertices
                find_centre(at, middle, centres[t])
                write_vertex(vertices, new_vertices, slab, least, width, at + 3 * middle)
                new_vertices += 1
            for t in range(first_triangle[entry], first_triangle[entry + 1]):
                for corner in range(3):
                    faces[new_faces, corner] = vertex[triangles[t, corner]]
                new_faces += 1
    counts[0] = new_vertices
    counts[1] = new_faces
