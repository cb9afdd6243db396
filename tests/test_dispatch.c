/* Which kernels are chosen, by the CPU, the environment and the caller, and what the library says of it.
 * Tests of the environment variable run this program again with it set. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fastrelu.h"

static const char *self;

static char *info(void) {
  const int length = fastrelu_info(NULL, 0);
  char *text = malloc((size_t)length + 1);
  assert_non_null(text);
  assert_int_equal(fastrelu_info(text, (size_t)length + 1), length);
  assert_int_equal(strlen(text), length);
  return text;
}

static void assert_info_has(const char *fragment) {
  char *text = info();
  if (!strstr(text, fragment)) fail_msg("fastrelu_info lacks %s:\n%s", fragment, text);
  free(text);
}

static void the_list_ends_in_scalar(void **state) {
  (void)state;
  const char *const *list = fastrelu_isa_list();
  size_t count = 0;
  while (list[count]) count++;
  assert_true(count >= 1);
  assert_string_equal(list[count - 1], "scalar");
  assert_ptr_equal(list, fastrelu_isa_list());
}

static void the_best_usable_isa_is_chosen(void **state) {
  (void)state;
  const char *expected = getenv("FASTRELU_TEST_EXPECT_ISA");
  assert_string_equal(fastrelu_isa(), fastrelu_isa_list()[0]);
  if (expected) assert_string_equal(fastrelu_isa(), expected);
  assert_info_has("\"isa_reason\": \"best usable\"");
}

static void use_isa_switches_to_each_and_back(void **state) {
  (void)state;
  const char *const *list = fastrelu_isa_list();
  for (size_t i = 0; list[i]; i++) {
    const float x[3] = {-1, 2, -0.0f};
    float y[3] = {9, 9, 9};
    assert_int_equal(fastrelu_use_isa(list[i]), FASTRELU_OK);
    assert_string_equal(fastrelu_isa(), list[i]);
    assert_int_equal(fastrelu_relu_f32(x, y, 3), FASTRELU_OK);
    assert_true(y[0] == 0 && y[1] == 2 && y[2] == 0);
    assert_info_has("\"isa_reason\": \"fastrelu_use_isa\"");
  }
  assert_int_equal(fastrelu_use_isa(NULL), FASTRELU_OK);
  assert_string_equal(fastrelu_isa(), list[0]);
  assert_info_has("\"isa_reason\": \"best usable\"");
}

static void unusable_names_change_nothing(void **state) {
  (void)state;
  static const char *const names[] = {"", "AVX2", "scalar ", "avx", "mmx", "neon2", "avx1024", "best"};
  assert_int_equal(fastrelu_use_isa("scalar"), FASTRELU_OK);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_int_equal(fastrelu_use_isa(names[i]), FASTRELU_ERROR_ISA);
    assert_string_equal(fastrelu_isa(), "scalar");
  }
  /* A real one that this CPU or this build lacks. */
  static const char *const real[] = {"avx512", "avx2", "sse2", "neon"};
  const char *const *list = fastrelu_isa_list();
  for (size_t r = 0; r < sizeof real / sizeof *real; r++) {
    size_t i = 0;
    while (list[i] && strcmp(list[i], real[r]) != 0) i++;
    if (list[i]) continue;
    assert_int_equal(fastrelu_use_isa(real[r]), FASTRELU_ERROR_ISA);
    assert_string_equal(fastrelu_isa(), "scalar");
  }
  assert_int_equal(fastrelu_use_isa(NULL), FASTRELU_OK);
}

/* Becomes this program with `--report`. Under an emulated CPU FASTRELU_TEST_LAUNCHER holds the emulator's
 * words, since the kernel would start the program on the real one. */
static void become_report(void) {
  char *arguments[16] = {NULL};
  size_t count = 0;
  const char *launcher = getenv("FASTRELU_TEST_LAUNCHER");
  char *words = strdup(launcher ? launcher : "");
  for (char *word = strtok(words, " "); word && count < 12; word = strtok(NULL, " "))
    arguments[count++] = word;
  arguments[count++] = (char *)(uintptr_t)self;
  arguments[count] = (char *)(uintptr_t) "--report";
  execvp(arguments[0], arguments);
}

/* 0 where it is unknown. */
static size_t number_in(const char *text, const char *key) {
  const char *place = strstr(text, key);
  assert_non_null(place);
  return strtoull(place + strlen(key), NULL, 10);
}

/* Inside L2 streaming loses up to nine times, and past 24 times L2 all CPUs that were measured gain by it. */
static void the_default_threshold_lies_past_l2_and_within_reach(void **state) {
  (void)state;
  char *text = info();
  const size_t l2 = number_in(text, "\"l2\": "), l3 = number_in(text, "\"l3\": ");
  const size_t threshold = number_in(text, "\"streaming_threshold\": ");
  assert_in_range(threshold, 16384, l2 ? 24 * l2 : (size_t)24 << 20);
  if (l3 > 4 * l2) assert_true(threshold >= 3 * l2);
  free(text);
}

static void streaming_threshold_can_be_set(void **state) {
  (void)state;
  char *before = info();
  assert_non_null(strstr(before, "\"streaming_threshold\": "));
  assert_int_equal(fastrelu_set_streaming_threshold(123456), FASTRELU_OK);
  assert_info_has("\"streaming_threshold\": 123456,\n");
  assert_int_equal(fastrelu_set_streaming_threshold(1), FASTRELU_OK);
  assert_info_has("\"streaming_threshold\": 16384,\n");
  assert_int_equal(fastrelu_set_streaming_threshold(SIZE_MAX), FASTRELU_OK);
  assert_info_has("\"streaming_threshold\": null,\n");
  assert_int_equal(fastrelu_set_streaming_threshold(0), FASTRELU_OK);
  char *after = info();
  assert_string_equal(before, after);
  free(before);
  free(after);
}

