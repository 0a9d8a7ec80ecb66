"""Triangles that share vertices and edges, included by simplify.pyx.

No half-edges, so that any triangles will do: every vertex heads a linked list of its corners
(corner c is that of vertex c % 3 of face c // 3), and a collapse joins two lists. An edge is a
record of its own that the faces beside it name, so that it keeps its number when its ends change.
"""

from libc.math cimport sqrt
from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    GONE = -1
    MOST_AROUND = 4096  # faces at the ends of an edge: to look at all for each edge is quadratic

cdef uint32_t NEVER_REFUSED = 0xFFFFFFFF

cdef enum Answer:
    YES
    NOT_NOW
    NEVER

cdef struct Vertex:
    double[3] at
    double[10] quadric
    double lost  # volume that the collapses which led to this vertex took away
    int head  # first corner, or GONE
    int stamp  # grows whenever the vertex changes
    int mark  # scratch
    int faces  # how many have it
    uint32_t near  # grows whenever the vertex, a neighbour or a face between them changes
    bint open  # whether it is on an edge that does not lie between two faces

cdef struct Face:
    int[3] vertex  # the first is GONE where the face is
    int[3] edge  # that opposite each vertex
    int[3] next  # next corner of the same vertex, or GONE

cdef struct Edge:
    int first  # GONE where the edge is
    int second
    int stamp  # sum of the ends' stamps when the edge was last valued
    uint32_t refused  # sum of the ends' `near` when the edge was last refused
    int faces  # how many have it

cdef struct Surface:
    Vertex* vertices
    Face* faces
    Edge* edges
    uint64_t* heap
    int vertex_count
    int face_count
    int edge_count
    int heap_count
    int faces_left
    int open_edges
    int epoch  # the current value in marks
    float growth  # of the key of an edge that was refused, at least


cdef inline bint has(const Face* face, int v) noexcept nogil:
    return face.vertex[0] == v or face.vertex[1] == v or face.vertex[2] == v


cdef inline double normal_of(const Surface* s, const Face* face, double* normal) noexcept nogil:
    """Write the normal of `face`, twice its area long, and return its longest edge squared."""
    return face_normal(
        s.vertices[face.vertex[0]].at,
        s.vertices[face.vertex[1]].at,
        s.vertices[face.vertex[2]].at,
        normal,
    )


cdef void link_corners(Surface* s) noexcept nogil:
    cdef int f, n
    cdef Vertex* v
    for f in range(s.face_count - 1, -1, -1):
        for n in range(3):
            v = &s.vertices[s.faces[f].vertex[n]]
            v.faces += 1
            s.faces[f].next[n] = v.head
            v.head = 3 * f + n


