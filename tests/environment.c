#include "environment.h"

#include <fenv.h>

static const int rounding[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
enum { FLUSH = 0x8040 /* FTZ and DAZ */, FLAGS = 0x3F };
static uint64_t get_control(void) { return _mm_getcsr() & ~(unsigned)FLAGS; }
static void set_flush(int on) { _mm_setcsr(on ? _mm_getcsr() | FLUSH : _mm_getcsr() & ~(unsigned)FLUSH); }
#elif defined(__aarch64__)
static uint64_t get_control(void) {
  uint64_t fpcr;
  __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
  return fpcr;
}
static void set_flush(int on) {
  const uint64_t fz = UINT64_C(1) << 24, fpcr = on ? get_control() | fz : get_control() & ~fz;
  __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
}
#else
static uint64_t get_control(void) { return (uint64_t)fegetround(); }
static void set_flush(int on) { (void)on; }
#endif

/* Every rounding mode, without and with flush-to-zero. */
const int environment_count = 8;

void environment_enter(int environment) {
  fesetround(rounding[environment % 4]);
  set_flush(environment / 4);
}

void environment_leave(void) {
  set_flush(0);
  fesetround(FE_TONEAREST);
}

uint64_t environment_control(void) { return get_control(); }
