/* What walks past the caches touch ahead: every line of the next group of pages, each once, whatever a batch's size. */
#include "fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* As fetch() does for each batch of a group that many groups into a tensor. */
static void covers_the_next_group(size_t batch, size_t groups) {
  enum { LINES = GROUP / LINE };
  bool touched[LINES] = {false};
  const size_t begin = groups * GROUP, lines = batch < LINE ? 1 : batch / LINE;
  for (size_t at = begin; at < begin + GROUP; at += batch) {
    for (size_t k = 0; k < lines; k++) {
      const size_t place = place_ahead(at / LINE / lines * lines * LINE) + k * PAGE;
      assert_in_range(place, begin + GROUP, begin + 2 * GROUP - 1);
      const size_t line = (place - begin - GROUP) / LINE;
      if (batch >= LINE) assert_false(touched[line]);
      touched[line] = true;
    }
  }
  for (size_t line = 0; line < LINES; line++) assert_true(touched[line]);
}

static void every_line_of_the_next_group_is_touched_once(void **state) {
  (void)state;
  for (size_t batch = LINE / 4; batch <= PAGES * LINE; batch *= 2) {
    covers_the_next_group(batch, 0);
    covers_the_next_group(batch, 7);
  }
}

/* No page is a step behind the others: that is what has them under way at once. */
static void pages_take_turns(void **state) {
  (void)state;
  size_t reached[PAGES] = {0};
  for (size_t at = 0; at < GROUP; at += LINE) {
    const size_t place = place_ahead(at) - GROUP;
    assert_int_equal(place % PAGE, reached[place / PAGE]);
    reached[place / PAGE] += LINE;
    for (int page = 0; page < PAGES; page++)
      assert_in_range(reached[page], at / PAGES / LINE * LINE, at / PAGES + LINE);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_line_of_the_next_group_is_touched_once),
      cmocka_unit_test(pages_take_turns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
