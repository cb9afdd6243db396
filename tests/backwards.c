#include "backwards.h"

#include "fastrelu.h"

/* Hidden in the library; not in the one with emulated instruction sets, a static one of the tests' own. */
extern int fastrelu_fetches_pages __attribute__((weak));

void fetch_pages(int from_pages) {
  if (&fastrelu_fetches_pages) fastrelu_fetches_pages = from_pages;
}

static size_t done;

static int last_first(void *context, void (*task)(void *argument, size_t index), void *argument,
                      size_t count) {
  (void)context;
  for (size_t i = count; i-- > 0; done++) task(argument, i);
  return 0;
}

void run_backwards(size_t threads) {
  const fastrelu_runner runner = {threads > 0 ? last_first : NULL, NULL, threads};
  done = 0;
  fastrelu_set_runner(&runner, NULL);
}

size_t parts_done(void) { return done; }

int back_to_defaults(void **state) {
  (void)state;
  run_backwards(0);
  return fastrelu_set_streaming_threshold(0);
}
