/* A tile of points through planes and layers, for one kind of processor.

   Included once for each, with KIND (a suffix), TARGET (the functions' attribute), LANES (floats in
   a vector register), VECTORS (registers side by side) and ROWS (points in a tile). ROWS x VECTORS
   sums stay in registers while a layer runs, so that each weight that is loaded serves ROWS points
   and each number of a point LANES x VECTORS weights. Widths are multiples of LANES x VECTORS.  */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define LANE JOIN(lane_, KIND)
#define MASK JOIN(mask_, KIND)

/* Aligned as floats are: rows of planes begin anywhere. */
typedef float LANE __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int MASK __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* out (ROWS, width) += rows (ROWS, width) times weight (width, width). */
TARGET static void JOIN(add_product_, KIND)(
    const float *rows, const float *weight, Py_ssize_t width, float *out)
{
    for (Py_ssize_t column = 0; column < width; column += LANES * VECTORS) {
        LANE sums[ROWS][VECTORS];
        for (int row = 0; row < ROWS; row++)
            for (int vector = 0; vector < VECTORS; vector++)
                sums[row][vector] = *(const LANE *)(out + row * width + column + vector * LANES);
        for (Py_ssize_t k = 0; k < width; k++) {
            LANE weights[VECTORS];
            for (int vector = 0; vector < VECTORS; vector++)
                weights[vector] = *(const LANE *)(weight + k * width + column + vector * LANES);
            for (int row = 0; row < ROWS; row++) {
                float number = rows[row * width + k];
                for (int vector = 0; vector < VECTORS; vector++)
                    sums[row][vector] += number * weights[vector];
            }
        }
        for (int row = 0; row < ROWS; row++)
            for (int vector = 0; vector < VECTORS; vector++)
                *(LANE *)(out + row * width + column + vector * LANES) = sums[row][vector];
    }
}

/* hidden (width) = shift + the inputs times of_point + the count planes at the point. */
TARGET static inline __attribute__((always_inline)) void JOIN(sum_up_, KIND)(
    const struct planes *net, const float *point, const int count, float *hidden)
{
    const int given = count == SPANNED ? 3 : count == SEEN ? 4 : MOST_INPUTS;
    const float *cells[MOST_PLANES * 4];
    float shares[MOST_PLANES * 4], inputs[MOST_INPUTS] = {point[0], point[1], point[2]}, seen[2];
    for (int plane = 0; plane < SPANNED; plane++)
        find_cells(
            &net->planes[plane], net->width, point[SPANS[plane][0]], point[SPANS[plane][1]],
            cells + 4 * plane, shares + 4 * plane);
    float x = 0, y = 0, z = 0;
    if (count > SPANNED) {
        x = point[0] / net->sight.half_edge;
        y = stretch(&net->sight, point[1]);
        z = stretch(&net->sight, point[2]);
        look(&net->sight, x, y, z, seen, &inputs[3]);
        find_cells(
            &net->planes[SPANNED], net->width, seen[0], seen[1],
            cells + 4 * SPANNED, shares + 4 * SPANNED);
    }
    if (count > SEEN) {
        float *image = inputs + 4;
        mirror(&net->sight, &x, &z, &image[2]);
        image[0] = x * net->sight.half_edge;
        image[1] = net->sight.half_edge * bounded(&net->sight, point[1] / net->sight.half_edge);
        look(&net->sight, x, y, z, seen, &inputs[7]);
        find_cells(
            &net->planes[SEEN], net->width, image[SPANS[0][0]], image[SPANS[0][1]],
            cells + 4 * SEEN, shares + 4 * SEEN);
        find_cells(
            &net->planes[SEEN + 1], net->width, seen[0], seen[1],
            cells + 4 * (SEEN + 1), shares + 4 * (SEEN + 1));
    }
    for (Py_ssize_t column = 0; column < net->width; column += LANES) {
        LANE sum = *(const LANE *)(net->shift + column);
        for (int input = 0; input < given; input++)
            sum += inputs[input] * *(const LANE *)(net->of_point + input * net->width + column);
        for (int tap = 0; tap < 4 * count; tap++)
            sum += shares[tap] * *(const LANE *)(cells[tap] + column);
        *(LANE *)(hidden + column) = sum;
    }
}

/* The same for any count, each with loops of a fixed length. */
TARGET static void JOIN(look_up_, KIND)(
    const struct planes *net, const float *point, float *hidden)
{
    if (net->count == SPANNED)
        JOIN(sum_up_, KIND)(net, point, SPANNED, hidden);
    else if (net->count == SEEN)
        JOIN(sum_up_, KIND)(net, point, SEEN, hidden);
    else
        JOIN(sum_up_, KIND)(net, point, MOST_PLANES, hidden);
}

/* What is above 0 in each of the numbers; what is no number stays so. */
TARGET static inline LANE JOIN(relu_, KIND)(LANE numbers)
{
    return (LANE)((MASK)numbers & ~(numbers < 0));
}

/* Logits (count) at points (count, 3); room holds 3 x ROWS x width floats. */
TARGET static void JOIN(decode_, KIND)(
    const struct planes *net, const float *points, Py_ssize_t count, float *room, float *logits)
{
    const Py_ssize_t width = net->width, size = ROWS * width;
    float *hidden = room, *active = room + size, *inner = room + 2 * size;
    for (Py_ssize_t start = 0; start < count; start += ROWS) {
        const int rows = count - start < ROWS ? (int)(count - start) : ROWS;
        for (int row = 0; row < ROWS; row++) {  /* the last tile's last point fills it up */
            const Py_ssize_t point = start + (row < rows ? row : rows - 1);
            JOIN(look_up_, KIND)(net, points + 3 * point, hidden + row * width);
            for (Py_ssize_t i = row * width, k = 0; k < width; i += LANES, k += LANES) {
                *(LANE *)(active + i) = JOIN(relu_, KIND)(*(LANE *)(hidden + i));
                *(LANE *)(inner + i) = *(const LANE *)(net->bias_0 + k);
                *(LANE *)(hidden + i) += *(const LANE *)(net->bias_1 + k);
            }
        }
        JOIN(add_product_, KIND)(active, net->weight_0, width, inner);
        for (Py_ssize_t i = 0; i < size; i += LANES)
            *(LANE *)(inner + i) = JOIN(relu_, KIND)(*(LANE *)(inner + i));
        JOIN(add_product_, KIND)(inner, net->weight_1, width, hidden);
        for (int row = 0; row < rows; row++) {
            LANE sum = {0};
            for (Py_ssize_t k = 0; k < width; k += LANES)
                sum += JOIN(relu_, KIND)(*(LANE *)(hidden + row * width + k)) *
                       *(const LANE *)(net->weight_out + k);
            float logit = net->bias_out;
            for (int lane = 0; lane < LANES; lane++)
                logit += sum[lane];
            logits[start + row] = logit;
        }
    }
}

#undef LANE
#undef MASK
#undef JOIN
#undef JOIN_
#undef KIND
#undef TARGET
#undef LANES
#undef VECTORS
#undef ROWS
