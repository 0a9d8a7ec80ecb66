# Colours of the samples that rasterize.pyx has given to faces: textures, lights, shadows, ambient
# light. All in the scene's frame: centred at 0, radius 1, so positions are floats of known range.

cdef float SHARPNESS = 32  # exponent of the highlight (Blinn, 1977)

# Shares of the ambient light that any surface mirrors: from the front, and more towards the rim
# (Schlick, 1994) where it is matt and where it is glossy. Without, what is black has no shape.
cdef float MIRRORED = 0.03, RIM_MATT = 0.1, RIM_GLOSSY = 0.5

# Cover beyond which nothing shines through any more.
cdef float FULL = 0.995


cdef enum:
    MOST_AXES = 64


cdef struct Stage:
    # What `shade` is given, as pointers: its docstring says what they hold. NULL where not given.
    const double* vertices
    const int* faces
    const float* normals
    const float* uvs
    const unsigned char* corner_colours
    const int* material_of_face
    const float* materials
    const int* textures
    const int* levels
    const unsigned char* texels
    const float* linear
    const double* eye
    const double* rays
    const float* lights
    const double* light_views
    const float* shadows
    Py_ssize_t light_count
    Py_ssize_t shadow_size
    const float* axes
    const unsigned short* depths
    const float* radiance
    Py_ssize_t axis_count
    Py_ssize_t depth_size
    float margin


cdef struct Hit:
    # One sample. Normals point to the viewer's side, whichever way the face is wound.
    Py_ssize_t face
    int group  # which share of the directions and offsets this sample of its pixel looks into
    double[3] weights  # barycentric; beside and below: at the next samples right and down
    double[3] beside
    double[3] below
    float[3] point
    float[3] start  # of shadow rays, above the surface
    float[3] normal  # interpolated
    float[3] facet  # the face's own
    float[3] eye  # unit vector to the viewer
    float[3] albedo
    float opacity
    float gloss


cdef struct Texel:
    float red
    float green
    float blue
    float alpha


cdef inline float dot(const float* a, const float* b) noexcept nogil:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


cdef inline void normalise(float* vector) noexcept nogil:
    cdef float length = sqrtf(dot(vector, vector))
    if length > 0:
        vector[0] /= length
        vector[1] /= length
        vector[2] /= length


cdef inline void weigh(
    const double* sides, const double* rays, double column, double row, double* weights
) noexcept nogil:
    """Write where the ray of a sample meets a face's plane, in weights that may leave the face."""
    cdef double[3] ray
    cdef double total
    cdef int k
    for k in range(3):
        ray[k] = rays[3 * k] * column + rays[3 * k + 1] * row + rays[3 * k + 2]
    for k in range(3):
        weights[k] = sides[3 * k] * ray[0] + sides[3 * k + 1] * ray[1] + sides[3 * k + 2] * ray[2]
    total = weights[0] + weights[1] + weights[2]
    for k in range(3):
        weights[k] = weights[k] / total if total != 0 else 1.0 / 3


cdef inline void locate(
    const Stage* stage, double column, double row, bint steps, Hit* hit
) noexcept nogil:
    """Find where the ray of a sample meets `hit.face`; with `steps`, its neighbours' rays too."""
    cdef double[9] arms, sides  # from the eye to the corners; normals of the planes through both
    cdef const int* corners = stage.faces + 3 * hit.face
    cdef const float* normals = stage.normals + 9 * hit.face
    cdef double[3] share
    cdef double total = 0
    cdef int k, m, after, before
    for m in range(3):
        for k in range(3):
            arms[3 * m + k] = stage.vertices[3 * corners[m] + k] - stage.eye[k]
    for m in range(3):
        after = 3 * ((m + 1) % 3)
        before = 3 * ((m + 2) % 3)
        sides[3 * m] = arms[after + 1] * arms[before + 2] - arms[after + 2] * arms[before + 1]
        sides[3 * m + 1] = arms[after + 2] * arms[before] - arms[after] * arms[before + 2]
        sides[3 * m + 2] = arms[after] * arms[before + 1] - arms[after + 1] * arms[before]
    weigh(sides, stage.rays, column, row, hit.weights)
    if steps:
        weigh(sides, stage.rays, column + 1, row, hit.beside)
        weigh(sides, stage.rays, column, row + 1, hit.below)
    # A sample on the rim can lie a little outside of its face.
    for m in range(3):
        share[m] = min(max(hit.weights[m], 0.0), 1.0)
        total += share[m]
    for k in range(3):
        hit.point[k] = hit.normal[k] = 0
        for m in range(3):
            hit.point[k] += <float>(share[m] / total * stage.vertices[3 * corners[m] + k])
            hit.normal[k] += <float>share[m] * normals[3 * m + k]
        hit.facet[k] = <float>(sides[k] + sides[3 + k] + sides[6 + k])
        hit.eye[k] = <float>stage.eye[k] - hit.point[k]


