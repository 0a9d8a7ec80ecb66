# Colours of the samples that rasterize.pyx has given to faces: textures, lights, shadows, ambient
# light. All in the scene's frame: centred at 0, radius 1, so positions are floats of known range.

cdef float SHARPNESS = 32  # exponent of the highlight (Blinn, 1977)


cdef struct Texel:
    float red
    float green
    float blue
    float alpha


cdef struct Hit:
    double[3] weights  # barycentric, at the sample
    float[3] point
    float[3] normal  # interpolated, on the viewer's side
    float[3] facet  # the face's own, on the viewer's side
    float[3] eye  # unit vector to the viewer


cdef inline void texel_at(
    const unsigned char[:, ::1] texels,
    const float[::1] linear,
    const int[:, ::1] levels,
    Py_ssize_t level,
    double u,
    double v,
    float share,
    Texel* total,
) noexcept nogil:
    """Add `share` of the bilinear sample of one level at (u, v) in 0..1, which wraps around."""
    cdef Py_ssize_t width = levels[level, 1], height = levels[level, 2]
    cdef double x = u * width - 0.5 + width, y = v * height - 0.5 + height  # + size: not negative
    cdef Py_ssize_t left = <Py_ssize_t>x, top = <Py_ssize_t>y, row, texel
    cdef float right_share = <float>(x - left), bottom_share = <float>(y - top), weight
    cdef int i, j
    for i in range(2):
        row = levels[level, 0] + ((top + i) % height) * width
        for j in range(2):
            texel = row + (left + j) % width
            weight = share * (bottom_share if i else 1 - bottom_share)
            weight *= right_share if j else 1 - right_share
            weight *= texels[texel, 3] / <float>255  # the colour of a hole must not bleed
            total.red += weight * linear[texels[texel, 0]]
            total.green += weight * linear[texels[texel, 1]]
            total.blue += weight * linear[texels[texel, 2]]
            total.alpha += weight


cdef inline void face_weights(
    double[3][3] sides, const double* ray, double* weights
) noexcept nogil:
    """Write where `ray` meets a face's plane, in barycentric weights that may leave the face."""
    cdef double total = 0
    cdef int k
    for k in range(3):
        weights[k] = sides[k][0] * ray[0] + sides[k][1] * ray[1] + sides[k][2] * ray[2]
        total += weights[k]
    for k in range(3):
        weights[k] = weights[k] / total if total != 0 else 1.0 / 3


cdef inline void cast(
    const double[:, ::1] rays, double column, double row, double* ray
) noexcept nogil:
    cdef int k
    for k in range(3):
        ray[k] = rays[k, 0] * column + rays[k, 1] * row + rays[k, 2]


cdef Texel texture_at(
    const unsigned char[:, ::1] texels,
    const float[::1] linear,
    const int[:, ::1] levels,
    Py_ssize_t first,
    Py_ssize_t count,
    const float[:, ::1] uv,
    double[3] weights,
    double[3] beside,
    double[3] below,
) noexcept nogil:
    """Return a trilinear sample; the level's texels are as large as the step to the next samples."""
    cdef double u = 0, v = 0, u_across = 0, v_across = 0, u_along = 0, v_along = 0
    cdef Texel found
    cdef double across, along, width = levels[first, 1], height = levels[first, 2]
    cdef float level, share
    cdef Py_ssize_t whole
    cdef int k
    found.red = found.green = found.blue = found.alpha = 0
    for k in range(3):
        u += weights[k] * uv[k, 0]
        v -= weights[k] * uv[k, 1]  # v points up, rows go down
        u_across += (beside[k] - weights[k]) * uv[k, 0] * width
        v_across += (beside[k] - weights[k]) * uv[k, 1] * height
        u_along += (below[k] - weights[k]) * uv[k, 0] * width
        v_along += (below[k] - weights[k]) * uv[k, 1] * height
    across = u_across * u_across + v_across * v_across
    along = u_along * u_along + v_along * v_along
    # Half of log2 of a squared length; the ceiling also holds back infinities.
    level = 0.5 * log2f(<float>min(max(across, along, 1e-12), 1e12))
    level = min(max(level, <float>0), <float>(count - 1))
    whole = min(<Py_ssize_t>level, count - 1)
    share = level - whole
    u -= floor(u)
    v -= floor(v)
    texel_at(texels, linear, levels, first + whole, u, v, 1 - share, &found)
    if share > 0:
        texel_at(texels, linear, levels, first + whole + 1, u, v, share, &found)
    if found.alpha > 0:
        found.red /= found.alpha
        found.green /= found.alpha
        found.blue /= found.alpha
    return found


cdef inline float dot(const float* a, const float* b) noexcept nogil:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


cdef inline void normalise(float* vector) noexcept nogil:
    cdef float length = sqrtf(dot(vector, vector))
    cdef int k
    if length > 0:
        for k in range(3):
            vector[k] /= length


