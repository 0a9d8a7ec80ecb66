/* Points through three feature planes and a few layers, on the widest registers there are.

   LANES, VECTORS and ROWS fill the registers of each kind: 32 of 16 floats in AVX-512, 16 of 8 in
   AVX2. Elsewhere there is no such way, and the caller has another. */

#include <Python.h>

struct planes {
    Py_ssize_t width;        /* of the layers, H */
    Py_ssize_t side;         /* cells per side of a plane, P */
    float per_cell;          /* cells per unit of length */
    const float *cells;      /* (3, P, P, H), each cell times the first layer's matrix */
    const float *shift;      /* (H,) of the first layer */
    const float *of_point;   /* (3, H) its part for the point itself */
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
static const int SPANS[3][2] = {{0, 1}, {0, 2}, {1, 2}};

/* The four cells of each plane around a point's projection, and the share that each has. */
static inline void find_cells(
    const struct planes *net, const float *point, const float **cells, float *shares)
{
    const Py_ssize_t side = net->side;
    for (int plane = 0; plane < 3; plane++) {
        Py_ssize_t low[2], high[2];
        float share[2];
        for (int i = 0; i < 2; i++) {
            /* Cells have their values at their centres; beyond the outermost those hold. */
            float place = point[SPANS[plane][i]] * net->per_cell + 0.5f * (float)(side - 1);
            place = place > 0 ? place : 0;
            place = place < (float)(side - 1) ? place : (float)(side - 1);
            low[i] = (Py_ssize_t)place;
            high[i] = low[i] + 1 < side ? low[i] + 1 : low[i];
            share[i] = place - (float)low[i];
        }
        const float *first = net->cells + plane * side * side * net->width;
        for (int corner = 0; corner < 4; corner++) {
            Py_ssize_t column = corner & 1 ? high[0] : low[0];
            Py_ssize_t row = corner & 2 ? high[1] : low[1];
            cells[4 * plane + corner] = first + (row * side + column) * net->width;
            shares[4 * plane + corner] =
                (corner & 1 ? share[0] : 1 - share[0]) * (corner & 2 ? share[1] : 1 - share[1]);
        }
    }
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
