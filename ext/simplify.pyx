# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Quadric-error simplification kernel. Private: call onet_cli.geometry.simplify instead.

Quadrics and their sums as in Garland & Heckbert, SIGGRAPH 1997; the queue, the order and the last
step are our own. An edge's error only grows as its ends collapse, so a key that is out of date is
too low: the edge is valued anew when it reaches the top, and stands there rightly or sinks. At the
end each vertex gives back the volume that its collapses took, which centres the faces on the
surface they stand for (Lindstrom & Turk, Visualization 1998, hold it at every collapse).
"""

from libc.math cimport sqrt
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

include "quadric.pxi"
include "surface.pxi"

cdef enum:
    CHILDREN = 4  # of an entry of the heap
    STAGES = 3
    MANY_FILLS = 4
    FEW = 256  # from then on, at least one edge in so many has to go in a stage that goes on

cdef double STIFFNESS = 1e-13  # share of the area that resists moving off an edge's middle
cdef double FARTHEST = 2.0  # greatest distance of the new vertex from the edge's middle, in edges
cdef double SHORT_FIRST = 1e-13  # share of the squared length in the cost; orders flat regions
cdef double BOUNDARY = 100.0  # weight of the planes that hold the boundary in place
cdef double VOLUME_STIFFNESS = 1e-3  # as STIFFNESS, when volume is given back
cdef double LONGEST_STEP = 0.05  # that a vertex goes to give back volume, in edges
cdef float LEAST_KEY = 1e-14  # of an edge that was refused
cdef float GREATEST_GROWTH = 1e6
cdef float CROWD = 32  # faces at the ends of an edge; with twice as many or more it is tried less
cdef float GREATEST_KEY = 1e3  # beyond it, an edge waits for the queue to be filled again

# Per stage: least cosine between a face's normals before and after, least shape of a face (its
# height over its longest edge). The next stage begins only when nothing is left to collapse.
cdef double[STAGES] LEAST_COSINE = [0.5, 0.0, -2.0]
cdef double[STAGES] LEAST_SHAPE = [1e-3, 1e-4, 1e-6]


cdef inline uint64_t pack(float key, int edge) noexcept nogil:
    """Return a number that orders as `key`, which is not negative, does; ties go by `edge`."""
    cdef uint32_t bits
    memcpy(&bits, &key, sizeof(bits))
    return (<uint64_t>bits << 32) | <uint32_t>edge


cdef inline float key_of(uint64_t entry) noexcept nogil:
    cdef uint32_t bits = <uint32_t>(entry >> 32)
    cdef float key
    memcpy(&key, &bits, sizeof(bits))
    return key


cdef inline void sift_down(Surface* s, int place, uint64_t entry) noexcept nogil:
    """Write `entry` at `place` of the heap or below."""
    cdef int child, best
    while True:
        best = CHILDREN * place + 1
        if best >= s.heap_count:
            break
        for child in range(best + 1, min(best + CHILDREN, s.heap_count)):
            if s.heap[child] < s.heap[best]:
                best = child
        if s.heap[best] >= entry:
            break
        s.heap[place] = s.heap[best]
        place = best
    s.heap[place] = entry


cdef inline void drop_top(Surface* s) noexcept nogil:
    s.heap_count -= 1
    if s.heap_count > 0:
        sift_down(s, 0, s.heap[s.heap_count])


cdef float place(const Surface* s, const Edge* edge, double* p, double* q) noexcept nogil:
    """Write where `edge` collapses to and its quadric about its middle; return its key."""
    cdef const Vertex* u = &s.vertices[edge.first]
    cdef const Vertex* v = &s.vertices[edge.second]
    cdef double[3] half
    cdef double[3] back
    cdef double[3] d
    cdef double[10] other
    cdef double area, length, moved, cost
    cdef int n
    for n in range(3):
        half[n] = 0.5 * (v.at[n] - u.at[n])
        back[n] = -half[n]
    shift(u.quadric, half, q)
    shift(v.quadric, back, other)
    for n in range(10):
        q[n] += other[n]
    area = q[0] + q[3] + q[5]
    length = 4 * dot(half, half)
    least(q, STIFFNESS * area, d)
    moved = dot(d, d)
    if moved > FARTHEST * FARTHEST * length:
        moved = FARTHEST * sqrt(length / moved)
        for n in range(3):
            d[n] *= moved
    for n in range(3):
        p[n] = u.at[n] + half[n] + d[n]
    cost = max(error(q, d), 0.0) + SHORT_FIRST * area * length
    # The least sum of squared distances asks for the order of cost, the least sum of distances
    # for that of cost * area. Between them, at cost * area^(2/3), the mean error is measured least.
    return <float>sqrt(cost * sqrt(cost) * area)


cdef void sum_quadrics(Surface* s) noexcept nogil:
    """Give each vertex the planes of its faces, by area, and of its boundary edges."""
    cdef int f, n, m
    cdef double size, reach
    cdef double[3] normal
    cdef double[3] along
    cdef double[3] wall
    cdef Face* face
    cdef Vertex* u
    cdef Vertex* v
    for f in range(s.face_count):
        face = &s.faces[f]
        normal_of(s, face, normal)
        size = sqrt(dot(normal, normal))
        if size == 0:
            continue
        for n in range(3):
            normal[n] /= size
        for n in range(3):
            add_plane(s.vertices[face.vertex[n]].quadric, normal, 0.5 * size)
            if s.edges[face.edge[n]].faces == 2:
                continue
            u = &s.vertices[face.vertex[(n + 1) % 3]]
            v = &s.vertices[face.vertex[(n + 2) % 3]]
            subtract(v.at, u.at, along)
            cross(along, normal, wall)
            reach = sqrt(dot(wall, wall))
            for m in range(3):
                wall[m] /= reach
            add_plane(u.quadric, wall, BOUNDARY * reach * reach)
            add_plane(v.quadric, wall, BOUNDARY * reach * reach)
    for n in range(s.edge_count):
        if s.edges[n].faces != 2:
            s.vertices[s.edges[n].first].open = True
            s.vertices[s.edges[n].second].open = True


cdef bint keeps_shape(const Surface* s, int u, int v, const double* p, int stage) noexcept nogil:
    """Return whether no face of `u` that stays turns over or degenerates when `u` moves to `p`."""
    cdef double[3] old
    cdef double[3] new
    cdef const double* a
    cdef const double* b
    cdef double old_reach, new_reach, old_size, new_size
    cdef int c = s.vertices[u].head
    cdef int k
    cdef Face* face
    while c != GONE:
        face = &s.faces[c // 3]
        k = c % 3
        if face.vertex[0] != GONE and not has(face, v):
            a = s.vertices[face.vertex[(k + 1) % 3]].at
            b = s.vertices[face.vertex[(k + 2) % 3]].at
            old_reach = face_normal(s.vertices[u].at, a, b, old)
            new_reach = face_normal(p, a, b, new)
            old_size = sqrt(dot(old, old))
            new_size = sqrt(dot(new, new))
            if dot(old, new) < LEAST_COSINE[stage] * old_size * new_size:
                return False
            # A face that was worse before may stay bad, as long as it gets no worse.
            if new_size <= LEAST_SHAPE[stage] * new_reach:
                if new_size == 0 or new_size * old_reach < old_size * new_reach:
                    return False
        c = face.next[k]
    return True


cdef double volume_below(const Surface* s, int u, int v, const double* p) noexcept nogil:
    """Return the volume between `p` and the faces of `u` and `v`: what moving both there takes."""
    cdef double volume = 0
    cdef double[3] normal
    cdef double[3] reach
    cdef int n, c
    cdef Face* face
    for n in range(2):
        c = s.vertices[v if n else u].head
        while c != GONE:
            face = &s.faces[c // 3]
            if face.vertex[0] != GONE and not (n and has(face, u)):
                normal_of(s, face, normal)
                subtract(s.vertices[face.vertex[0]].at, p, reach)
                volume += dot(normal, reach)
            c = face.next[c % 3]
    return volume / 6


cdef void collapse(Surface* s, Edge* edge, const double* p, const double* q) noexcept nogil:
    """Collapse `edge` to `p`, `q` being its quadric about its middle; the lower end stays."""
    if edge.first > edge.second:
        edge.first, edge.second = edge.second, edge.first
    cdef Vertex* u = &s.vertices[edge.first]
    cdef Vertex* v = &s.vertices[edge.second]
    cdef double[3] d
    cdef int n
    u.lost += v.lost + volume_below(s, edge.first, edge.second, p)
    for n in range(3):
        d[n] = p[n] - 0.5 * (u.at[n] + v.at[n])
        u.at[n] = p[n]
    shift(q, d, u.quadric)
    join(s, edge)


cdef void fill_heap(Surface* s) noexcept nogil:
    cdef int n
    cdef double[3] p
    cdef double[10] q
    cdef Edge* edge
    s.heap_count = 0
    for n in range(s.edge_count):
        edge = &s.edges[n]
        if edge.first != GONE:
            edge.stamp = s.vertices[edge.first].stamp + s.vertices[edge.second].stamp
            edge.refused = NEVER_REFUSED  # another stage may allow it
            s.heap[s.heap_count] = pack(place(s, edge, p, q), n)
            s.heap_count += 1
    for n in range(s.heap_count // CHILDREN, -1, -1):
        if n < s.heap_count:
            sift_down(s, n, s.heap[n])


cdef inline void put_off(Surface* s, const Edge* edge, uint64_t entry) noexcept nogil:
    """Give the edge at the heap's top, which was refused, a greater key, or drop it.

    It may become possible when what is around it has changed: it is tried again at twice the key,
    or more at a vertex of hundreds of faces, all of which each of its edges looks at.
    """
    cdef float key = max(max(s.growth, faces_around(s, edge) / CROWD) * key_of(entry), LEAST_KEY)
    if key > GREATEST_KEY:
        drop_top(s)
    else:
        sift_down(s, 0, pack(key, <int><uint32_t>entry))


cdef bint take_top(Surface* s, int stage) noexcept nogil:
    """Collapse the edge at the heap's top, or value it anew, or put it off; return whether first."""
    cdef uint64_t entry = s.heap[0]
    cdef int number = <int><uint32_t>entry
    cdef Edge* edge = &s.edges[number]
    cdef int stamp
    cdef uint32_t near
    cdef double[3] p
    cdef double[10] q
    cdef float key
    cdef Answer answer = NOT_NOW
    if edge.first == GONE:
        drop_top(s)
        return False
    near = s.vertices[edge.first].near + s.vertices[edge.second].near
    if near == edge.refused:  # for the same reasons as last time
        put_off(s, edge, entry)
        return False
    stamp = s.vertices[edge.first].stamp + s.vertices[edge.second].stamp
    key = place(s, edge, p, q)
    # Stamps only grow, so their sum is unchanged only where both are.
    if stamp != edge.stamp:
        edge.stamp = stamp
        sift_down(s, 0, pack(key, number))
        return False
    if may_go(s, edge):
        answer = keeps_topology(s, edge.first, edge.second)
    if (
        answer == YES
        and keeps_shape(s, edge.first, edge.second, p, stage)
        and keeps_shape(s, edge.second, edge.first, p, stage)
    ):
        drop_top(s)
        collapse(s, edge, p, q)
        return True
    edge.refused = near
    if answer == NEVER:
        drop_top(s)
    else:
        put_off(s, edge, entry)
    return False