cdef void ambient_light(
    Hit* hit,
    const float[:, :, ::1] axes,
    const unsigned short[:, :, :, ::1] depths,
    const float[:, :, ::1] radiance,
    float margin,
    int group,
    int groups,
    float* light,
) noexcept nogil:
    """Write the mean light (3) from every `groups`-th direction of the upper half space.

    Each axis stands for two opposite directions, of which one lies above any surface.
    """
    cdef Py_ssize_t resolution = depths.shape[1], axis, x, y
    cdef float total = 0, cosine, height, across, along, reach, seen
    cdef float[3] point
    cdef int k, end
    light[0] = light[1] = light[2] = 0
    for k in range(3):
        point[k] = hit.point[k] + margin * hit.facet[k]
    axis = group - groups
    while axis + groups < axes.shape[0]:
        axis += groups
        cosine = dot(hit.normal, &axes[axis, 2, 0])
        across = dot(point, &axes[axis, 0, 0])
        along = dot(point, &axes[axis, 1, 0])
        height = (dot(point, &axes[axis, 2, 0]) + 1) * <float>32767.5
        x = <Py_ssize_t>((across + 1) * resolution * <float>0.5)
        y = <Py_ssize_t>((along + 1) * resolution * <float>0.5)
        x = min(max(x, 0), resolution - 1)
        y = min(max(y, 0), resolution - 1)
        end = 0
        reach = depths[axis, y, x, 0] - height
        if cosine < 0:
            cosine = -cosine
            end = 1
            reach = height - depths[axis, y, x, 1]
        total += cosine
        # Fades in over the margin, so that a face that grazes itself is not speckled.
        seen = min(max(1 - reach / (margin * <float>32767.5), <float>0), <float>1)
        for k in range(3):
            light[k] += cosine * seen * radiance[axis, end, k]
    if total > 0:
        for k in range(3):
            light[k] /= total


cdef float lit_share(
    float* point,
    const double[:, ::1] view,
    const float[:, ::1] shadow,
    float margin,
    float dx,
    float dy,
) noexcept nogil:
    """Return the share of a light that is not blocked, smoothed between four texels of its map."""
    cdef Py_ssize_t resolution = shadow.shape[0], left, top, x, y
    cdef double[3] seen
    cdef double column, row
    cdef float limit, share_x, share_y, total = 0
    cdef int i, j, k
    for k in range(3):
        seen[k] = view[k, 0] * point[0] + view[k, 1] * point[1] + view[k, 2] * point[2] + view[k, 3]
    if seen[2] <= 2 * margin:
        return 1
    column = seen[0] / seen[2] - 0.5 + dx
    row = seen[1] / seen[2] - 0.5 + dy
    if not (column >= 0 and row >= 0 and column < resolution - 1 and row < resolution - 1):
        return 1
    limit = <float>(1 / (seen[2] - margin))
    left = <Py_ssize_t>column
    top = <Py_ssize_t>row
    share_x = <float>(column - left)
    share_y = <float>(row - top)
    for i in range(2):
        for j in range(2):
            if shadow[top + i, left + j] <= limit:
                total += (share_y if i else 1 - share_y) * (share_x if j else 1 - share_x)
    return total


