# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Triangle rasteriser with a depth buffer. Private: call onet_cli.geometry.render instead."""

# How far outside an edge still counts as on it, as a share of the triangle: far below a sample,
# far above the rounding of the weights. Else samples on an edge could miss both its faces.
cdef double SLACK = -1e-9


def draw_triangles(
    const double[:, ::1] corners,
    const int[:, ::1] faces,
    double[:, ::1] nearness,
    int[:, ::1] drawn,
    float[:, :, ::1] weights,
):
    """Draw `faces` (F, 3) with projected `corners` (V, 3): pixel x, pixel y and 1 / depth.

    For each sample of the (H, W) buffers, `nearness` is the largest 1 / depth met, `drawn` the face
    it belongs to and `weights` (H, W, 3) the perspective-correct barycentric weights there. A sample
    lies at the centre of its cell. 1 / depth is linear across the picture of a triangle, so
    interpolating it is exact. Faces behind the camera must have been clipped.
    """
    cdef Py_ssize_t height = nearness.shape[0], width = nearness.shape[1]
    cdef Py_ssize_t f, row, column, top, bottom, left, right
    cdef double ax, ay, az, bx, by, bz, cx, cy, cz, area, y, near
    cdef double u, v, w, u_step, v_step, w_step
    cdef double lowest, highest
    with nogil:
        for f in range(faces.shape[0]):
            ax = corners[faces[f, 0], 0]
            ay = corners[faces[f, 0], 1]
            az = corners[faces[f, 0], 2]
            bx = corners[faces[f, 1], 0]
            by = corners[faces[f, 1], 1]
            bz = corners[faces[f, 1], 2]
            cx = corners[faces[f, 2], 0]
            cy = corners[faces[f, 2], 1]
            cz = corners[faces[f, 2], 2]
            area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            if area == 0:
                continue
            lowest = min(ay, min(by, cy))
            highest = max(ay, max(by, cy))
            if highest < 0 or lowest > height:
                continue
            top = <Py_ssize_t>max(lowest - 0.5, 0.0)
            bottom = <Py_ssize_t>min(highest + 0.5, <double>height)
            lowest = min(ax, min(bx, cx))
            highest = max(ax, max(bx, cx))
            if highest < 0 or lowest > width:
                continue
            left = <Py_ssize_t>max(lowest - 0.5, 0.0)
            right = <Py_ssize_t>min(highest + 0.5, <double>width)
            u_step = (by - cy) / area
            v_step = (cy - ay) / area
            w_step = (ay - by) / area
            for row in range(top, bottom):
                y = row + 0.5
                u = ((bx - (left + 0.5)) * (cy - y) - (by - y) * (cx - (left + 0.5))) / area
                v = ((cx - (left + 0.5)) * (ay - y) - (cy - y) * (ax - (left + 0.5))) / area
                w = ((ax - (left + 0.5)) * (by - y) - (ay - y) * (bx - (left + 0.5))) / area
                for column in range(left, right):
                    # Edges count as inside for both neighbours: depth decides, no cracks appear.
                    if u >= SLACK and v >= SLACK and w >= SLACK:
                        near = u * az + v * bz + w * cz
                        if near > nearness[row, column]:
                            nearness[row, column] = near
                            drawn[row, column] = <int>f
                            weights[row, column, 0] = <float>(u * az / near)
                            weights[row, column, 1] = <float>(v * bz / near)
                            weights[row, column, 2] = <float>(w * cz / near)
                    u = u + u_step
                    v = v + v_step
                    w = w + w_step
