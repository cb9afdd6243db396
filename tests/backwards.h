/* A runner that does everything on the calling thread, the last part first. */
#ifndef FASTRELU_TESTS_BACKWARDS_H
#define FASTRELU_TESTS_BACKWARDS_H

#include <stddef.h>

/* Sets it for this thread, as of so many threads; 0: none any more. */
void run_backwards(size_t threads);

/* How many parts have been done since. */
size_t parts_done(void);

/* Whether walks past the caches fetch from several pages. The library itself goes by the CPU and cannot be asked to. */
void fetch_pages(int from_pages);

/* A test's setup: no runner, and the default streaming threshold, whatever one that failed has left behind. */
int back_to_defaults(void **state);

#endif