/* Runs this program as `--report` with the variable set; what it prints is "<isa>\n<info>". */
static void report_with(const char *value, char *output, size_t size) {
  int channel[2];
  assert_int_equal(pipe(channel), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    dup2(channel[1], STDOUT_FILENO);
    close(channel[0]);
    close(channel[1]);
    setenv("FASTRELU_ISA", value, 1);
    become_report();
    _exit(127);
  }
  close(channel[1]);
  size_t length = 0;
  for (ssize_t got; (got = read(channel[0], output + length, size - 1 - length)) > 0;) length += (size_t)got;
  output[length] = '\0';
  close(channel[0]);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void the_environment_chooses_among_the_usable(void **state) {
  (void)state;
  char output[8192];
  const char *const *list = fastrelu_isa_list();
  for (size_t i = 0; list[i]; i++) {
    char first_line[64], seen[96];
    report_with(list[i], output, sizeof output);
    snprintf(first_line, sizeof first_line, "%s\n", list[i]);
    snprintf(seen, sizeof seen, "{\"FASTRELU_ISA\": \"%s\", \"honoured\": true}", list[i]);
    assert_int_equal(strncmp(output, first_line, strlen(first_line)), 0);
    assert_non_null(strstr(output, seen));
    assert_non_null(strstr(output, "\"isa_reason\": \"FASTRELU_ISA\""));
  }
}

static void the_environment_is_ignored_otherwise(void **state) {
  (void)state;
  static const char *const values[] = {
      "",        "avx9",        "AVX2",
      " scalar", "scalar,avx2", "a name that is longer than any instruction set's could be, by far"};
  char output[8192], first_line[64];
  snprintf(first_line, sizeof first_line, "%s\n", fastrelu_isa_list()[0]);
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    report_with(values[i], output, sizeof output);
    assert_int_equal(strncmp(output, first_line, strlen(first_line)), 0);
    assert_non_null(strstr(output, "\"honoured\": false"));
    assert_non_null(strstr(output, "\"isa_reason\": \"best usable\""));
  }
  report_with("\"\\\n\x7F\xC3", output, sizeof output);
  assert_non_null(strstr(output, "\"FASTRELU_ISA\": \"\\\"\\\\\\u000a\\u007f\\u00c3\""));
}

static void info_is_cut_as_snprintf_does(void **state) {
  (void)state;
  char *whole = info(), *part = malloc(strlen(whole) + 2);
  assert_non_null(part);
  const size_t length = strlen(whole);
  for (size_t size = 1; size <= length + 1; size++) {
    memset(part, 'x', length + 2);
    assert_int_equal(fastrelu_info(part, size), length);
    assert_int_equal(strncmp(part, whole, size - 1), 0);
    assert_int_equal(part[size - 1], '\0');
    assert_int_equal(part[size], 'x');
  }
  free(whole);
  free(part);
}

static void every_status_has_words(void **state) {
  (void)state;
  for (int status = FASTRELU_OK; status >= FASTRELU_ERROR_RUNNER; status--) {
    assert_non_null(fastrelu_status_string(status));
    assert_string_not_equal(fastrelu_status_string(status), "unknown status");
    for (int other = FASTRELU_OK; other > status; other--) {
      assert_string_not_equal(fastrelu_status_string(status), fastrelu_status_string(other));
    }
  }
  assert_string_equal(fastrelu_status_string(1), "unknown status");
  assert_string_equal(fastrelu_status_string(FASTRELU_ERROR_RUNNER - 1), "unknown status");
}

static void the_version_is_the_headers(void **state) {
  (void)state;
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", FASTRELU_VERSION_MAJOR, FASTRELU_VERSION_MINOR,
           FASTRELU_VERSION_PATCH);
  assert_string_equal(fastrelu_version(), text);
  assert_int_equal(fastrelu_version_number(),
                   FASTRELU_VERSION_MAJOR * 10000 + FASTRELU_VERSION_MINOR * 100 + FASTRELU_VERSION_PATCH);
}

int main(int argc, char **argv) {
  self = argv[0];
  if (argc == 2 && strcmp(argv[1], "--report") == 0) {
    char text[4096];
    fastrelu_info(text, sizeof text);
    printf("%s\n%s", fastrelu_isa(), text);
    return EXIT_SUCCESS;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_list_ends_in_scalar),
      cmocka_unit_test(the_best_usable_isa_is_chosen),
      cmocka_unit_test(use_isa_switches_to_each_and_back),
      cmocka_unit_test(unusable_names_change_nothing),
      cmocka_unit_test(the_environment_chooses_among_the_usable),
      cmocka_unit_test(the_environment_is_ignored_otherwise),
      cmocka_unit_test(info_is_cut_as_snprintf_does),
      cmocka_unit_test(the_default_threshold_lies_past_l2_and_within_reach),
      cmocka_unit_test(streaming_threshold_can_be_set),
      cmocka_unit_test(every_status_has_words),
      cmocka_unit_test(the_version_is_the_headers),
  };
  unsetenv("FASTRELU_ISA");
  return cmocka_run_group_tests(tests, NULL, NULL);
}
