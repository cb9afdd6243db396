/* The library as a plug-in meets it: opened, called from a constructor, and closed. This program is not
 * linked to it; SHARED_LIBRARY and EARLY_CALLER are the files to open. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef int relu_function(const float *x, float *y, size_t n);

static void *open_file(const char *file) {
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library) fail_msg("%s", dlerror());
  return library;
}

static void functions_outlive_dlclose(void **state) {
  (void)state;
  void *library = open_file(SHARED_LIBRARY);
  relu_function *relu;
  *(void **)&relu = dlsym(library, "fastrelu_relu_f32");
  assert_non_null(relu);
  assert_int_equal(dlclose(library), 0);
  const float x[2] = {-1, 3};
  float y[2] = {9, 9};
  assert_int_equal(relu(x, y, 2), 0);
  assert_true(y[0] == 0 && y[1] == 3);
}

static void a_constructor_of_another_library_may_call_it(void **state) {
  (void)state;
  void *caller = open_file(EARLY_CALLER);
  const int *status = dlsym(caller, "early_status");
  const float *result = dlsym(caller, "early_result");
  assert_non_null(status);
  assert_non_null(result);
  assert_int_equal(*status, 0);
  assert_true(result[0] == 0 && result[1] == 4);
  dlclose(caller);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_outlive_dlclose),
      cmocka_unit_test(a_constructor_of_another_library_may_call_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
