/* Who does a large call: the calling thread, or its host's workers. */
#include "runner.h"

#include <stdatomic.h>

/* Looked at by large calls only. On glibc at a fixed distance from the thread pointer, so that no first look
 * allocates; musl does not keep room for that in libraries loaded later. */
#if defined(__GLIBC__)
#define RUNNER_TLS _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define RUNNER_TLS _Thread_local
#endif
static RUNNER_TLS fastrelu_runner runner_of_thread;

static const fastrelu_runner serial = {NULL, NULL, 0};

fastrelu_status fastrelu_set_runner(const fastrelu_runner *runner, fastrelu_runner *previous) {
  const fastrelu_runner next = runner && runner->parallel_for ? *runner : serial; /* runner may be previous */
  if (previous) *previous = runner_of_thread;
  runner_of_thread = next;
  return FASTRELU_OK;
}

size_t fastrelu_runner_threads(void) {
  const fastrelu_runner *runner = &runner_of_thread;
  return runner->parallel_for && runner->threads > 1 ? runner->threads : 1;
}

size_t fastrelu_parts(size_t bytes) {
  const size_t threads = fastrelu_runner_threads(), most = bytes / LEAST_PART;
  return threads < most ? threads : most > 1 ? most : 1;
}

/* What the runner gets as its argument. */
struct tasks {
  fastrelu_part *part;
  void *job;
  size_t count;
  _Atomic size_t done;
};

static void run_task(void *argument, size_t index) {
  struct tasks *tasks = argument;
  if (index >= tasks->count) return;
  tasks->part(tasks->job, index);
  atomic_fetch_add_explicit(&tasks->done, 1, memory_order_release);
}

fastrelu_status fastrelu_run(fastrelu_part *part, void *job, size_t count) {
  const fastrelu_runner runner = runner_of_thread;
  struct tasks tasks = {.part = part, .job = job, .count = count};
  if (runner.parallel_for(runner.context, run_task, &tasks, count) != 0) return FASTRELU_ERROR_RUNNER;
  return atomic_load_explicit(&tasks.done, memory_order_acquire) == count ? FASTRELU_OK
                                                                          : FASTRELU_ERROR_RUNNER;
}