def shade(
    const int[:, ::1] owners,
    const double[:, ::1] vertices,
    const int[:, ::1] faces,
    const float[:, :, ::1] normals,
    const float[:, :, ::1] uvs,
    const unsigned char[:, :, ::1] corner_colours,
    const int[::1] material_of_face,
    const float[:, ::1] materials,
    const int[:, ::1] textures,
    const int[:, ::1] levels,
    const unsigned char[:, ::1] texels,
    const float[::1] linear,
    const double[::1] eye,
    const double[:, ::1] rays,
    const float[:, ::1] lights,
    const double[:, :, ::1] light_views,
    const float[:, :, ::1] shadows,
    const float[:, :, ::1] axes,
    const unsigned short[:, :, :, ::1] depths,
    const float[:, :, ::1] radiance,
    float margin,
    int samples,
    float[:, :, ::1] colours,
):
    """Add a layer of faces behind what `colours` (H, W, 4) holds: linear light times cover, cover.

    `owners` (H, W) is the face at each sample or -1, `rays` (3, 3) takes (column, row, 1) to the
    direction from `eye`. `materials` (M, 6): linear red, green, blue, opacity, gloss, texture or
    -1. `uvs` and `corner_colours` may have no rows. `lights` (L, 6): place, colour; `light_views`
    (L, 3, 4) takes points to their `shadows` (L, S, S), times depth.
    """
    cdef Py_ssize_t row, column, face, a, texture
    cdef double[3][3] sides
    cdef double[3] ray, beside, below
    cdef double[3][3] arms
    cdef double total
    cdef float[3] light, highlight, towards, half, albedo, shifted
    cdef float opacity, gloss, cosine, lit, weight, cover, length
    cdef Texel texel
    cdef Hit hit
    cdef int k, m, group, groups = 4 if samples > 1 else 1
    cdef Py_ssize_t n
    with nogil:
        for row in range(owners.shape[0]):
            for column in range(owners.shape[1]):
                face = owners[row, column]
                if face < 0 or colours[row, column, 3] > <float>0.995:
                    continue
                cast(rays, column + 0.5, row + 0.5, ray)
                for m in range(3):
                    for k in range(3):
                        arms[m][k] = vertices[faces[face, m], k] - eye[k]
                for m in range(3):
                    for k in range(3):
                        sides[m][k] = (
                            arms[(m + 1) % 3][(k + 1) % 3] * arms[(m + 2) % 3][(k + 2) % 3]
                            - arms[(m + 1) % 3][(k + 2) % 3] * arms[(m + 2) % 3][(k + 1) % 3]
                        )
                face_weights(sides, ray, hit.weights)
                a = material_of_face[face]
                opacity = materials[a, 3]
                gloss = materials[a, 4]
                texture = <Py_ssize_t>materials[a, 5]
                for k in range(3):
                    albedo[k] = materials[a, k]
                if texture >= 0 and uvs.shape[0] > 0:
                    cast(rays, column + 1.5, row + 0.5, ray)
                    face_weights(sides, ray, beside)
                    cast(rays, column + 0.5, row + 1.5, ray)
                    face_weights(sides, ray, below)
                    texel = texture_at(
                        texels, linear, levels, textures[texture, 0], textures[texture, 1],
                        uvs[face], hit.weights, beside, below,
                    )
                    albedo[0] = texel.red
                    albedo[1] = texel.green
                    albedo[2] = texel.blue
                    opacity *= texel.alpha
                elif corner_colours.shape[0] > 0:
                    for k in range(3):
                        albedo[k] = 0
                        for m in range(3):
                            albedo[k] += <float>hit.weights[m] * linear[corner_colours[face, m, k]]
                # A sample on the rim can lie a little outside of its face.
                total = 0
                for m in range(3):
                    hit.weights[m] = min(max(hit.weights[m], 0.0), 1.0)
                    total += hit.weights[m]
                for k in range(3):
                    hit.point[k] = hit.normal[k] = 0
                    for m in range(3):
                        weight = <float>(hit.weights[m] / total)
                        hit.point[k] += weight * <float>vertices[faces[face, m], k]
                        hit.normal[k] += weight * normals[face, m, k]
                    hit.facet[k] = <float>(sides[0][k] + sides[1][k] + sides[2][k])
                    hit.eye[k] = <float>eye[k] - hit.point[k]
                normalise(hit.facet)
                normalise(hit.eye)
                # Two-sided: lit as seen, whichever way the face is wound.
                if dot(hit.facet, hit.eye) < 0:
                    for k in range(3):
                        hit.facet[k] = -hit.facet[k]
                if dot(hit.normal, hit.facet) < 0:
                    for k in range(3):
                        hit.normal[k] = -hit.normal[k]
                normalise(hit.normal)
                group = <int>((row % samples) * samples + column % samples) % groups
                ambient_light(&hit, axes, depths, radiance, margin, group, groups, light)
                for k in range(3):
                    highlight[k] = 0
                    shifted[k] = hit.point[k] + margin * hit.facet[k]
                for n in range(lights.shape[0]):
                    for k in range(3):
                        towards[k] = lights[n, k] - hit.point[k]
                    normalise(towards)
                    cosine = dot(towards, hit.normal)
                    if cosine <= 0:
                        continue
                    lit = lit_share(
                        shifted, light_views[n], shadows[n], margin,
                        <float>(group & 1) - <float>0.5, <float>(group >> 1) - <float>0.5,
                    )
                    if lit <= 0:
                        continue
                    for k in range(3):
                        light[k] += lit * cosine * lights[n, 3 + k]
                        half[k] = towards[k] + hit.eye[k]
                    if gloss > 0:
                        normalise(half)
                        weight = lit * gloss * powf(max(dot(half, hit.normal), <float>0), SHARPNESS)
                        for k in range(3):
                            highlight[k] += weight * lights[n, 3 + k]
                cover = (1 - colours[row, column, 3]) * opacity
                for k in range(3):
                    colours[row, column, k] += cover * min(albedo[k] * light[k] + highlight[k], <float>1)
                colours[row, column, 3] += cover


def resolve(
    const float[:, :, ::1] colours,
    int samples,
    const unsigned char[::1] encode,
    unsigned char[:, :, ::1] image,
):
    """Average `samples` x `samples` to each pixel of `image` (H, W, 4), sRGB and straight alpha."""
    cdef Py_ssize_t row, column, i, j, k
    cdef float[4] total
    cdef float scale
    cdef Py_ssize_t last = encode.shape[0] - 1
    with nogil:
        for row in range(image.shape[0]):
            for column in range(image.shape[1]):
                for k in range(4):
                    total[k] = 0
                for i in range(row * samples, (row + 1) * samples):
                    for j in range(column * samples, (column + 1) * samples):
                        for k in range(4):
                            total[k] += colours[i, j, k]
                if total[3] > 0:
                    for k in range(3):
                        scale = min(total[k] / total[3], <float>1)
                        image[row, column, k] = encode[<Py_ssize_t>(scale * last + <float>0.5)]
                    scale = total[3] / (samples * samples)
                    image[row, column, 3] = <unsigned char>(min(scale, <float>1) * 255 + <float>0.5)
