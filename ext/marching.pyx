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
    cdef int mask, entry, first, choice, edge, axis, corner, side, middle, members
    cdef long long new_vertices = 0
    cdef long long new_faces = 0
    cdef double given, total, smallest
    cdef double[8] value
    cdef double[16][3] at
    cdef long long[16] vertex
    with nogil:
        for n in range(cells.shape[0]):
            least = cells[n]
            mask = 0
            for corner in range(8):
                place = least + ((corner >> 1) & 1) * width + (corner >> 2)
                given = high[place] if corner & 1 else low[place]
                mask |= (given >= level) << corner
                value[corner] = fmax(fmin(given, INNERMOST), OUTERMOST) - level
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
                at[edge][0] = side
                at[edge][1] = (corner >> 1) & 1
                at[edge][2] = corner >> 2
                given = value[corner]
                given /= given - value[corner | (1 << axis)]
                at[edge][axis] += fmin(fmax(given, closest), 1 - closest)
                if names[row, place] < created[0 if axis > 0 and side == 0 else 1]:
                    names[row, place] = <int>(created[1] + new_vertices)
                    vertices[new_vertices, 0] = slab - 1 + at[edge][0]
                    vertices[new_vertices, 1] = least // width - 1 + at[edge][1]
                    vertices[new_vertices, 2] = least % width - 1 + at[edge][2]
                    new_vertices += 1
                vertex[edge] = names[row, place]

            first = entry
            smallest = INFINITY
            for choice in range(choices[first] if choices[first] > 1 else 0):
                total = 0
                for t in range(first_triangle[first + choice], first_triangle[first + choice + 1]):
                    total += area(at[triangles[t, 0]], at[triangles[t, 1]], at[triangles[t, 2]])
                if total < smallest:
                    smallest = total
                    entry = first + choice

            for t in range(first_centre[entry], first_centre[entry + 1]):
                middle = 12 + t - first_centre[entry]
                vertex[middle] = created[1] + new_vertices
                members = 0
                at[middle][0] = at[middle][1] = at[middle][2] = 0
                for edge in range(12):
                    if (centres[t] >> edge) & 1:
                        members += 1
                        for axis in range(3):
                            at[middle][axis] += at[edge][axis]
                vertices[new_vertices, 0] = slab - 1 + at[middle][0] / members
                vertices[new_vertices, 1] = least // width - 1 + at[middle][1] / members
                vertices[new_vertices, 2] = least % width - 1 + at[middle][2] / members
                new_vertices += 1
            for t in range(first_triangle[entry], first_triangle[entry + 1]):
                for corner in range(3):
                    faces[new_faces, corner] = vertex[triangles[t, corner]]
                new_faces += 1
    counts[0] = new_vertices
    counts[1] = new_faces
