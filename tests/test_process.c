/* The library inside of a process: signals, fork, and threads that call while another one switches kernels.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fastrelu.h"

enum { N = 1000 };

static void make_input(float x[N]) {
  for (int i = 0; i < N; i++) x[i] = (float)(i % 7 - 3);
}

static bool relu_is_right(void) {
  float x[N], y[N];
  make_input(x);
  if (fastrelu_relu_f32(x, y, N) != FASTRELU_OK) return false;
  for (int i = 0; i < N; i++) {
    if (y[i] != (x[i] > 0 ? x[i] : 0)) return false;
  }
  return true;
}

static volatile sig_atomic_t right_in_handler;

static void handle(int signal) {
  (void)signal;
  right_in_handler = relu_is_right();
}

static void it_works_in_a_signal_handler(void **state) {
  (void)state;
  struct sigaction action = {.sa_handler = handle}, before;
  assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
  raise(SIGUSR1);
  assert_true(right_in_handler);
  sigaction(SIGUSR1, &before, NULL);
}

static void it_works_in_a_forked_child(void **state) {
  (void)state;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) _exit(relu_is_right() ? 0 : 1);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static atomic_bool stop;

static void *call_until_stopped(void *argument) {
  (void)argument;
  bool right = true;
  while (!atomic_load(&stop)) right = relu_is_right() && right;
  return (void *)(uintptr_t)right;
}

static void calls_stay_right_while_another_thread_switches(void **state) {
  (void)state;
  pthread_t threads[3];
  for (int i = 0; i < 3; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, call_until_stopped, NULL), 0);
  const char *const *list = fastrelu_isa_list();
  for (int round = 0; round < 2000; round++) {
    for (size_t i = 0; list[i]; i++) assert_int_equal(fastrelu_use_isa(list[i]), FASTRELU_OK);
  }
  assert_int_equal(fastrelu_use_isa(NULL), FASTRELU_OK);
  atomic_store(&stop, true);
  for (int i = 0; i < 3; i++) {
    void *right;
    assert_int_equal(pthread_join(threads[i], &right), 0);
    assert_true(right);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_works_in_a_signal_handler),
      cmocka_unit_test(it_works_in_a_forked_child),
      cmocka_unit_test(calls_stay_right_while_another_thread_switches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
