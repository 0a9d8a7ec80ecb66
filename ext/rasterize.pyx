# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Which face is seen at each sample. Private: call onet_cli.geometry.scene instead.

Corners are rounded to 1/256 of a sample and edge functions are exact integers, so a sample belongs
to exactly one of two faces that share an edge (top-left rule): neither cracks nor double hits.
"""

from libc.math cimport acos, fabsf, floor, llrint, log2f, powf, sqrt, sqrtf

include "hit.pxi"
include "texture.pxi"
include "shade.pxi"

cdef enum:
    STEPS = 256  # of a sample's width
    HALF = 128
    SHIFT = 8
    NARROW = 6  # samples; wider rows are worth three divisions to find where they begin and end
    CLIPPED = 8  # corners that a triangle can have after clipping at five planes

# Corners farther than this many samples from the picture's origin are clipped, so that products of
# two distances in steps fit 64 bits with room for the sum.
cdef double GUARD = 1 << 21

# Nearness that differs by less than this share is equal, and the face that came first is kept:
# coincident faces of a soup must not flicker through each other.
cdef float TIE = 1 + 1e-6


cdef struct Target:
    # What is drawn into, (height, width): nearness and owners of samples, or else depths.
    Py_ssize_t height
    Py_ssize_t width
    float* nearness
    int* owners
    const float* ceiling
    unsigned short* depths  # largest and smallest value by turns; NULL to draw the others


cdef struct Corner:
    double x  # in samples, times depth
    double y
    double depth


cdef inline long long floor_divide(long long a, long long b) noexcept nogil:
    """Return floor(a / b), b > 0."""
    return a // b - (1 if a % b < 0 else 0)


cdef inline void narrow(
    long long edge, long long step, long long* first, long long* last
) noexcept nogil:
    """Shrink [first, last] to the n for which edge + n step >= 0."""
    if step > 0:
        first[0] = max(first[0], floor_divide(-edge + step - 1, step))
    elif step < 0:
        last[0] = min(last[0], floor_divide(edge, -step))
    elif edge < 0:
        last[0] = first[0] - 1


cdef void fill(
    double[3] x,
    double[3] y,
    double[3] near,
    int face,
    Target* target,
) noexcept nogil:
    """Draw one triangle with corners in samples; `near` is linear across it, larger is nearer."""
    cdef long long ax = llrint(x[0] * STEPS), ay = llrint(y[0] * STEPS)
    cdef long long bx = llrint(x[1] * STEPS), by = llrint(y[1] * STEPS)
    cdef long long cx = llrint(x[2] * STEPS), cy = llrint(y[2] * STEPS)
    cdef double a = near[0], b = near[1], c = near[2], spare
    cdef long long area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if area == 0:
        return
    if area < 0:
        bx, cx = cx, bx
        by, cy = cy, by
        spare = b
        b = c
        c = spare
        area = -area
    # Sample i lies at (i + 1/2) STEPS; shifts round towards minus infinity.
    cdef long long left = max(0, (min(ax, bx, cx) + HALF - 1) >> SHIFT)
    cdef long long right = min(target.width - 1, (max(ax, bx, cx) - HALF) >> SHIFT)
    cdef long long top = max(0, (min(ay, by, cy) + HALF - 1) >> SHIFT)
    cdef long long bottom = min(target.height - 1, (max(ay, by, cy) - HALF) >> SHIFT)
    if left > right or top > bottom:
        return
    # Edge functions, positive inside; -1 on edges whose samples belong to the neighbour.
    cdef long long px = left * STEPS + HALF, py = top * STEPS + HALF
    cdef long long u_step = -(cy - by), v_step = -(ay - cy), w_step = -(by - ay)
    cdef long long u = (cx - bx) * (py - by) + u_step * (px - bx)
    cdef long long v = (ax - cx) * (py - cy) + v_step * (px - cx)
    cdef long long w = (bx - ax) * (py - ay) + w_step * (px - ax)
    # Nearness is linear on the picture: a plane through the rounded corners.
    cdef double lowest = min(a, b, c), highest = max(a, b, c)
    cdef double across = ((b - a) * (cy - ay) - (c - a) * (by - ay)) / area
    cdef double along = ((c - a) * (bx - ax) - (b - a) * (cx - ax)) / area
    cdef double start = a + across * (px - ax) + along * (py - ay), value
    if not (u_step > 0 or (u_step == 0 and cx - bx > 0)):
        u -= 1
    if not (v_step > 0 or (v_step == 0 and ax - cx > 0)):
        v -= 1
    if not (w_step > 0 or (w_step == 0 and bx - ax > 0)):
        w -= 1
    u_step *= STEPS
    v_step *= STEPS
    w_step *= STEPS
    cdef bint wide = right - left > NARROW
    cdef long long row, n, first, last
    cdef Py_ssize_t place
    cdef float seen
    cdef unsigned short height
    for row in range(top, bottom + 1):
        first = 0
        last = right - left
        if wide:
            narrow(u, u_step, &first, &last)
            narrow(v, v_step, &first, &last)
            narrow(w, w_step, &first, &last)
        for n in range(first, last + 1):
            if wide or ((u + n * u_step) | (v + n * v_step) | (w + n * w_step)) >= 0:
                # Slivers have steep planes; rounding must not take them past their corners.
                place = row * target.width + left + n
                # Slivers have steep planes; rounding must not take them past their corners.
                value = min(max(start + across * (n * STEPS), lowest), highest)
                if target.depths != NULL:
                    height = <unsigned short>(value + 0.5)
                    if height > target.depths[2 * place]:
                        target.depths[2 * place] = height
                    if height < target.depths[2 * place + 1]:
                        target.depths[2 * place + 1] = height
                    continue
                seen = <float>value
                if seen > target.nearness[place] * TIE and seen * TIE < target.ceiling[place]:
                    target.nearness[place] = seen
                    target.owners[place] = face
        u += (cx - bx) * STEPS
        v += (ax - cx) * STEPS
        w += (bx - ax) * STEPS
        start += along * STEPS


cdef inline double above(Corner* corner, int plane, double near) noexcept nogil:
    """Return how far `corner` is on the visible side of one of the five planes."""
    if plane == 0:
        return corner.depth - near
    if plane == 1:
        return GUARD * corner.depth + corner.x
    if plane == 2:
        return GUARD * corner.depth - corner.x
    if plane == 3:
        return GUARD * corner.depth + corner.y
    return GUARD * corner.depth - corner.y


cdef inline Corner between(Corner* start, Corner* end, double share) noexcept nogil:
    cdef Corner corner
    corner.x = start.x + share * (end.x - start.x)
    corner.y = start.y + share * (end.y - start.y)
    corner.depth = start.depth + share * (end.depth - start.depth)
    return corner


cdef int clip(Corner* corners, int count, int plane, double near) noexcept nogil:
    """Cut a convex polygon at a plane, in place; return its corners (Sutherland and Hodgman)."""
    cdef Corner[CLIPPED] kept
    cdef int k, following, filled = 0
    cdef double here, there
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        here = above(&corners[k], plane, near)
        there = above(&corners[following], plane, near)
        if here >= 0:
            kept[filled] = corners[k]
            filled += 1
        # From the inside out, so that both faces of an edge are cut at the very same point.
        if here >= 0 and there < 0:
            kept[filled] = between(&corners[k], &corners[following], here / (here - there))
            filled += 1
        elif here < 0 and there >= 0:
            kept[filled] = between(&corners[following], &corners[k], there / (there - here))
            filled += 1
    for k in range(filled):
        corners[k] = kept[k]
    return filled


def draw_perspective(
    const double[:, ::1] points,
    const int[:, ::1] faces,
    const int[::1] chosen,
    double near_plane,
    float[:, ::1] nearness,
    int[:, ::1] owners,
    const float[:, ::1] ceiling,
):
    """Draw the `chosen` of `faces` (F, 3) into the (H, W) buffers; each sample keeps its nearest.

    `points` (V, 3) are homogeneous: x and y in samples times depth, and depth. `nearness` is 1 /
    depth, which must stay below `ceiling`; `owners` is the face's index.
    """
    cdef Corner[CLIPPED] corners
    cdef double[3] x, y, near
    cdef Py_ssize_t n, vertex
    cdef int face, k, m, count, plane
    cdef bint whole
    cdef Target target
    target.height = nearness.shape[0]
    target.width = nearness.shape[1]
    target.nearness = &nearness[0, 0]
    target.owners = &owners[0, 0]
    target.ceiling = &ceiling[0, 0]
    target.depths = NULL
    with nogil:
        for n in range(chosen.shape[0]):
            face = chosen[n]
            whole = True
            for k in range(3):
                vertex = faces[face, k]
                corners[k].x = points[vertex, 0]
                corners[k].y = points[vertex, 1]
                corners[k].depth = points[vertex, 2]
                if corners[k].depth < near_plane or (
                    max(corners[k].x, -corners[k].x, corners[k].y, -corners[k].y)
                    > GUARD * corners[k].depth
                ):
                    whole = False
            count = 3
            if not whole:
                for plane in range(5):
                    count = clip(corners, count, plane, near_plane)
            for k in range(2, count):
                for m in range(3):
                    vertex = 0 if m == 0 else k - 2 + m
                    near[m] = 1 / corners[vertex].depth
                    x[m] = corners[vertex].x * near[m]
                    y[m] = corners[vertex].y * near[m]
                fill(x, y, near, face, &target)


def draw_depths(
    const double[:, ::1] points,
    const int[:, ::1] faces,
    unsigned short[:, :, ::1] depths,
):
    """Widen `depths` (H, W, 2), largest and smallest, by those of `faces` seen from infinity.

    `points` (V, 3) are x and y in samples, within 2^20 of the origin, and a depth in 0..65535.
    """
    cdef double[3] x, y, depth
    cdef Py_ssize_t face, vertex
    cdef int k
    cdef Target target
    target.height = depths.shape[0]
    target.width = depths.shape[1]
    target.depths = &depths[0, 0, 0]
    target.nearness = NULL
    target.owners = NULL
    target.ceiling = NULL
    with nogil:
        for face in range(faces.shape[0]):
            for k in range(3):
                vertex = faces[face, k]
                x[k] = points[vertex, 0]
                y[k] = points[vertex, 1]
                depth[k] = points[vertex, 2]
            fill(x, y, depth, <int>face, &target)


def corner_normals(
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    const double[:, ::1] face_normals,
    const long long[::1] starts,
    const long long[::1] corners,
    double crease,
    Py_ssize_t crowd,
    float[:, :, ::1] normals,
):
    """Write the unit normals (F, 3, 3) of corners: means over the faces round their vertex.

    Faces count by their angle there (Thürmer and Wüthrich, 1998), turned to this corner's side,
    where the cosine between their planes exceeds `crease`. `corners`, face * 3 + k, are sorted by
    vertex, vertex v's in `starts[v]:starts[v + 1]`. A vertex with more than `crowd` corners keeps
    its faces' own normals: the loop over pairs would take too long.
    """
    cdef Py_ssize_t v, i, j, face, other
    cdef double cosine, angle, length
    cdef double[3] total
    cdef int k
    with nogil:
        for v in range(starts.shape[0] - 1):
            for i in range(starts[v], starts[v + 1]):
                face = corners[i] // 3
                for k in range(3):
                    total[k] = face_normals[face, k]
                if starts[v + 1] - starts[v] <= crowd:
                    for k in range(3):
                        total[k] = 0
                    for j in range(starts[v], starts[v + 1]):
                        other = corners[j] // 3
                        cosine = 0
                        for k in range(3):
                            cosine += face_normals[face, k] * face_normals[other, k]
                        if max(cosine, -cosine) > crease:
                            angle = corner_angle(vertices, faces, other, corners[j] % 3)
                            if cosine < 0:
                                angle = -angle
                            for k in range(3):
                                total[k] += angle * face_normals[other, k]
                length = sqrt(total[0] * total[0] + total[1] * total[1] + total[2] * total[2])
                for k in range(3):
                    if length > 0:
                        normals[face, corners[i] % 3, k] = <float>(total[k] / length)
                    else:
                        normals[face, corners[i] % 3, k] = <float>face_normals[face, k]


def vertex_normals(
    const double[:, ::1] vertices, const int[:, ::1] faces, double[:, ::1] normals
):
    """Write into `normals` (V, 3), which are 0, the unit mean of the faces' round each vertex.

    Faces count by their angle there; a vertex of no face, or of faces without area, keeps its 0.
    """
    cdef Py_ssize_t face, v
    cdef double angle, length
    cdef double[3] p, q, normal
    cdef int k, corner
    with nogil:
        for face in range(faces.shape[0]):
            for k in range(3):
                p[k] = vertices[faces[face, 1], k] - vertices[faces[face, 0], k]
                q[k] = vertices[faces[face, 2], k] - vertices[faces[face, 0], k]
            for k in range(3):
                normal[k] = p[(k + 1) % 3] * q[(k + 2) % 3] - p[(k + 2) % 3] * q[(k + 1) % 3]
            length = sqrt(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2])
            if length == 0:
                continue
            for corner in range(3):
                angle = corner_angle(vertices, faces, face, corner) / length
                for k in range(3):
                    normals[faces[face, corner], k] += angle * normal[k]
        for v in range(vertices.shape[0]):
            length = 0
            for k in range(3):
                length += normals[v, k] * normals[v, k]
            if length > 0:
                for k in range(3):
                    normals[v, k] /= sqrt(length)


cdef double corner_angle(
    const double[:, ::1] vertices, const int[:, ::1] faces, Py_ssize_t face, Py_ssize_t corner
) noexcept nogil:
    cdef Py_ssize_t here = faces[face, corner]
    cdef Py_ssize_t after = faces[face, (corner + 1) % 3], before = faces[face, (corner + 2) % 3]
    cdef double p, q, pp = 0, qq = 0, pq = 0
    cdef int k
    for k in range(3):
        p = vertices[after, k] - vertices[here, k]
        q = vertices[before, k] - vertices[here, k]
        pp += p * p
        qq += q * q
        pq += p * q
    if pp == 0 or qq == 0:
        return 0
    return acos(min(max(pq / sqrt(pp * qq), -1.0), 1.0))
