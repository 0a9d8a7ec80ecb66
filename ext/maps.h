/* Feature maps in training: look-ups at points, and gradients of depthwise convolutions.

   Maps have their channels last, so that a point's or a cell's features are neighbours in memory and
   fill registers. Samples of a batch are independent and shared among threads. */

#include "shares.h"

#define TILE 16 /* points at a time */
#define FEATURES 64 /* of a tile at a time */

/* Bilinear look-ups in square maps, at the positions of points. */
struct look_up {
    Py_ssize_t samples, side, width, points, shares;
    const float *cells;     /* (B, P, P, K) */
    const float *positions; /* (B, T, 2), along rows and from row to row, from the map's centre */
    float per_cell;         /* cells per unit of length */
    float *out;             /* (B, K, T) features */
    const float *gradient;  /* (B, K, T) of the features */
    float *by_cells;        /* (B, P, P, K), of zeros */
    float *by_positions;    /* (B, T, 2), or NULL */
};

/* Where a tile's points are: four cells each, as offsets into a map, and two fractions. */
struct tile {
    Py_ssize_t count, corners[4][TILE];
    float fractions[2][TILE];
    int within[2][TILE]; /* whether the position is inside the outermost centres */
};

static void place_tile(
    const struct look_up *task, const float *positions, Py_ssize_t count, struct tile *tile)
{
    const Py_ssize_t side = task->side, last = side - 1;
    tile->count = count;
    for (Py_ssize_t point = 0; point < count; point++) {
        Py_ssize_t low[2], high[2];
        for (int axis = 0; axis < 2; axis++) {
            /* Cells have their values at their centres; beyond the outermost those hold. */
            float place = positions[2 * point + axis] * task->per_cell + 0.5f * (float)last;
            tile->within[axis][point] = place > 0 && place < (float)last;
            place = place > 0 ? place : 0;
            place = place < (float)last ? place : (float)last;
            low[axis] = (Py_ssize_t)place;
            high[axis] = low[axis] < last ? low[axis] + 1 : last;
            tile->fractions[axis][point] = place - (float)low[axis];
        }
        for (int corner = 0; corner < 4; corner++)
            tile->corners[corner][point] = task->width *
                ((corner & 2 ? high[1] : low[1]) * side + (corner & 1 ? high[0] : low[0]));
    }
}

static inline float share_of(const struct tile *tile, int corner, Py_ssize_t point)
{
    const float across = tile->fractions[0][point], down = tile->fractions[1][point];
    return (corner & 1 ? across : 1 - across) * (corner & 2 ? down : 1 - down);
}

WIDEST static void look_up_share(const void *given, Py_ssize_t share)
{
    const struct look_up *task = (const struct look_up *)given;
    const Py_ssize_t width = task->width, points = task->points;
    for (Py_ssize_t sample = share; sample < task->samples; sample += task->shares) {
        const float *cells = task->cells + sample * task->side * task->side * width;
        float *out = task->out + sample * width * points;
        for (Py_ssize_t start = 0; start < points; start += TILE) {
            struct tile tile;
            place_tile(
                task, task->positions + 2 * (sample * points + start),
                points - start < TILE ? points - start : TILE, &tile);
            for (Py_ssize_t first = 0; first < width; first += FEATURES) {
                const Py_ssize_t some = width - first < FEATURES ? width - first : FEATURES;
                float found[TILE][FEATURES];
                for (Py_ssize_t point = 0; point < tile.count; point++) {
                    const float *corners[4];
                    float shares[4];
                    for (int corner = 0; corner < 4; corner++) {
                        corners[corner] = cells + tile.corners[corner][point] + first;
                        shares[corner] = share_of(&tile, corner, point);
                    }
                    INDEPENDENT
                    for (Py_ssize_t k = 0; k < some; k++)
                        found[point][k] = shares[0] * corners[0][k] + shares[1] * corners[1][k] +
                                          shares[2] * corners[2][k] + shares[3] * corners[3][k];
                }
                for (Py_ssize_t k = 0; k < some; k++)
                    for (Py_ssize_t point = 0; point < tile.count; point++)
                        out[(first + k) * points + start + point] = found[point][k];
            }
        }
    }
}

