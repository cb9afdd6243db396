/* Large tensors on the threads of a pthreadpool, which an engine may share with XNNPACK: the runner of
 * fastrelu/pthreadpool.h. */
#include <fastrelu/pthreadpool.h>

#include "threads.h"

int main(void) {
  pthreadpool_t pool = pthreadpool_create(0); /* as many threads as there are cores */
  if (!pool) return fprintf(stderr, "no thread pool\n"), EXIT_FAILURE;
  const int status = compare_with_one_thread(fastrelu_pthreadpool_runner(pool));
  pthreadpool_destroy(pool);
  return status;
}
