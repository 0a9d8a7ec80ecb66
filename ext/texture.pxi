# What a surface is made of at one sample: texture, colours of corners, or its material's colour.

cdef struct Texel:
    float red
    float green
    float blue
    float alpha


cdef inline void add_level(
    const StagePointers* stage, const int* level, double u, double v, float share, Texel* total
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


cdef void look_up_texture(const StagePointers* stage, Py_ssize_t texture, Hit* hit) noexcept nogil:
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
    const StagePointers* stage, const float* material, Hit* hit
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
