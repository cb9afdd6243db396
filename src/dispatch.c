/* Chooses the kernels. FASTRELU_ISA_LIST is the build's list of instruction sets, best first, as ISA(name)
 * for each (cmake/isas.cmake); each bundle contains the next, so that the usable ones are the list's end. */
#define _GNU_SOURCE
#include "dispatch.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "fastrelu.h"
#include "runner.h"

#define ISA(name)                                                       \
  extern const struct fastrelu_kernels fastrelu_kernels_##name[TABLES]; \
  bool fastrelu_cpu_has_##name(void);
FASTRELU_ISA_LIST
#undef ISA

#define ISA(name) fastrelu_kernels_##name,
static const struct fastrelu_kernels *const tables[] = {FASTRELU_ISA_LIST};
#undef ISA

#define ISA(name) #name,
const char *const fastrelu_isas_built[] = {FASTRELU_ISA_LIST NULL};
#undef ISA

#define ISA(name) fastrelu_cpu_has_##name,
static bool (*const cpu_has[])(void) = {FASTRELU_ISA_LIST};
#undef ISA

enum { COUNT = sizeof tables / sizeof *tables };

_Atomic(const struct fastrelu_kernels *) fastrelu_kernels_in_use = FASTRELU_BASELINE;

/* The choice of load time; NULL until it is made. Whoever comes first makes it, and everyone makes the same. */
static _Atomic(const struct fastrelu_kernels *) preferred;

/* fastrelu_use_isa has the word, perhaps since the constructor of another library, before this one's own. */
static _Atomic bool overridden;

/* FASTRELU_ISA, copied once by the first to look at it. */
static char requested[32];
static _Atomic bool requested_claimed, requested_copied;

static size_t best_usable(void) {
  size_t i = 0;
  while (i + 1 < COUNT && !cpu_has[i]()) i++;
  return i;
}

/* COUNT if the name is not that of a usable instruction set. */
static size_t find(const char *name) {
  for (size_t i = best_usable(); i < COUNT; i++) {
    if (strcmp(name, fastrelu_isas_built[i]) == 0) return i;
  }
  return COUNT;
}

static const char *name_of(const struct fastrelu_kernels *table) {
  size_t i = 0;
  while (tables[i] != table) i++;
  return fastrelu_isas_built[i];
}

static const struct fastrelu_kernels *preferred_table(void) {
  const struct fastrelu_kernels *table = atomic_load(&preferred);
  if (table) return table;
#if defined(__GLIBC__) || defined(__linux__)
  const char *request = secure_getenv("FASTRELU_ISA");
#else
  const char *request = getenv("FASTRELU_ISA");
#endif
  size_t choice = COUNT;
  if (request) {
    if (!atomic_exchange(&requested_claimed, true)) {
      for (size_t i = 0; i < sizeof requested - 1 && request[i]; i++) requested[i] = request[i];
      atomic_store(&requested_copied, true);
    }
    choice = find(request);
  }
  table = tables[choice < COUNT ? choice : best_usable()];
  atomic_store(&preferred, table);
  return table;
}

/* Whoever calls before the constructor streams nothing. */
static _Atomic size_t streaming_threshold = SIZE_MAX, in_place_threshold = SIZE_MAX;
static _Atomic bool threshold_set;

/* Until the constructor has run, every call takes the way of the large ones, which comes to the same. */
_Atomic size_t fastrelu_small_up_to[MOST_BYTES + 1];

size_t fastrelu_streaming_threshold(void) { return atomic_load(&streaming_threshold); }
size_t fastrelu_in_place_threshold(void) { return atomic_load(&in_place_threshold); }

/* The end of the caches, for one core. What a virtual machine names as its L3 may be ten times what it gets, so L2
 * bounds it too: 24 times was right on the CPUs of docs/performance.md. */
static size_t past_the_caches(struct fastrelu_caches caches) {
  const size_t by_l2 = caches.l2 ? 24 * caches.l2 : (size_t)24 << 20;
  const size_t by_l3 = caches.l3 / 4 * 3;
  return by_l3 && by_l3 < by_l2 ? by_l3 : by_l2;
}

/* Where streaming pays before the caches end, it does once the output no longer stays in L2 for who reads it next. */
static size_t default_threshold(struct fastrelu_caches caches, size_t past) {
  const size_t near = 3 * caches.l2;
  return near > 0 && near < past && fastrelu_cpu_streams_past_l2() ? near : past;
}

static size_t at_least_large(size_t bytes) { return bytes < LEAST_LARGE ? LEAST_LARGE : bytes; }

fastrelu_status fastrelu_set_streaming_threshold(size_t bytes) {
  size_t threshold = bytes, in_place = bytes;
  if (bytes == 0) {
    const struct fastrelu_caches caches = fastrelu_cpu_caches();
    in_place = past_the_caches(caches);
    threshold = default_threshold(caches, in_place);
  }
  threshold = at_least_large(threshold);
  atomic_store(&threshold_set, bytes != 0);
  atomic_store(&streaming_threshold, threshold);
  atomic_store(&in_place_threshold, at_least_large(in_place));
  const size_t large_from = threshold < LEAST_SPLIT ? threshold : LEAST_SPLIT;
  for (size_t b = 1; b <= MOST_BYTES; b++) {
    atomic_store_explicit(&fastrelu_small_up_to[b], (large_from - 1) / b, memory_order_relaxed);
  }
  return FASTRELU_OK;
}

int fastrelu_fetches_pages;

__attribute__((constructor)) static void choose_at_load(void) {
  __atomic_store_n(&fastrelu_fetches_pages, fastrelu_cpu_gains_by_pages(), __ATOMIC_RELAXED);
  if (!atomic_load(&threshold_set)) fastrelu_set_streaming_threshold(0);
  if (atomic_load(&overridden)) return;
  const struct fastrelu_kernels *start = FASTRELU_BASELINE;
  atomic_compare_exchange_strong(&fastrelu_kernels_in_use, &start, preferred_table());
}

const char *fastrelu_isa_requested(void) { return atomic_load(&requested_copied) ? requested : NULL; }

bool fastrelu_isa_honoured(void) {
  const char *name = name_of(preferred_table());
  const char *request = fastrelu_isa_requested();
  return request && strcmp(request, name) == 0;
}

const char *fastrelu_isa_reason(void) {
  if (atomic_load(&overridden)) return "fastrelu_use_isa";
  if (kernels() != preferred_table()) return "the library's constructor has not run yet";
  return fastrelu_isa_honoured() ? "FASTRELU_ISA" : "best usable";
}

const char *fastrelu_isa(void) { return name_of(kernels()); }

const char *const *fastrelu_isa_list(void) { return fastrelu_isas_built + best_usable(); }

fastrelu_status fastrelu_use_isa(const char *name) {
  const struct fastrelu_kernels *table = preferred_table();
  if (name) {
    const size_t i = find(name);
    if (i == COUNT) return FASTRELU_ERROR_ISA;
    table = tables[i];
  }
  atomic_store(&overridden, name != NULL);
  atomic_store(&fastrelu_kernels_in_use, table);
  return FASTRELU_OK;
}
