/* Passes over rows of floats, between the matrix products of a network's training step.

   The rows are shared among the threads of torch's own products; see shares.h. */

#include "shares.h"

#define SUMMED_ROWS 64       /* are added up in single precision, and their sums in double */
#define WORTH_A_THREAD 32768 /* numbers */

struct pass {
    void (*work)(const struct pass *, Py_ssize_t first, Py_ssize_t last, Py_ssize_t share);
    Py_ssize_t rows, width, shares;
    Py_ssize_t of_a_sample;  /* rows that have a factor and an offset in common */
    const float *x, *factors, *offsets, *slope, *level, *active;
    const float *other;      /* or NULL */
    float *out;
    double *sums;            /* (shares, 2, width), of zeros */
    float *room;             /* (shares, 2, width) */
};

/* out = relu(factor x + offset); what is no number stays so. */
WIDEST static void activate(
    const struct pass *pass, Py_ssize_t first, Py_ssize_t last, Py_ssize_t share)
{
    const Py_ssize_t width = pass->width;
    (void)share;
    for (Py_ssize_t row = first; row < last; row++) {
        const Py_ssize_t sample = row / pass->of_a_sample, at = row * width;
        const float *x = pass->x + at;
        const float *factor = pass->factors + sample * width;
        const float *offset = pass->offsets + sample * width;
        float *out = pass->out + at;
        INDEPENDENT
        for (Py_ssize_t k = 0; k < width; k++) {
            const float value = factor[k] * x[k] + offset[k];
            out[k] = value < 0 ? 0 : value;
        }
    }
}

/* out = out + level, plus other. */
WIDEST static void add(const struct pass *pass, Py_ssize_t first, Py_ssize_t last, Py_ssize_t share)
{
    const Py_ssize_t width = pass->width;
    const float *level = pass->level;
    (void)share;
    for (Py_ssize_t row = first; row < last; row++) {
        const float *other = pass->other ? pass->other + row * width : NULL;
        float *out = pass->out + row * width;
        INDEPENDENT
        for (Py_ssize_t k = 0; k < width; k++)
            out[k] += level[k] + (other ? other[k] : 0);
    }
}

/* out = 0 where active is; and sums of out and of x out. */
WIDEST static void mask(
    const struct pass *pass, Py_ssize_t first, Py_ssize_t last, Py_ssize_t share)
{
    const Py_ssize_t width = pass->width;
    double *sums = pass->sums + 2 * share * width;
    float *total = pass->room + 2 * share * width, *product = total + width;
    for (Py_ssize_t start = first; start < last; start += SUMMED_ROWS) {
        const Py_ssize_t stop = start + SUMMED_ROWS < last ? start + SUMMED_ROWS : last;
        for (Py_ssize_t k = 0; k < width; k++)
            total[k] = product[k] = 0;
        for (Py_ssize_t row = start; row < stop; row++) {
            const Py_ssize_t at = row * width;
            const float *x = pass->x + at, *active = pass->active + at;
            float *out = pass->out + at;
            INDEPENDENT
            for (Py_ssize_t k = 0; k < width; k++) {
                const float value = active[k] <= 0 ? 0 : out[k];
                out[k] = value;
                total[k] += value;
                product[k] += x[k] * value;
            }
        }
        INDEPENDENT
        for (Py_ssize_t k = 0; k < width; k++) {
            sums[k] += total[k];
            sums[width + k] += product[k];
        }
    }
}

/* out = factor out + slope x + level, plus other. */
WIDEST static void combine(
    const struct pass *pass, Py_ssize_t first, Py_ssize_t last, Py_ssize_t share)
{
    const Py_ssize_t width = pass->width;
    const float *slope = pass->slope, *level = pass->level;
    (void)share;
    for (Py_ssize_t row = first; row < last; row++) {
        const Py_ssize_t at = row * width;
        const float *factor = pass->factors + row / pass->of_a_sample * width;
        const float *x = pass->x + at;
        const float *other = pass->other ? pass->other + at : NULL;
        float *out = pass->out + at;
        INDEPENDENT
        for (Py_ssize_t k = 0; k < width; k++)
            out[k] = factor[k] * out[k] + slope[k] * x[k] + level[k] + (other ? other[k] : 0);
    }
}

/* Adds to a mean and a sum of squares about it those of `count` more, when `before` were there. */
static inline void join(
    double *mean, double *square, double before, double count, double its_mean, double its_square)
{
    const double step = its_mean - *mean;
    *mean += step * count / (before + count);
    *square += its_square + step * step * before * count / (before + count);
}

/* sums = mean of x, and sum of squares about it: a few rows' about their own, so nothing cancels. */
WIDEST static void moments(
    const struct pass *pass, Py_ssize_t first, Py_ssize_t last, Py_ssize_t share)
{
    const Py_ssize_t width = pass->width;
    double *mean = pass->sums + 2 * share * width, *square = mean + width;
    float *total = pass->room + 2 * share * width, *spread = total + width;
    for (Py_ssize_t start = first; start < last; start += SUMMED_ROWS) {
        const Py_ssize_t stop = start + SUMMED_ROWS < last ? start + SUMMED_ROWS : last;
        for (Py_ssize_t k = 0; k < width; k++)
            total[k] = spread[k] = 0;
        for (Py_ssize_t row = start; row < stop; row++) {
            const float *x = pass->x + row * width;
            INDEPENDENT
            for (Py_ssize_t k = 0; k < width; k++)
                total[k] += x[k];
        }
        for (Py_ssize_t k = 0; k < width; k++)
            total[k] /= (float)(stop - start);
        for (Py_ssize_t row = start; row < stop; row++) {
            const float *x = pass->x + row * width;
            INDEPENDENT
            for (Py_ssize_t k = 0; k < width; k++)
                spread[k] += (x[k] - total[k]) * (x[k] - total[k]);
        }
        const double before = (double)(start - first), count = (double)(stop - start);
        INDEPENDENT
        for (Py_ssize_t k = 0; k < width; k++)
            join(mean + k, square + k, before, count, total[k], spread[k]);
    }
}

static Py_ssize_t start_of(const struct pass *pass, Py_ssize_t share)
{
    return pass->rows * share / pass->shares;
}

static void run_share(const void *task, Py_ssize_t share)
{
    const struct pass *pass = (const struct pass *)task;
    pass->work(pass, start_of(pass, share), start_of(pass, share + 1), share);
}

static void run(const struct pass *pass) { share_out(run_share, pass, pass->shares); }

/* How many shares of so many numbers are worth it. */
static Py_ssize_t count_shares(Py_ssize_t numbers)
{
    const Py_ssize_t most = numbers / WORTH_A_THREAD, there = threads();
    return most < 1 ? 1 : most < there ? most : there;
}