/* Adds what a change of a point's position by one cell changes: along rows, and from row to row. */
INLINE void add_slopes(
    const float *const corners[4], float across, float down, const float *given, Py_ssize_t some,
    float slopes[2])
{
    float sums[2][8] = {{0}};
    Py_ssize_t k = 0;
    for (; k + 8 <= some; k += 8)
        for (int lane = 0; lane < 8; lane++) {
            const float low = corners[0][k + lane], right = corners[1][k + lane];
            const float below = corners[2][k + lane], far = corners[3][k + lane];
            sums[0][lane] +=
                given[k + lane] * ((1 - down) * (right - low) + down * (far - below));
            sums[1][lane] +=
                given[k + lane] * ((1 - across) * (below - low) + across * (far - right));
        }
    for (; k < some; k++) {
        sums[0][0] += given[k] * ((1 - down) * (corners[1][k] - corners[0][k]) +
                                  down * (corners[3][k] - corners[2][k]));
        sums[1][0] += given[k] * ((1 - across) * (corners[2][k] - corners[0][k]) +
                                  across * (corners[3][k] - corners[1][k]));
    }
    for (int axis = 0; axis < 2; axis++)
        for (int lane = 0; lane < 8; lane++)
            slopes[axis] += sums[axis][lane];
}

WIDEST static void look_up_gradient_share(const void *given, Py_ssize_t share)
{
    const struct look_up *task = (const struct look_up *)given;
    const Py_ssize_t width = task->width, points = task->points;
    for (Py_ssize_t sample = share; sample < task->samples; sample += task->shares) {
        const Py_ssize_t map = sample * task->side * task->side * width;
        const float *cells = task->cells + map;
        const float *gradient = task->gradient + sample * width * points;
        float *by_cells = task->by_cells + map;
        for (Py_ssize_t start = 0; start < points; start += TILE) {
            const Py_ssize_t at = 2 * (sample * points + start);
            struct tile tile;
            float slopes[TILE][2] = {{0}};
            place_tile(
                task, task->positions + at, points - start < TILE ? points - start : TILE, &tile);
            for (Py_ssize_t first = 0; first < width; first += FEATURES) {
                const Py_ssize_t some = width - first < FEATURES ? width - first : FEATURES;
                float asked[TILE][FEATURES];
                for (Py_ssize_t k = 0; k < some; k++)
                    for (Py_ssize_t point = 0; point < tile.count; point++)
                        asked[point][k] = gradient[(first + k) * points + start + point];
                for (Py_ssize_t point = 0; point < tile.count; point++) {
                    const float *corners[4];
                    for (int corner = 0; corner < 4; corner++) {
                        const Py_ssize_t cell = tile.corners[corner][point] + first;
                        const float part = share_of(&tile, corner, point);
                        float *by = by_cells + cell;
                        corners[corner] = cells + cell;
                        INDEPENDENT
                        for (Py_ssize_t k = 0; k < some; k++)
                            by[k] += part * asked[point][k];
                    }
                    if (task->by_positions)
                        add_slopes(
                            corners, tile.fractions[0][point], tile.fractions[1][point],
                            asked[point], some, slopes[point]);
                }
            }
            if (task->by_positions)
                for (Py_ssize_t point = 0; point < tile.count; point++)
                    for (int axis = 0; axis < 2; axis++)
                        task->by_positions[at + 2 * point + axis] =
                            tile.within[axis][point] ? task->per_cell * slopes[point][axis] : 0;
        }
    }
}

/* A convolution of each channel by a kernel of its own, or both its gradients. */
struct depthwise {
    Py_ssize_t samples, height, width, channels;     /* of the input */
    Py_ssize_t rows, columns;                        /* of the output */
    Py_ssize_t kernel, stride, top, left, shares;
    const float *input;    /* (B, H, W, C) */
    float *out;            /* (B, R, S, C) */
    const float *gradient; /* (B, R, S, C) of the output */
    const float *weight;   /* (k, k, C) */
    float *by_input;       /* (B, H, W, C) */
    double *by_weight;     /* (shares, k, k, C), of zeros */
};

