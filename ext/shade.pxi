# The light on the samples that rasterize.pyx has given to faces: lamps, shadows, ambient light.

cdef float SHARPNESS = 32  # exponent of the highlight (Blinn, 1977)

# Shares of the ambient light that any surface mirrors: from the front, and more towards the rim
# (Schlick, 1994) where it is matt and where it is glossy. Without, what is black has no shape.
cdef float MIRRORED = 0.03, RIM_MATT = 0.1, RIM_GLOSSY = 0.5

cdef float DEPTH_HALF = 32767.5  # depths -1..1 are stored as 0..65535

# Cover beyond which nothing shines through any more.
cdef float FULL = 0.995


cdef enum:
    MOST_AXES = 64


cdef void add_ambient(
    const StagePointers* stage, const Hit* hit, int groups, float* light
) noexcept nogil:
    """Add the mean light from the directions above the surface that nothing blocks.

    Each axis stands for two opposite directions, of which one lies above any surface. The samples
    of a pixel share the axes: each takes one of `groups` equal parts of them.
    """
    cdef Py_ssize_t count = stage.axis_count // groups, first = count * hit.group, n
    cdef const float* axes = stage.axes + first
    cdef Py_ssize_t row = stage.axis_count, size = stage.depth_size
    cdef float half = <float>0.5 * size, x, y, z, total = 0, reach, seen
    cdef float across, along, up
    cdef float fade = 1 / (stage.margin * DEPTH_HALF)
    cdef float[MOST_AXES] cosine, height
    cdef int[MOST_AXES] column, line
    cdef float[3] sum
    cdef const float* radiance
    cdef const unsigned short* depth
    cdef int end, last = <int>size - 1
    # Two loops: the compiler makes vectors of the first.
    x = hit.start[0]
    y = hit.start[1]
    z = hit.start[2]
    for n in range(count):
        across = x * axes[n] + y * axes[row + n] + z * axes[2 * row + n]
        along = x * axes[3 * row + n] + y * axes[4 * row + n] + z * axes[5 * row + n]
        up = x * axes[6 * row + n] + y * axes[7 * row + n] + z * axes[8 * row + n]
        column[n] = <int>((across + 1) * half)
        line[n] = <int>((along + 1) * half)
        height[n] = (up + 1) * DEPTH_HALF
        cosine[n] = (
            hit.normal[0] * axes[6 * row + n]
            + hit.normal[1] * axes[7 * row + n]
            + hit.normal[2] * axes[8 * row + n]
        )
    sum[0] = sum[1] = sum[2] = 0
    for n in range(count):
        line[n] = min(max(line[n], 0), last)
        column[n] = min(max(column[n], 0), last)
        depth = stage.depths + 2 * (((first + n) * size + line[n]) * size + column[n])
        end = cosine[n] < 0  # no branch: it could not be foreseen
        radiance = stage.radiance + 6 * (first + n) + 3 * end
        reach = (depth[end] - height[n]) * (1 - 2 * end)
        # Fades in over the margin, so that a face that grazes itself is not speckled.
        seen = fabsf(cosine[n]) * min(max(1 - reach * fade, <float>0), <float>1)
        total += fabsf(cosine[n])
        sum[0] += seen * radiance[0]
        sum[1] += seen * radiance[1]
        sum[2] += seen * radiance[2]
    if total > 0:
        light[0] += sum[0] / total
        light[1] += sum[1] / total
        light[2] += sum[2] / total


cdef inline float lit_share(
    const StagePointers* stage, const Hit* hit, Py_ssize_t light
) noexcept nogil:
    """Return the share of a light that is not blocked, smoothed between four texels of its map.

    The samples of a pixel look at offsets of half a texel, for a softer rim.
    """
    cdef const double* view = stage.light_views + 12 * light
    cdef Py_ssize_t size = stage.shadow_size, left, top
    cdef const float* shadow = stage.shadows + light * size * size
    cdef double[3] seen
    cdef double column, row
    cdef float limit, right_share, low_share
    cdef int k
    for k in range(3):
        seen[k] = (
            view[4 * k] * hit.start[0]
            + view[4 * k + 1] * hit.start[1]
            + view[4 * k + 2] * hit.start[2]
            + view[4 * k + 3]
        )
    column = seen[0] / seen[2] - 0.5 + (0.5 if hit.group & 1 else -0.5)
    row = seen[1] / seen[2] - 0.5 + (0.5 if hit.group & 2 else -0.5)
    if not (column >= 0 and row >= 0 and column < size - 1 and row < size - 1):
        return 1
    limit = <float>(1 / (seen[2] - stage.margin))
    left = <Py_ssize_t>column
    top = <Py_ssize_t>row
    right_share = <float>(column - left)
    low_share = <float>(row - top)
    shadow += top * size + left
    return (
        (1 - low_share) * (1 - right_share) * (shadow[0] <= limit)
        + (1 - low_share) * right_share * (shadow[1] <= limit)
        + low_share * (1 - right_share) * (shadow[size] <= limit)
        + low_share * right_share * (shadow[size + 1] <= limit)
    )