cdef inline void face_viewer(const Stage* stage, Hit* hit) noexcept nogil:
    """Turn the normals to the viewer's side, so that a soup is lit as it is seen."""
    cdef int k
    normalise(hit.eye)
    normalise(hit.facet)
    if dot(hit.facet, hit.eye) < 0:
        for k in range(3):
            hit.facet[k] = -hit.facet[k]
    if dot(hit.normal, hit.facet) < 0:
        for k in range(3):
            hit.normal[k] = -hit.normal[k]
    normalise(hit.normal)
    for k in range(3):
        hit.start[k] = hit.point[k] + stage.margin * hit.facet[k]


cdef inline void add_level(
    const Stage* stage, const int* level, double u, double v, float share, Texel* total
) noexcept nogil:
    """Add `share` of one level's bilinear sample at (u, v), in 0..1, which wraps around."""
    cdef Py_ssize_t width = level[1], height = level[2]
    cdef double x = u * width + 0.5, y = v * height + 0.5  # half a texel back, one on: positive
    cdef Py_ssize_t right = <Py_ssize_t>x, low = <Py_ssize_t>y, left, high
    cdef float right_share = <float>(x - right), low_share = <float>(y - low), weight
    cdef const unsigned char* texel
    cdef Py_ssize_t[4] places
    cdef float[4] weights
    cdef int k
    left = right - 1 if right > 0 else width - 1
    high = low - 1 if low > 0 else height - 1
    right = right if right < width else 0
    low = low if low < height else 0
    places[0] = high * width + left
    places[1] = high * width + right
    places[2] = low * width + left
    places[3] = low * width + right
    weights[0] = (1 - low_share) * (1 - right_share)
    weights[1] = (1 - low_share) * right_share
    weights[2] = low_share * (1 - right_share)
    weights[3] = low_share * right_share
    for k in range(4):
        texel = stage.texels + 4 * (level[0] + places[k])
        weight = share * weights[k] * texel[3] * <float>(1 / 255.0)  # holes have no colour
        total.red += weight * stage.linear[texel[0]]
        total.green += weight * stage.linear[texel[1]]
        total.blue += weight * stage.linear[texel[2]]
        total.alpha += weight


cdef void look_up_texture(const Stage* stage, Py_ssize_t texture, Hit* hit) noexcept nogil:
    """Set the colour from a texture, in levels whose texels are as large as the samples' steps."""
    cdef const int* levels = stage.levels + 3 * stage.textures[2 * texture]
    cdef int last = stage.textures[2 * texture + 1] - 1, whole
    cdef const float* uv = stage.uvs + 6 * hit.face
    cdef double u = 0, v = 0, u_across = 0, v_across = 0, u_along = 0, v_along = 0, longest
    cdef float level, share
    cdef Texel found
    cdef int k
    for k in range(3):
        u += hit.weights[k] * uv[2 * k]
        v -= hit.weights[k] * uv[2 * k + 1]  # v points up, rows go down
        u_across += (hit.beside[k] - hit.weights[k]) * uv[2 * k]
        v_across += (hit.beside[k] - hit.weights[k]) * uv[2 * k + 1]
        u_along += (hit.below[k] - hit.weights[k]) * uv[2 * k]
        v_along += (hit.below[k] - hit.weights[k]) * uv[2 * k + 1]
    u_across *= levels[1]
    v_across *= levels[2]
    u_along *= levels[1]
    v_along *= levels[2]
    longest = max(u_across * u_across + v_across * v_across, u_along * u_along + v_along * v_along)
    # Half the logarithm of a squared length. Bounded, as rays along the face meet it far away.
    level = <float>0.5 * log2f(<float>min(max(longest, 1.0), 1e12))
    level = min(level, <float>last)
    whole = <int>level
    share = level - whole
    found.red = found.green = found.blue = found.alpha = 0
    u -= floor(u)
    v -= floor(v)
    add_level(stage, levels + 3 * whole, u, v, 1 - share, &found)
    if share > 0:
        add_level(stage, levels + 3 * (whole + 1), u, v, share, &found)
    hit.opacity *= found.alpha
    if found.alpha > 0:
        hit.albedo[0] = found.red / found.alpha
        hit.albedo[1] = found.green / found.alpha
        hit.albedo[2] = found.blue / found.alpha


cdef inline void look_up_material(
    const Stage* stage, const float* material, Hit* hit
) noexcept nogil:
    """Set colour, opacity and gloss of a hit."""
    cdef const unsigned char* colours = stage.corner_colours + 9 * hit.face
    cdef int k, m
    hit.opacity = material[3]
    hit.gloss = material[4]
    for k in range(3):
        hit.albedo[k] = material[k]
    if material[5] >= 0:
        look_up_texture(stage, <Py_ssize_t>material[5], hit)
    elif stage.corner_colours != NULL:
        for k in range(3):
            hit.albedo[k] = 0
            for m in range(3):
                hit.albedo[k] += <float>hit.weights[m] * stage.linear[colours[3 * m + k]]
            hit.albedo[k] = max(hit.albedo[k], <float>0)


