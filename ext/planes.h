/* Points through feature planes and a few layers, on the widest registers there are.

   LANES, VECTORS and ROWS fill the registers of each kind: 32 of 16 floats in AVX-512, 16 of 8 in
   AVX2. Elsewhere there is no such way, and the caller has another. */

#include <Python.h>
#include <math.h>

/* A square of cells around the origin. */
struct plane {
    Py_ssize_t side;    /* cells per side, P */
    float per_cell;     /* cells per unit of length */
    const float *cells; /* (P, P, H), each cell times the first layer's matrix */
};

/* A camera, the constants of onet_cli.models.frame, and the object's own mirror plane. */
struct sight {
    float sine, cosine; /* of the elevation */
    float kappa;
    float half_edge, reach, farthest, least_depth;
    float normal_x, normal_z, offset;
    float deepest; /* what FARTHEST is stretched to */
};

/* Planes: three that the coordinates span; the one of where a point is seen; for its mirror image,
   the first of the spanned and that of where it is seen. */
#define SPANNED 3
#define SEEN 4
#define MOST_PLANES 6

/* What points add to the first layer: the point, how near it is; the same of the mirror image. */
#define MOST_INPUTS 8

struct planes {
    Py_ssize_t width;        /* of the layers, H */
    int count;               /* SPANNED, SEEN or MOST_PLANES */
    struct plane planes[MOST_PLANES];
    struct sight sight;      /* where there are more than SPANNED */
    const float *shift;      /* (H,) of the first layer */
    const float *of_point;   /* (3, 4 or 8, H) its part for the inputs */
    const float *weight_0;   /* (H, H), inputs by outputs, as are all */
    const float *bias_0;
    const float *weight_1;
    const float *bias_1;
    const float *weight_out; /* (H,) */
    float bias_out;
};

typedef void (*Decode)(
    const struct planes *, const float *, Py_ssize_t, float *, float *);

/* The coordinates that each plane spans: along its rows, and from row to row. */
static const int SPANS[SPANNED][2] = {{0, 1}, {0, 2}, {1, 2}};

/* The four cells of a plane around a place, and the share that each has. */
static inline void find_cells(
    const struct plane *plane, Py_ssize_t width, float along, float down,
    const float **cells, float *shares)
{
    const Py_ssize_t side = plane->side;
    const float places[2] = {along, down};
    Py_ssize_t low[2], high[2];
    float share[2];
    for (int i = 0; i < 2; i++) {
        /* Cells have their values at their centres; beyond the outermost those hold. */
        float place = places[i] * plane->per_cell + 0.5f * (float)(side - 1);
        place = place > 0 ? place : 0;
        place = place < (float)(side - 1) ? place : (float)(side - 1);
        low[i] = (Py_ssize_t)place;
        high[i] = low[i] + 1 < side ? low[i] + 1 : low[i];
        share[i] = place - (float)low[i];
    }
    for (int corner = 0; corner < 4; corner++) {
        Py_ssize_t column = corner & 1 ? high[0] : low[0];
        Py_ssize_t row = corner & 2 ? high[1] : low[1];
        cells[corner] = plane->cells + (row * side + column) * width;
        shares[corner] =
            (corner & 1 ? share[0] : 1 - share[0]) * (corner & 2 ? share[1] : 1 - share[1]);
    }
}

/* A share of the cube's half edge, within what stands for its faces. */
static inline float bounded(const struct sight *sight, float share)
{
    share = share < -sight->farthest ? -sight->farthest : share;
    return share > sight->farthest ? sight->farthest : share;
}

/* A height or depth of the cube in the picture's frame. */
static inline float stretch(const struct sight *sight, float place)
{
    const float share = bounded(sight, place / sight->half_edge), square = share * share;
    return sight->reach * share / sqrtf(sqrtf(1 - square * square));
}

/* The reverse. */
static inline float squeeze(const struct sight *sight, float place)
{
    const float share = place / sight->reach, square = share * share;
    return sight->half_edge * share / sqrtf(sqrtf(1 + square * square));
}

/* Where what lies at x, y and z of the picture's frame is seen, and how near it is. */
static inline void look(
    const struct sight *sight, float x, float y, float z, float *seen, float *nearness)
{
    *nearness = y * sight->sine + z * sight->cosine;
    float depth = 1 - sight->kappa * *nearness;
    depth = depth > sight->least_depth ? depth : sight->least_depth;
    seen[0] = x / depth;
    seen[1] = (z * sight->sine - y * sight->cosine) / depth;
}

/* The mirror image of what lies at x and z, and its z in the cube; as models.mirror.Mirror.image. */
static inline void mirror(const struct sight *sight, float *x, float *z, float *squeezed)
{
    const float twice = 2 * (*x * sight->normal_x + *z * sight->normal_z - sight->offset);
    *x -= twice * sight->normal_x;
    *z -= twice * sight->normal_z;
    *squeezed = squeeze(sight, *z);
    *z = *z < -sight->deepest ? -sight->deepest : *z;
    *z = *z > sight->deepest ? sight->deepest : *z;
}

#define MOST_ROWS 12 /* of any kind below */
#define WIDTHS 32    /* every width is a multiple of this */

#if defined(__x86_64__) && defined(__GNUC__)
#define KIND avx512
#define TARGET __attribute__((target("avx512f")))
#define LANES 16
#define VECTORS 2
#define ROWS 12
#include "planes_tile.h"

#define KIND avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define VECTORS 2
#define ROWS 6
#include "planes_tile.h"

/* The way to decode with at most `widest` floats in a register here, or NULL. */
static Decode choose(int widest)
{
    __builtin_cpu_init();
    if (widest >= 16 && __builtin_cpu_supports("avx512f"))
        return decode_avx512;
    if (widest >= 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return decode_avx2;
    return NULL;
}
#else
static Decode choose(int widest)
{
    (void)widest;
    return NULL;
}
#endif
