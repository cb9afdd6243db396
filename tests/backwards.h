/* A runner that does everything on the calling thread, the last part first. */
#ifndef FASTRELU_TESTS_BACKWARDS_H
#define FASTRELU_TESTS_BACKWARDS_H

#include <stddef.h>

/* Sets it for this thread, as of so many threads; 0: none any more. */
void run_backwards(size_t threads);

/* How many parts have been done since. */
size_t parts_done(void);

/* A test's setup: no runner, and the default streaming threshold, whatever one that failed has left behind. */
int back_to_defaults(void **state);

#endif