cdef void add_ambient(
    const Stage* stage, const Hit* hit, int groups, float* light
) noexcept nogil:
    """Add the mean light from the directions above the surface that nothing blocks.

    Each axis stands for two opposite directions, of which one lies above any surface. The samples
    of a pixel share the axes: each takes one of `groups` equal parts of them.
    """
    cdef Py_ssize_t count = stage.axis_count // groups, first = count * hit.group, n
    cdef const float* axes = stage.axes + first
    cdef Py_ssize_t row = stage.axis_count, size = stage.depth_size
    cdef float half = <float>0.5 * size, x, y, z, total = 0, reach, seen
    cdef float fade = 1 / (stage.margin * <float>32767.5)
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
        column[n] = <int>((x * axes[n] + y * axes[row + n] + z * axes[2 * row + n] + 1) * half)
        line[n] = <int>((x * axes[3 * row + n] + y * axes[4 * row + n] + z * axes[5 * row + n] + 1) * half)
        height[n] = (x * axes[6 * row + n] + y * axes[7 * row + n] + z * axes[8 * row + n] + 1) * <float>32767.5
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


cdef inline float lit_share(const Stage* stage, const Hit* hit, Py_ssize_t light) noexcept nogil:
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
    const Stage* stage, const Hit* hit, float* light, float* highlight
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
    const Stage* stage, double column, double row, int groups, Hit* hit, float* colour
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
    """Lay a layer of faces behind what `colours` (H, W, 4) holds: linear light times cover, cover.

    `owners` (H, W) is the face at each sample or -1; `rays` (3, 3) takes (column, row, 1) to the
    direction from `eye`. Faces have `normals` (F, 3, 3), `uvs` (F, 3, 2), `corner_colours` (F, 3, 3)
    and a material; the middle two may have no rows. `materials` (M, 6): linear red, green, blue,
    opacity, gloss, texture or -1. `textures` (T, 2): first of the `levels` (L, 3) and their number;
    a level is its first of the `texels` (N, 4), width, height. `linear` (256,) decodes sRGB.
    `lights` (L, 6): place, colour; `light_views` (L, 3, 4) takes points to places in the `shadows`
    (L, S, S), 1 / depth. `axes` (3, 3, A), `depths` (A, R, R, 2) and `radiance` (A, 2, 3) are the
    ambient light's. Shadow rays start `margin` above the surface.
    """
    cdef Py_ssize_t row, column
    cdef int groups = 4 if samples > 1 else 1
    cdef Stage stage
    cdef Hit hit
    stage.vertices = &vertices[0, 0]
    stage.faces = &faces[0, 0]
    stage.normals = &normals[0, 0, 0]
    stage.uvs = &uvs[0, 0, 0] if uvs.shape[0] > 0 else NULL
    stage.corner_colours = &corner_colours[0, 0, 0] if corner_colours.shape[0] > 0 else NULL
    stage.material_of_face = &material_of_face[0]
    stage.materials = &materials[0, 0]
    stage.textures = &textures[0, 0] if textures.shape[0] > 0 else NULL
    stage.levels = &levels[0, 0] if levels.shape[0] > 0 else NULL
    stage.texels = &texels[0, 0] if texels.shape[0] > 0 else NULL
    stage.linear = &linear[0]
    stage.eye = &eye[0]
    stage.rays = &rays[0, 0]
    stage.light_count = lights.shape[0]
    stage.lights = &lights[0, 0] if lights.shape[0] > 0 else NULL
    stage.light_views = &light_views[0, 0, 0] if lights.shape[0] > 0 else NULL
    stage.shadows = &shadows[0, 0, 0] if lights.shape[0] > 0 else NULL
    stage.shadow_size = shadows.shape[1]
    stage.axes = &axes[0, 0, 0]
    stage.depths = &depths[0, 0, 0, 0]
    stage.radiance = &radiance[0, 0, 0]
    stage.axis_count = axes.shape[2]
    stage.depth_size = depths.shape[1]
    stage.margin = margin
    with nogil:
        for row in range(owners.shape[0]):
            for column in range(owners.shape[1]):
                if owners[row, column] < 0 or colours[row, column, 3] > FULL:
                    continue
                hit.face = owners[row, column]
                hit.group = <int>((row % samples) * samples + column % samples) % groups
                shade_sample(
                    &stage, column + 0.5, row + 0.5, groups, &hit, &colours[row, column, 0]
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