cdef void reduce_faces(Surface* s, int target) noexcept nogil:
    """Collapse the edge of the least key until `target` faces are left or nothing is.

    Hardly a mesh fills the queue more than a dozen times. Those that do are flat fans of thousands
    of faces: from then on, refused edges are tried less often each time, and the next stage begins
    where little comes of it.
    """
    cdef int stage = 0, fills = 0, gone = 1, least = 1
    s.growth = 2
    while s.faces_left > target:
        if s.heap_count == 0:
            if gone < least:
                stage += 1
            if stage == STAGES:
                break
            gone = 0
            fill_heap(s)
            if s.heap_count == 0:
                break
            fills += 1
            if fills > MANY_FILLS:
                s.growth = min(2 * s.growth, GREATEST_GROWTH)
                least = max(1, s.heap_count // FEW)
        if take_top(s, stage):
            gone += 1


cdef void restore_volume(Surface* s) noexcept nogil:
    """Move each inner vertex to give back its lost volume at the least quadric error."""
    cdef int u, c, n
    cdef double gain, step, longest
    cdef double[3] normal
    cdef double[3] d
    cdef double[3] p
    cdef double[10] q
    cdef Vertex* v
    for u in range(s.vertex_count):
        v = &s.vertices[u]
        if v.head == GONE or v.open:
            continue
        q = v.quadric
        q[6] = q[7] = q[8] = longest = 0
        c = v.head
        while c != GONE:
            if s.faces[c // 3].vertex[0] != GONE:
                longest = max(longest, normal_of(s, &s.faces[c // 3], normal))
                for n in range(3):
                    q[6 + n] -= normal[n] / 6  # how the volume changes with the vertex
            c = s.faces[c // 3].next[c % 3]
        least(q, VOLUME_STIFFNESS * (q[0] + q[3] + q[5]), d)
        gain = -dot(&q[6], d)
        if not gain > 0:
            continue
        step = v.lost / gain
        if step * step * dot(d, d) > LONGEST_STEP * LONGEST_STEP * longest:
            continue
        for n in range(3):
            p[n] = v.at[n] + step * d[n]
        if keeps_shape(s, u, GONE, p, 0):
            for n in range(3):
                v.at[n] = p[n]


cdef void load(Surface* s, double[:, ::1] positions, int[:, ::1] faces) noexcept nogil:
    cdef int n, m
    for n in range(s.vertex_count):
        for m in range(10):
            s.vertices[n].quadric[m] = 0
        for m in range(3):
            s.vertices[n].at[m] = positions[n, m]
        s.vertices[n].lost = 0
        s.vertices[n].head = GONE
        s.vertices[n].stamp = s.vertices[n].mark = 0
        s.vertices[n].faces = s.vertices[n].near = 0
        s.vertices[n].open = False
    for n in range(s.face_count):
        for m in range(3):
            s.faces[n].vertex[m] = faces[n, m]
    s.edge_count = s.heap_count = s.epoch = s.open_edges = 0
    s.faces_left = s.face_count


cdef void store(Surface* s, double[:, ::1] positions, int[:, ::1] faces) noexcept nogil:
    cdef int n, m
    for n in range(s.vertex_count):
        for m in range(3):
            positions[n, m] = s.vertices[n].at[m]
    for n in range(s.face_count):
        for m in range(3):
            faces[n, m] = s.faces[n].vertex[m]


def simplify(double[:, ::1] positions, int[:, ::1] faces, int target, bint closed_only):
    """Collapse edges in place until `target` faces are left, or none can be collapsed.

    `positions` (V, 3) about the origin and of unit scale; `faces` (F, 3), of three vertices each,
    gets -1 in the first column of those that go. Returns whether it was done: with
    `closed_only`, nothing is where an edge is not between two faces.
    """
    cdef Surface s
    cdef bint done
    s.vertex_count = <int>positions.shape[0]
    s.face_count = <int>faces.shape[0]
    s.vertices = <Vertex*>malloc(s.vertex_count * sizeof(Vertex))
    s.faces = <Face*>malloc(s.face_count * sizeof(Face))
    s.edges = <Edge*>malloc(3 * s.face_count * sizeof(Edge))
    s.heap = <uint64_t*>malloc(3 * s.face_count * sizeof(uint64_t))
    try:
        if s.vertices == NULL or s.faces == NULL or s.edges == NULL or s.heap == NULL:
            raise MemoryError
        with nogil:
            load(&s, positions, faces)
            link_corners(&s)
            find_edges(&s)
            done = s.open_edges == 0 or not closed_only
            if done:
                sum_quadrics(&s)
                reduce_faces(&s, target)
                restore_volume(&s)
                store(&s, positions, faces)
    finally:
        free(s.vertices)
        free(s.faces)
        free(s.edges)
        free(s.heap)
    return done
