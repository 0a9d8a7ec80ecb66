# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Quadric-error simplification kernel. Private: call onet_cli.geometry.simplify instead.

Source: Garland & Heckbert, SIGGRAPH 1997. No half-edges: every vertex heads a linked list of its
corners (corner c is vertex c % 3 of face c // 3), and a collapse joins two lists. The queue is a
binary heap whose entries are never updated: a vertex that changes gets a new stamp,
which outdates all its entries, and its edges are pushed anew.
"""

from libc.math cimport sqrt
from libc.stdlib cimport free, malloc, realloc

include "quadric.pxi"

cdef enum:
    GONE = -1

cdef double FARTHEST = 2.0  # greatest distance of the new vertex from the edge's middle, in edges
cdef double SHORT_FIRST = 1e-6  # share of the squared edge length in the cost; orders flat regions
cdef double BOUNDARY = 100.0  # weight of the planes that hold the boundary in place

# Per stage: least cosine between a face's normals before and after, least shape of a face (its
# height over its longest edge). The next stage begins only when nothing is left to collapse.
cdef double[3] LEAST_COSINE = [0.2, 0.0, -2.0]
cdef double[3] LEAST_SHAPE = [0.02, 1e-3, 1e-6]

cdef struct Entry:
    double cost
    int first
    int second
    int stamp

cdef struct Heap:
    Entry* entries
    Py_ssize_t count
    Py_ssize_t capacity

cdef struct Surface:
    double* positions  # 3 per vertex
    double* quadrics  # 10 per vertex
    int* faces  # 3 per face, the first GONE where the face is
    int* head  # first corner of each vertex, or GONE
    int* next  # next corner of the same vertex, or GONE
    int* stamps  # times each vertex has changed
    int* marks  # scratch, one per vertex
    unsigned char* open  # whether the vertex is on a boundary
    int epoch  # the current value in marks
    Py_ssize_t vertex_count
    Py_ssize_t face_count  # faces left
    Heap heap


cdef inline bint before(const Entry* a, const Entry* b) noexcept nogil:
    if a.cost != b.cost:
        return a.cost < b.cost
    if a.first != b.first:
        return a.first < b.first
    return a.second < b.second


cdef bint push(Heap* heap, Entry entry) noexcept nogil:
    """Return whether there was memory for `entry`."""
    cdef Entry* larger
    cdef Py_ssize_t place, parent
    if heap.count == heap.capacity:
        larger = <Entry*>realloc(heap.entries, 2 * heap.capacity * sizeof(Entry))
        if larger == NULL:
            return False
        heap.entries = larger
        heap.capacity *= 2
    place = heap.count
    heap.count += 1
    while place > 0:
        parent = (place - 1) // 2
        if not before(&entry, &heap.entries[parent]):
            break
        heap.entries[place] = heap.entries[parent]
        place = parent
    heap.entries[place] = entry
    return True


cdef Entry pop(Heap* heap) noexcept nogil:
    cdef Entry top = heap.entries[0]
    cdef Entry moved
    cdef Py_ssize_t place = 0
    cdef Py_ssize_t child = 1
    heap.count -= 1
    moved = heap.entries[heap.count]
    while child < heap.count:
        if child + 1 < heap.count and before(&heap.entries[child + 1], &heap.entries[child]):
            child += 1
        if not before(&heap.entries[child], &moved):
            break
        heap.entries[place] = heap.entries[child]
        place = child
        child = 2 * place + 1
    heap.entries[place] = moved
    return top


cdef double place(const Surface* s, int u, int v, double* p) noexcept nogil:
    """Write where the edge u-v collapses to and return the cost."""
    cdef const double* start = &s.positions[3 * u]
    cdef double[10] q
    cdef double[3] along
    cdef double[3] product
    cdef double[3] aside
    cdef double length, bend, weight
    cdef double t = 0.5
    cdef int n
    for n in range(10):
        q[n] = s.quadrics[10 * u + n] + s.quadrics[10 * v + n]
    subtract(&s.positions[3 * v], start, along)
    length = dot(along, along)
    weight = q[0] + q[3] + q[5]
    if solve(q, p):
        for n in range(3):
            aside[n] = p[n] - start[n] - 0.5 * along[n]
        if dot(aside, aside) <= FARTHEST * FARTHEST * length:
            return max(evaluate(q, p), 0.0) + SHORT_FIRST * weight * length
    slope(q, along, product)
    bend = dot(product, along)
    if bend > 1e-12 * weight * length:  # else all points of the edge are as good: take the middle
        t = min(max(-(dot(product, start) + dot(&q[6], along)) / bend, 0.0), 1.0)
    for n in range(3):
        p[n] = start[n] + t * along[n]
    return max(evaluate(q, p), 0.0) + SHORT_FIRST * weight * length


cdef inline bint contains(const int* face, int v) noexcept nogil:
    return face[0] == v or face[1] == v or face[2] == v


cdef void link_corners(Surface* s) noexcept nogil:
    cdef Py_ssize_t n
    cdef int v
    for n in range(s.vertex_count):
        s.head[n] = GONE
        s.stamps[n] = 0
        s.marks[n] = 0
        s.open[n] = 0
    for n in range(3 * s.face_count - 1, -1, -1):
        v = s.faces[n]
        s.next[n] = s.head[v]
        s.head[v] = <int>n


cdef int faces_at(const Surface* s, int u, int v) noexcept nogil:
    """Return how many faces have the edge u-v."""
    cdef int count = 0
    cdef int c = s.head[u]
    while c != GONE:
        if s.faces[3 * (c // 3)] != GONE and contains(&s.faces[3 * (c // 3)], v):
            count += 1
        c = s.next[c]
    return count


cdef void sum_quadrics(Surface* s) noexcept nogil:
    """Give each vertex the planes of its faces, by area, and of its boundary edges."""
    cdef Py_ssize_t f
    cdef int n, m, u, v
    cdef double size, reach
    cdef double[3] normal
    cdef double[3] along
    cdef double[3] wall
    for f in range(10 * s.vertex_count):
        s.quadrics[f] = 0
    for f in range(s.face_count):
        face_normal(
            &s.positions[3 * s.faces[3 * f]],
            &s.positions[3 * s.faces[3 * f + 1]],
            &s.positions[3 * s.faces[3 * f + 2]],
            normal,
        )
        size = sqrt(dot(normal, normal))
        if size == 0:
            continue
        for n in range(3):
            normal[n] /= size
        for n in range(3):
            u = s.faces[3 * f + n]
            v = s.faces[3 * f + (n + 1) % 3]
            add_plane(&s.quadrics[10 * u], normal, &s.positions[3 * u], 0.5 * size)
            if faces_at(s, u, v) != 1:
                continue
            s.open[u] = 1
            s.open[v] = 1
            subtract(&s.positions[3 * v], &s.positions[3 * u], along)
            cross(along, normal, wall)
            reach = sqrt(dot(wall, wall))
            for m in range(3):
                wall[m] /= reach
            add_plane(&s.quadrics[10 * u], wall, &s.positions[3 * u], BOUNDARY * reach * reach)
            add_plane(&s.quadrics[10 * v], wall, &s.positions[3 * u], BOUNDARY * reach * reach)


cdef bint push_edges(Surface* s, int u, bint all_edges) noexcept nogil:
    """Queue the edges of `u`, or only those to later vertices; return whether memory sufficed."""
    cdef int c = s.head[u]
    cdef int n, v
    cdef double[3] p
    cdef Entry entry
    s.epoch += 1
    s.marks[u] = s.epoch
    while c != GONE:
        for n in range(3):
            v = s.faces[3 * (c // 3) + n]
            if s.faces[3 * (c // 3)] == GONE or s.marks[v] == s.epoch:
                continue
            s.marks[v] = s.epoch
            if v < u and not all_edges:
                continue
            entry.cost = place(s, u, v, p)
            entry.first = min(u, v)
            entry.second = max(u, v)
            # Stamps only grow, so their sum is unchanged only where both are.
            entry.stamp = s.stamps[u] + s.stamps[v]
            if not push(&s.heap, entry):
                return False
        c = s.next[c]
    return True


cdef bint keeps_topology(Surface* s, int u, int v) noexcept nogil:
    """Return whether collapsing u-v leaves a manifold one (the link condition)."""
    cdef int at_u = 0
    cdef int at_v = 0
    cdef int shared = 0
    cdef int common = 0
    cdef int c, n, w
    s.epoch += 2
    c = s.head[u]
    while c != GONE:
        if s.faces[3 * (c // 3)] != GONE:
            at_u += 1
            shared += contains(&s.faces[3 * (c // 3)], v)
            for n in range(3):
                s.marks[s.faces[3 * (c // 3) + n]] = s.epoch - 1
        c = s.next[c]
    s.marks[u] = s.epoch
    s.marks[v] = s.epoch
    c = s.head[v]
    while c != GONE:
        if s.faces[3 * (c // 3)] != GONE:
            at_v += 1
            for n in range(3):
                w = s.faces[3 * (c // 3) + n]
                if s.marks[w] == s.epoch - 1:
                    s.marks[w] = s.epoch
                    common += 1
        c = s.next[c]
    if common != shared:
        return False
    if shared == 1:
        return at_u > 1 or at_v > 1  # else a lone triangle
    # An inner edge between boundaries would pinch; three faces at both ends are a tetrahedron.
    return shared == 2 and not (s.open[u] and s.open[v]) and not (at_u == 3 and at_v == 3)


cdef bint keeps_shape(const Surface* s, int u, int v, const double* p, int stage) noexcept nogil:
    """Return whether no face of `u` that stays turns over or degenerates when `u` moves to `p`."""
    cdef double[3] old
    cdef double[3] new
    cdef const double* a
    cdef const double* b
    cdef double old_reach, new_reach, old_size, new_size
    cdef int c = s.head[u]
    cdef int f
    while c != GONE:
        f = 3 * (c // 3)
        if s.faces[f] != GONE and not contains(&s.faces[f], v):
            a = &s.positions[3 * s.faces[f + (c + 1) % 3]]
            b = &s.positions[3 * s.faces[f + (c + 2) % 3]]
            old_reach = face_normal(&s.positions[3 * u], a, b, old)
            new_reach = face_normal(p, a, b, new)
            old_size = sqrt(dot(old, old))
            new_size = sqrt(dot(new, new))
            if dot(old, new) < LEAST_COSINE[stage] * old_size * new_size:
                return False
            # A face that was worse before may stay bad, as long as it gets no worse.
            if new_size <= LEAST_SHAPE[stage] * new_reach:
                if new_size == 0 or new_size * old_reach < old_size * new_reach:
                    return False
        c = s.next[c]
    return True


cdef void collapse(Surface* s, int u, int v, const double* p) noexcept nogil:
    """Merge `v` into `u` at `p`; the faces of the edge go."""
    cdef int kept = GONE
    cdef int n, c, following, f
    for n in range(3):
        s.positions[3 * u + n] = p[n]
    for n in range(10):
        s.quadrics[10 * u + n] += s.quadrics[10 * v + n]
    s.open[u] |= s.open[v]
    s.stamps[u] += 1
    s.stamps[v] += 1
    for n in range(2):
        c = s.head[v] if n == 0 else s.head[u]
        while c != GONE:
            following = s.next[c]
            f = 3 * (c // 3)
            if s.faces[f] != GONE:
                if n == 0 and contains(&s.faces[f], u):
                    s.faces[f] = GONE
                    s.face_count -= 1
                else:
                    s.faces[c] = u
                    s.next[c] = kept
                    kept = c
            c = following
    s.head[u] = kept
    s.head[v] = GONE


cdef bint reduce_faces(Surface* s, Py_ssize_t target) noexcept nogil:
    """Collapse the cheapest edge until `target` faces are left; return whether memory sufficed."""
    cdef int stage = 0
    cdef bint progress = True
    cdef Py_ssize_t n
    cdef Entry entry
    cdef double[3] p
    while s.face_count > target:
        if s.heap.count == 0:
            # Collapses that were refused may have become possible.
            if not progress:
                stage += 1
            if stage == 3:
                break
            progress = False
            for n in range(s.vertex_count):
                if not push_edges(s, <int>n, False):
                    return False
            if s.heap.count == 0:
                break
        entry = pop(&s.heap)
        if entry.stamp != s.stamps[entry.first] + s.stamps[entry.second]:
            continue
        if not keeps_topology(s, entry.first, entry.second):
            continue
        place(s, entry.first, entry.second, p)
        if not keeps_shape(s, entry.first, entry.second, p, stage):
            continue
        if not keeps_shape(s, entry.second, entry.first, p, stage):
            continue
        collapse(s, entry.first, entry.second, p)
        progress = True
        if not push_edges(s, entry.first, True):
            return False
    return True


def simplify(
    double[:, ::1] positions,
    int[:, ::1] faces,
    Py_ssize_t target,
    double[:, ::1] quadrics,
    int[:, ::1] links,
    int[::1] following,
    unsigned char[::1] boundary,
):
    """Collapse edges in place until `target` faces are left, or none can be collapsed.

    `positions` (V, 3) about the origin and of unit scale; `faces` (F, 3) gets -1 in the first
    column of the faces that go. Scratch: `quadrics` (V, 10), `links` (3, V), `following` (3F,),
    `boundary` (V,).
    """
    cdef Surface s
    cdef bint finished
    s.positions = &positions[0, 0]
    s.faces = &faces[0, 0]
    s.quadrics = &quadrics[0, 0]
    s.head = &links[0, 0]
    s.stamps = &links[1, 0]
    s.marks = &links[2, 0]
    s.next = &following[0]
    s.open = &boundary[0]
    s.epoch = 0
    s.vertex_count = positions.shape[0]
    s.face_count = faces.shape[0]
    s.heap.count = 0
    s.heap.capacity = 3 * faces.shape[0]
    s.heap.entries = <Entry*>malloc(s.heap.capacity * sizeof(Entry))
    if s.heap.entries == NULL:
        raise MemoryError
    with nogil:
        link_corners(&s)
        sum_quadrics(&s)
        finished = reduce_faces(&s, target)
    free(s.heap.entries)
    if not finished:
        raise MemoryError