cdef void find_edges(Surface* s) noexcept nogil:
    """Number the edges, in the order of their lower ends, and count those not between two faces."""
    cdef int u, w, c, k, n, earlier
    cdef Face* face
    for u in range(s.vertex_count):
        earlier = s.edge_count
        c = s.vertices[u].head
        while c != GONE:
            face = &s.faces[c // 3]
            k = c % 3
            for n in range(1, 3):
                w = face.vertex[(k + n) % 3]
                if w < u:
                    continue
                # Marks hold the edge's number plus one; those of other vertices are lower.
                if s.vertices[w].mark <= earlier:
                    s.edges[s.edge_count] = Edge(first=u, second=w, stamp=0, refused=NEVER_REFUSED, faces=0)
                    s.edge_count += 1
                    s.vertices[w].mark = s.edge_count
                s.edges[s.vertices[w].mark - 1].faces += 1
                face.edge[(k + 3 - n) % 3] = s.vertices[w].mark - 1
            c = face.next[k]
    for n in range(s.edge_count):
        s.open_edges += s.edges[n].faces != 2
    for u in range(s.vertex_count):
        s.vertices[u].mark = 0


cdef inline int faces_around(const Surface* s, const Edge* edge) noexcept nogil:
    """Return how many faces the two ends have; those of the edge count twice."""
    return s.vertices[edge.first].faces + s.vertices[edge.second].faces


cdef inline bint may_go(const Surface* s, const Edge* edge) noexcept nogil:
    """Return whether the numbers of faces let an edge collapse, before they are looked at.

    An inner edge between boundaries would pinch.
    """
    if edge.faces == 2 and s.vertices[edge.first].open and s.vertices[edge.second].open:
        return False
    return 0 < edge.faces <= 2 and faces_around(s, edge) <= MOST_AROUND


cdef Answer keeps_topology(Surface* s, int u, int v) noexcept nogil:
    """Return whether collapsing u-v, which `may_go`, leaves a manifold one (the link condition)."""
    cdef int at_u = 0
    cdef int at_v = 0
    cdef int shared = 0
    cdef int common = 0
    cdef int c, n, w
    cdef Face* face
    s.epoch += 2
    c = s.vertices[u].head
    while c != GONE:
        face = &s.faces[c // 3]
        if face.vertex[0] != GONE:
            at_u += 1
            shared += has(face, v)
            for n in range(3):
                s.vertices[face.vertex[n]].mark = s.epoch - 1
        c = face.next[c % 3]
    s.vertices[u].mark = s.epoch
    s.vertices[v].mark = s.epoch
    c = s.vertices[v].head
    while c != GONE:
        face = &s.faces[c // 3]
        if face.vertex[0] != GONE:
            at_v += 1
            for n in range(3):
                w = face.vertex[n]
                if s.vertices[w].mark == s.epoch - 1:
                    s.vertices[w].mark = s.epoch
                    common += 1
        c = face.next[c % 3]
    if at_u == shared and at_v == shared:
        return NEVER  # a lone triangle, or two of the same corners
    if at_u == 3 and at_v == 3 and shared == 2:
        return NEVER  # a tetrahedron
    return YES if common == shared else NOT_NOW


cdef void remove_face(Surface* s, Face* face, int k, int u) noexcept nogil:
    """Remove a face of the edge from its corner `k` to `u`: its other two edges become one."""
    cdef int v = face.vertex[k]
    cdef int kept = face.edge[k]
    cdef int lost = face.edge[0]
    cdef int c = s.vertices[v].head
    cdef int n
    cdef Face* beside
    for n in range(1, 3):
        if face.vertex[n] == u:
            lost = face.edge[n]
    for n in range(3):
        s.vertices[face.vertex[n]].faces -= 1
        s.vertices[face.vertex[n]].near += 1
    face.vertex[0] = GONE
    s.faces_left -= 1
    while c != GONE:
        beside = &s.faces[c // 3]
        for n in range(3):
            if beside.vertex[0] != GONE and beside.edge[n] == lost:
                beside.edge[n] = kept
        c = beside.next[c % 3]
    s.edges[kept].faces += s.edges[lost].faces - 2
    s.edges[lost].first = GONE


cdef void join(Surface* s, Edge* edge) noexcept nogil:
    """Merge the second end of `edge` into the first; the faces between them go."""
    cdef int u = edge.first
    cdef int v = edge.second
    cdef int kept = GONE
    cdef int n, c, k, following
    cdef Face* face
    cdef Edge* spoke
    c = s.vertices[v].head
    while c != GONE:
        face = &s.faces[c // 3]
        if face.vertex[0] != GONE and has(face, u):
            remove_face(s, face, c % 3, u)
        c = face.next[c % 3]
    edge.first = GONE
    for n in range(2):
        c = s.vertices[u if n else v].head
        while c != GONE:
            face = &s.faces[c // 3]
            k = c % 3
            following = face.next[k]
            if face.vertex[0] != GONE:
                face.vertex[k] = u
                face.next[k] = kept
                kept = c
            c = following
    s.vertices[u].head = kept
    s.vertices[v].head = GONE
    c = kept
    while c != GONE:
        face = &s.faces[c // 3]
        k = c % 3
        for n in range(1, 3):
            s.vertices[face.vertex[(k + n) % 3]].near += 1
            spoke = &s.edges[face.edge[(k + n) % 3]]
            if spoke.first == v:
                spoke.first = u
            elif spoke.second == v:
                spoke.second = u
        c = face.next[k]
    s.vertices[u].faces += s.vertices[v].faces
    s.vertices[u].near += s.vertices[v].near + 1
    s.vertices[u].open |= s.vertices[v].open
    s.vertices[u].stamp += s.vertices[v].stamp + 1
