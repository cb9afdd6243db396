/* Large tensors on OpenMP's threads: the runner of fastrelu/openmp.h. */
#include <fastrelu/openmp.h>

#include "threads.h"

int main(void) { return compare_with_one_thread(fastrelu_openmp_runner(0)); }
