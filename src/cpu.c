#include "cpu.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool fastrelu_cpu_has_scalar(void) { return true; }

#if defined(__x86_64__) || defined(__i386__)

#include <cpuinfo_x86.h>

bool fastrelu_cpu_has_sse2(void) { return true; } /* every file is compiled for it */

/* On CPUs without XSAVE it reads /proc/cpuinfo: a caller, which may be a signal handler, finds errno as it was. */
static X86Info x86_info(void) {
  const int before = errno;
  const X86Info info = GetX86Info();
  errno = before;
  return info;
}

/* cpu_features asks the operating system about YMM and ZMM for avx, fma3 and avx512*, but not for f16c: that
 * one counts only beside avx. Its fields are signed one-bit numbers, hence !!. */
static bool has_avx2(const X86Features *f) {
  return !!f->sse3 && !!f->ssse3 && !!f->sse4_1 && !!f->sse4_2 && !!f->popcnt && !!f->avx && !!f->f16c &&
         !!f->avx2;
}

bool fastrelu_cpu_has_avx2(void) {
  const X86Features features = x86_info().features;
  return has_avx2(&features);
}

static bool has_avx512(const X86Features *f) {
  return has_avx2(f) && !!f->fma3 && !!f->avx512f && !!f->avx512bw && !!f->avx512dq && !!f->avx512vl;
}

bool fastrelu_cpu_has_avx512(void) {
  const X86Features features = x86_info().features;
  return has_avx512(&features);
}

static bool is_intels(const X86Info *info) {
  return strcmp(info->vendor, CPU_FEATURES_VENDOR_GENUINE_INTEL) == 0;
}

/* Measured: Intel's servers do (Granite Rapids: 1.4 times), AMD's (Zen 4, Zen 5) lose. */
bool fastrelu_cpu_gains_by_pages(void) {
  const X86Info info = x86_info();
  return has_avx512(&info.features) && is_intels(&info);
}

/* Measured: Emerald Rapids does (1.2 times), Granite Rapids nearly (0.93 to 1), AMD's lose up to half. */
bool fastrelu_cpu_streams_past_l2(void) {
  const X86Info info = x86_info();
  return is_intels(&info) && info.family == 6 && info.model == 0xCF;
}

void fastrelu_cpu_name(char name[64]) {
  const X86Info info = x86_info();
  const char *first = info.brand_string + strspn(info.brand_string, " ");
  memset(name, 0, 64);
  memcpy(name, first, strlen(first));
  for (size_t end = strlen(name); end > 0 && name[end - 1] == ' '; end--) name[end - 1] = '\0';
}

static struct fastrelu_caches named_caches(void) {
  struct fastrelu_caches caches = {0};
  const CacheInfo info = GetX86CacheInfo();
  for (int i = 0; i < info.size; i++) {
    const CacheLevelInfo *level = &info.levels[i];
    if (level->cache_type != CPU_FEATURE_CACHE_DATA && level->cache_type != CPU_FEATURE_CACHE_UNIFIED)
      continue;
    if (level->cache_size <= 0) continue;
    if (level->level == 1) caches.l1d = (size_t)level->cache_size;
    if (level->level == 2) caches.l2 = (size_t)level->cache_size;
    if (level->level == 3) caches.l3 = (size_t)level->cache_size;
  }
  return caches;
}

#else

bool fastrelu_cpu_has_neon(void) { return true; } /* part of the aarch64 baseline */

bool fastrelu_cpu_gains_by_pages(void) { return false; }

bool fastrelu_cpu_streams_past_l2(void) { return false; }

void fastrelu_cpu_name(char name[64]) { memset(name, 0, 64); }

static struct fastrelu_caches named_caches(void) { return (struct fastrelu_caches){0}; }

#endif

static size_t or_else(size_t named, long system) { return named ? named : system > 0 ? (size_t)system : 0; }

struct fastrelu_caches fastrelu_cpu_caches(void) {
  const int before = errno;
  struct fastrelu_caches caches = named_caches();
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  caches.l1d = or_else(caches.l1d, sysconf(_SC_LEVEL1_DCACHE_SIZE));
  caches.l2 = or_else(caches.l2, sysconf(_SC_LEVEL2_CACHE_SIZE));
  caches.l3 = or_else(caches.l3, sysconf(_SC_LEVEL3_CACHE_SIZE));
#endif
  errno = before;
  return caches;
}
