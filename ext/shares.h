/* Loops for the widest registers that there are, on torch's own threads.

   Functions marked WIDEST are compiled for several widths of registers, and the loader takes the
   widest that the processor has. The threads are those of torch's products where those are GNU's
   OpenMP, whose entry points are known once torch is loaded; a second pool would fight with the
   first for the cores. Elsewhere there is one thread. */

#include <Python.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif

/* Before a loop whose turns do not depend on each other. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

/* For a function whose loops get fixed lengths from its caller. */
#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#define INLINE static __forceinline
#else
#define INLINE static inline
#endif

struct team {
    void (*work)(const void *task, Py_ssize_t share);
    const void *task;
    Py_ssize_t shares;
};

#if defined(__gnu_linux__) && defined(__GNUC__)
extern void GOMP_parallel(void (*)(void *), void *, unsigned, unsigned) __attribute__((weak));
extern int omp_get_max_threads(void) __attribute__((weak));
extern int omp_get_num_threads(void) __attribute__((weak));
extern int omp_get_thread_num(void) __attribute__((weak));

static int threads(void)
{
    return GOMP_parallel && omp_get_num_threads && omp_get_thread_num && omp_get_max_threads
               ? omp_get_max_threads()
               : 1;
}

static void work_some(void *given)
{
    const struct team *team = (const struct team *)given;
    const Py_ssize_t step = omp_get_num_threads();
    for (Py_ssize_t share = omp_get_thread_num(); share < team->shares; share += step)
        team->work(team->task, share);
}

static void share_out(void (*work)(const void *, Py_ssize_t), const void *task, Py_ssize_t shares)
{
    struct team team = {work, task, shares};
    if (shares > 1)
        GOMP_parallel(work_some, &team, (unsigned)shares, 0);
    else if (shares == 1)
        work(task, 0);
}
#else
static int threads(void) { return 1; }

static void share_out(void (*work)(const void *, Py_ssize_t), const void *task, Py_ssize_t shares)
{
    for (Py_ssize_t share = 0; share < shares; share++)
        work(task, share);
}
#endif
