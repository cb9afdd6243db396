/* Linked with the library's objects and early_caller.c, whose constructor runs before the library's own:
 * calls made then work, and an instruction set asked for then stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fastrelu.h"

extern const char *early_isa;
extern int early_status;
extern float early_result[2];
extern char early_info[2048];

static void a_call_before_the_constructor_works(void **state) {
  (void)state;
  assert_int_equal(early_status, FASTRELU_OK);
  assert_true(early_result[0] == 0 && early_result[1] == 4);
}

static void the_choice_made_before_the_constructor_stands(void **state) {
  (void)state;
  const char *asked = getenv("EARLY_ISA");
  if (asked) {
    assert_string_equal(early_isa, asked);
    assert_string_equal(fastrelu_isa(), asked);
  } else {
    assert_string_equal(fastrelu_isa(), fastrelu_isa_list()[0]);
  }
}

static void info_does_not_blame_the_caller_for_it(void **state) {
  (void)state;
  if (!getenv("EARLY_ISA")) assert_null(strstr(early_info, "\"isa_reason\": \"fastrelu_use_isa\""));
}

static void the_load_time_choice_can_be_had_back(void **state) {
  (void)state;
  assert_int_equal(fastrelu_use_isa(NULL), FASTRELU_OK);
  assert_string_equal(fastrelu_isa(), fastrelu_isa_list()[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_before_the_constructor_works),
      cmocka_unit_test(the_choice_made_before_the_constructor_stands),
      cmocka_unit_test(info_does_not_blame_the_caller_for_it),
      cmocka_unit_test(the_load_time_choice_can_be_had_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
