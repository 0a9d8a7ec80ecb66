# What rasterize.pyx shades: the scene as pointers, and one sample on one of its faces. All in the
# scene's frame: centred at 0, radius 1, so positions are floats of known range.

cdef struct StagePointers:
    # The arrays of onet_cli._ext.stage.Stage, which says what they hold. NULL where not given.
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
    const StagePointers* stage, double column, double row, bint steps, Hit* hit
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


cdef inline void face_viewer(const StagePointers* stage, Hit* hit) noexcept nogil:
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
