# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Pieces of a field on a lattice, and the ways between them. Private: geometry.bridges calls it."""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc


cdef inline int64_t root_of(int64_t[::1] least, int64_t point) noexcept nogil:
    while least[point] != point:
        least[point] = least[least[point]]
        point = least[point]
    return point


def label(const float[:, :, ::1] logits, float level, int64_t[::1] least):
    """Write for each point the least one of its piece, counted through the lattice, or -1 outside.

    A piece are points of `logits` (N, N, N) from `level` up that hang together along the axes.
    """
    cdef Py_ssize_t size = logits.shape[0], x, y, z
    cdef Py_ssize_t strides[3]
    cdef Py_ssize_t places[3]
    cdef int64_t at = 0, one, other
    cdef int axis
    strides[0], strides[1], strides[2] = size * size, size, 1
    with nogil:
        for x in range(size):
            for y in range(size):
                for z in range(size):
                    if logits[x, y, z] >= level:
                        least[at] = at
                        places[0], places[1], places[2] = x, y, z
                        for axis in range(3):
                            if places[axis] > 0 and least[at - strides[axis]] >= 0:
                                one = root_of(least, at)
                                other = root_of(least, at - strides[axis])
                                least[max(one, other)] = min(one, other)
                    else:
                        least[at] = -1
                    at += 1
        for at in range(least.shape[0]):
            if least[at] >= 0:
                least[at] = least[least[at]]


cdef struct queue:
    int32_t *points  # a binary heap, the cheapest first
    int32_t *places  # of each point in it, -1 if it is not
    Py_ssize_t count


cdef void rise(queue *heap, const double[::1] cost, Py_ssize_t place) noexcept nogil:
    cdef int32_t point = heap.points[place]
    cdef Py_ssize_t above
    while place > 0:
        above = (place - 1) // 2
        if cost[heap.points[above]] <= cost[point]:
            break
        heap.points[place] = heap.points[above]
        heap.places[heap.points[place]] = place
        place = above
    heap.points[place] = point
    heap.places[point] = place


cdef int32_t take(queue *heap, const double[::1] cost) noexcept nogil:
    """Remove the cheapest point and return it."""
    cdef int32_t first = heap.points[0], point
    cdef Py_ssize_t place = 0, below
    heap.count -= 1
    heap.places[first] = -1
    if heap.count == 0:
        return first
    point = heap.points[heap.count]
    while True:
        below = 2 * place + 1
        if below >= heap.count:
            break
        if below + 1 < heap.count and cost[heap.points[below + 1]] < cost[heap.points[below]]:
            below += 1
        if cost[point] <= cost[heap.points[below]]:
            break
        heap.points[place] = heap.points[below]
        heap.places[heap.points[place]] = place
        place = below
    heap.points[place] = point
    heap.places[point] = place
    return first


def flood(
    const float[::1] logits,
    Py_ssize_t size,
    const int64_t[::1] least,
    int64_t start,
    float level,
    float limit,
    double step_cost,
    double[::1] cost,
    int32_t[::1] before,
):
    """Write what the best way from piece `start` to each point costs, and the point before it.

    `logits` are those of a lattice of `size` points a side, `least` is what `label` gave. A step
    within a piece is free; others cost `step_cost` and the mean of what both ends lack to `level`.
    Points that lack more than `limit` are no way. `cost` (N^3,) is infinite and `before` -1 where
    no way leads, and `before` is -1 at `start` too.

    Source: Dijkstra, "A note on two problems in connexion with graphs", 1959.
    """
    cdef Py_ssize_t count = logits.shape[0], at, place, axis, side, there
    cdef Py_ssize_t strides[3]
    cdef double price, lack
    cdef int32_t point
    cdef queue heap
    strides[0], strides[1], strides[2] = size * size, size, 1
    heap.count = 0
    heap.points = <int32_t *>malloc(count * sizeof(int32_t))
    heap.places = <int32_t *>malloc(count * sizeof(int32_t))
    try:
        if heap.points == NULL or heap.places == NULL:
            raise MemoryError
        with nogil:
            for at in range(count):
                cost[at] = INFINITY
                before[at] = heap.places[at] = -1
                if least[at] == start:
                    cost[at] = 0
                    heap.points[heap.count] = heap.places[at] = heap.count
                    heap.points[heap.count] = at
                    heap.count += 1
            while heap.count:
                point = take(&heap, cost)
                lack = max(level - logits[point], 0)
                for axis in range(3):
                    place = point // strides[axis] % size
                    for side in range(-1, 2, 2):
                        if not 0 <= place + side < size:
                            continue
                        there = point + side * strides[axis]
                        if logits[there] < level - limit:
                            continue
                        if least[point] >= 0 and least[there] >= 0:
                            price = cost[point]
                        else:
                            price = cost[point] + step_cost
                            price += (lack + max(level - logits[there], 0)) / 2
                        if price < cost[there]:
                            cost[there] = price
                            before[there] = point
                            if heap.places[there] < 0:
                                heap.places[there] = heap.count
                                heap.points[heap.count] = there
                                heap.count += 1
                            rise(&heap, cost, heap.places[there])
    finally:
        free(heap.points)
        free(heap.places)