#define WIDE 64 /* channels at a time: four sums that do not wait for each other; then fewer */

/* Places of an output row from `first` to before `last`. */
struct range {
    Py_ssize_t first, last;
};

/* Those of `count` places whose tap `tap` falls into an input of `size`. */
static inline struct range places_of(
    Py_ssize_t tap, Py_ssize_t before, Py_ssize_t stride, Py_ssize_t size, Py_ssize_t count)
{
    struct range found;
    const Py_ssize_t lowest = before - tap, highest = size - 1 + before - tap;
    found.first = lowest <= 0 ? 0 : (lowest + stride - 1) / stride;
    found.last = highest < 0 ? 0 : highest / stride + 1;
    if (found.last > count)
        found.last = count;
    return found;
}

/* by_weight += the products of a row of the gradient and one of the input, `some` channels. */
INLINE void add_products(
    const float *gradient, const float *input, Py_ssize_t count, Py_ssize_t channels,
    Py_ssize_t step, const int some, double *by_weight)
{
    float sums[WIDE];
    for (int k = 0; k < some; k++)
        sums[k] = 0;
    for (Py_ssize_t place = 0; place < count; place++) {
        const float *left = gradient + place * channels, *right = input + place * step;
        for (int k = 0; k < some; k++)
            sums[k] += left[k] * right[k];
    }
    for (int k = 0; k < some; k++)
        by_weight[k] += sums[k];
}

/* The gradient by `some` channels of one cell of the input. */
INLINE void add_taps(
    const struct depthwise *task, const float *gradient, Py_ssize_t row, Py_ssize_t column,
    Py_ssize_t first, const int some, float *by_input)
{
    const Py_ssize_t channels = task->channels, stride = task->stride;
    float sums[WIDE];
    for (int k = 0; k < some; k++)
        sums[k] = 0;
    for (Py_ssize_t down = 0; down < task->kernel; down++) {
        const Py_ssize_t away = row + task->top - down;
        if (away < 0 || away % stride || away / stride >= task->rows)
            continue;
        for (Py_ssize_t across = 0; across < task->kernel; across++) {
            const Py_ssize_t aside = column + task->left - across;
            if (aside < 0 || aside % stride || aside / stride >= task->columns)
                continue;
            const float *weight =
                task->weight + (down * task->kernel + across) * channels + first;
            const float *from =
                gradient + (away / stride * task->columns + aside / stride) * channels + first;
            for (int k = 0; k < some; k++)
                sums[k] += from[k] * weight[k];
        }
    }
    for (int k = 0; k < some; k++)
        by_input[k] = sums[k];
}

INLINE void weigh_row(
    const struct depthwise *task, const float *gradient, const float *input, Py_ssize_t row,
    Py_ssize_t first, const int some, double *by_weight)
{
    const Py_ssize_t channels = task->channels;
    for (Py_ssize_t down = 0; down < task->kernel; down++) {
        const Py_ssize_t beside = row * task->stride + down - task->top;
        if (beside < 0 || beside >= task->height)
            continue;
        for (Py_ssize_t across = 0; across < task->kernel; across++) {
            const struct range places =
                places_of(across, task->left, task->stride, task->width, task->columns);
            const Py_ssize_t start = places.first * task->stride + across - task->left;
            if (places.first < places.last)
                add_products(
                    gradient + (row * task->columns + places.first) * channels + first,
                    input + (beside * task->width + start) * channels + first,
                    places.last - places.first, channels, task->stride * channels, some,
                    by_weight + (down * task->kernel + across) * channels + first);
        }
    }
}