cdef inline void add_lamps(
    const StagePointers* stage, const Hit* hit, float* light, float* highlight
) noexcept nogil:
    """Add what lamps send to a surface that scatters evenly, and their mirror images."""
    cdef float[3] towards, half
    cdef float lit, shine
    cdef const float* lamp
    cdef Py_ssize_t n
    cdef int k
    for n in range(stage.light_count):
        lamp = stage.lights + 6 * n
        for k in range(3):
            towards[k] = lamp[k] - hit.point[k]
        normalise(towards)
        lit = dot(towards, hit.normal)
        if lit <= 0:
            continue
        shine = lit_share(stage, hit, n)
        if shine <= 0:
            continue
        lit *= shine
        for k in range(3):
            light[k] += lit * lamp[3 + k]
            half[k] = towards[k] + hit.eye[k]
        if hit.gloss > 0:
            normalise(half)
            shine *= hit.gloss * powf(max(dot(half, hit.normal), <float>0), SHARPNESS)
            for k in range(3):
                highlight[k] += shine * lamp[3 + k]


cdef inline float mirrored_share(const Hit* hit) noexcept nogil:
    cdef float away = 1 - min(max(dot(hit.normal, hit.eye), <float>0), <float>1)
    cdef float rim = RIM_MATT + hit.gloss * (RIM_GLOSSY - RIM_MATT)
    return MIRRORED + (rim - MIRRORED) * away * away * away * away * away


cdef void shade_sample(
    const StagePointers* stage, double column, double row, int groups, Hit* hit, float* colour
) noexcept nogil:
    """Lay the colour of a hit behind what a sample (4) holds already."""
    cdef const float* material = stage.materials + 6 * stage.material_of_face[hit.face]
    cdef float[3] light, highlight
    cdef float cover, mirrored, lit
    cdef int k
    locate(stage, column, row, material[5] >= 0, hit)
    look_up_material(stage, material, hit)
    if hit.opacity <= 0:
        return
    face_viewer(stage, hit)
    for k in range(3):
        light[k] = 0
    add_ambient(stage, hit, groups, light)
    mirrored = mirrored_share(hit)
    for k in range(3):
        highlight[k] = mirrored * light[k]
    add_lamps(stage, hit, light, highlight)
    cover = (1 - colour[3]) * hit.opacity
    for k in range(3):
        lit = hit.albedo[k] * (1 - mirrored) * light[k] + highlight[k]
        colour[k] += cover * min(lit, <float>1)
    colour[3] += cover


def shade(const int[:, ::1] owners, stage, int samples, float[:, :, ::1] colours):
    """Lay a layer of faces behind what `colours` (H, W, 4) holds: linear light times cover, cover.

    `owners` (H, W) is the face at each sample or -1; `stage` is an `onet_cli._ext.stage.Stage`,
    which says what its arrays hold.
    """
    cdef const double[:, ::1] vertices = stage.vertices
    cdef const int[:, ::1] faces = stage.faces
    cdef const float[:, :, ::1] normals = stage.normals
    cdef const float[:, :, ::1] uvs = stage.uvs
    cdef const unsigned char[:, :, ::1] corner_colours = stage.corner_colours
    cdef const int[::1] material_of_face = stage.material_of_face
    cdef const float[:, ::1] materials = stage.materials
    cdef const int[:, ::1] textures = stage.textures
    cdef const int[:, ::1] levels = stage.levels
    cdef const unsigned char[:, ::1] texels = stage.texels
    cdef const float[::1] linear = stage.linear
    cdef const double[::1] eye = stage.eye
    cdef const double[:, ::1] rays = stage.rays
    cdef const float[:, ::1] lights = stage.lights
    cdef const double[:, :, ::1] light_views = stage.light_views
    cdef const float[:, :, ::1] shadows = stage.shadows
    cdef const float[:, :, ::1] axes = stage.axes
    cdef const unsigned short[:, :, :, ::1] depths = stage.depths
    cdef const float[:, :, ::1] radiance = stage.radiance
    cdef Py_ssize_t row, column
    cdef int groups = 4 if samples > 1 else 1
    cdef StagePointers at
    cdef Hit hit
    at.vertices = &vertices[0, 0]
    at.faces = &faces[0, 0]
    at.normals = &normals[0, 0, 0]
    at.uvs = &uvs[0, 0, 0] if uvs.shape[0] > 0 else NULL
    at.corner_colours = &corner_colours[0, 0, 0] if corner_colours.shape[0] > 0 else NULL
    at.material_of_face = &material_of_face[0]
    at.materials = &materials[0, 0]
    at.textures = &textures[0, 0] if textures.shape[0] > 0 else NULL
    at.levels = &levels[0, 0] if levels.shape[0] > 0 else NULL
    at.texels = &texels[0, 0] if texels.shape[0] > 0 else NULL
    at.linear = &linear[0]
    at.eye = &eye[0]
    at.rays = &rays[0, 0]
    at.light_count = lights.shape[0]
    at.lights = &lights[0, 0] if lights.shape[0] > 0 else NULL
    at.light_views = &light_views[0, 0, 0] if lights.shape[0] > 0 else NULL
    at.shadows = &shadows[0, 0, 0] if lights.shape[0] > 0 else NULL
    at.shadow_size = shadows.shape[1]
    at.axes = &axes[0, 0, 0]
    at.depths = &depths[0, 0, 0, 0]
    at.radiance = &radiance[0, 0, 0]
    at.axis_count = axes.shape[2]
    at.depth_size = depths.shape[1]
    at.margin = stage.margin
    with nogil:
        for row in range(owners.shape[0]):
            for column in range(owners.shape[1]):
                if owners[row, column] < 0 or colours[row, column, 3] > FULL:
                    continue
                hit.face = owners[row, column]
                hit.group = <int>((row % samples) * samples + column % samples) % groups
                shade_sample(
                    &at, column + 0.5, row + 0.5, groups, &hit, &colours[row, column, 0]
                )


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