INLINE void go_back_row(
    const struct depthwise *task, const float *gradient, Py_ssize_t row, Py_ssize_t first,
    const int some, float *by_input)
{
    for (Py_ssize_t column = 0; column < task->width; column++)
        add_taps(
            task, gradient, row, column, first, some,
            by_input + (row * task->width + column) * task->channels + first);
}

/* `some` channels of one cell of the output. */
INLINE void convolve_cell(
    const struct depthwise *task, const float *input, Py_ssize_t row, Py_ssize_t column,
    Py_ssize_t first, const int some, float *out)
{
    const Py_ssize_t channels = task->channels;
    float sums[WIDE];
    for (int k = 0; k < some; k++)
        sums[k] = 0;
    for (Py_ssize_t down = 0; down < task->kernel; down++) {
        const Py_ssize_t y = row * task->stride + down - task->top;
        if (y < 0 || y >= task->height)
            continue;
        for (Py_ssize_t across = 0; across < task->kernel; across++) {
            const Py_ssize_t x = column * task->stride + across - task->left;
            if (x < 0 || x >= task->width)
                continue;
            const float *weight =
                task->weight + (down * task->kernel + across) * channels + first;
            const float *from = input + (y * task->width + x) * channels + first;
            for (int k = 0; k < some; k++)
                sums[k] += from[k] * weight[k];
        }
    }
    for (int k = 0; k < some; k++)
        out[k] = sums[k];
}

INLINE void convolve_row(
    const struct depthwise *task, const float *input, Py_ssize_t row, Py_ssize_t first,
    const int some, float *out)
{
    for (Py_ssize_t column = 0; column < task->columns; column++)
        convolve_cell(
            task, input, row, column, first, some,
            out + (row * task->columns + column) * task->channels + first);
}

/* Does something for all channels: WIDE at a time, and the others 32, 16 or one at a time. */
#define FOR_CHANNELS(channels, what)                      \
    do {                                                  \
        Py_ssize_t first = 0;                             \
        for (; first + WIDE <= (channels); first += WIDE) \
            what(WIDE);                                   \
        for (; first + 32 <= (channels); first += 32)     \
            what(32);                                     \
        for (; first + 16 <= (channels); first += 16)     \
            what(16);                                     \
        for (; first < (channels); first++)               \
            what(1);                                      \
    } while (0)

WIDEST static void depthwise_share(const void *given, Py_ssize_t share)
{
    const struct depthwise *task = (const struct depthwise *)given;
    const Py_ssize_t channels = task->channels;
    for (Py_ssize_t sample = share; sample < task->samples; sample += task->shares) {
        const float *input = task->input + sample * task->height * task->width * channels;
        float *out = task->out + sample * task->rows * task->columns * channels;
        /* Row by row, so that memory is read in its order. */
        for (Py_ssize_t row = 0; row < task->rows; row++) {
#define CONVOLVE(some) convolve_row(task, input, row, first, some, out)
            FOR_CHANNELS(channels, CONVOLVE);
#undef CONVOLVE
        }
    }
}

WIDEST static void depthwise_gradient_share(const void *given, Py_ssize_t share)
{
    const struct depthwise *task = (const struct depthwise *)given;
    const Py_ssize_t channels = task->channels, from = task->height * task->width * channels;
    const Py_ssize_t to = task->rows * task->columns * channels;
    double *by_weight = task->by_weight + share * task->kernel * task->kernel * channels;
    for (Py_ssize_t sample = share; sample < task->samples; sample += task->shares) {
        const float *gradient = task->gradient + sample * to, *input = task->input + sample * from;
        float *by_input = task->by_input + sample * from;
        for (Py_ssize_t row = 0; row < task->rows; row++) {
#define WEIGH(some) weigh_row(task, gradient, input, row, first, some, by_weight)
            FOR_CHANNELS(channels, WEIGH);
#undef WEIGH
        }
        for (Py_ssize_t row = 0; row < task->height; row++) {
#define GO_BACK(some) go_back_row(task, gradient, row, first, some, by_input)
            FOR_CHANNELS(channels, GO_BACK);
#undef GO_BACK
        }
    }
}
