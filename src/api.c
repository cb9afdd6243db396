/* The public operations on whole tensors: check the arguments, then a tail call into the kernel of the table in
 * use. */
#include "bounds.h"
#include "check.h"
#include "dispatch.h"
#include "dtypes.h"
#include "fastrelu.h"
#include "parts.h"

static size_t mask_bytes(size_t n) { return (n + 7) / 8; }

/* ---- large calls, by the type of the kernel ---------------------------------------------------------------- */

/* Buffer k from element `at` on; NULL stays NULL. */
static void *buffer_at(const struct fastrelu_call *call, int k, size_t at) {
  char *const buffer = (char *)(uintptr_t)call->buffers[k];
  return buffer ? buffer + at / 8 * call->site->bits[k] : NULL;
}

/* A kernel's type, how a part is done by one, and a large call's beginning. */
#define LIST(...) __VA_ARGS__
#define SIGNATURE(name, buffers_, parameters_, arguments, in_place_, ...)                                   \
  typedef int name(__VA_ARGS__);                                                                            \
  static int apply_##name(const struct fastrelu_call *call, fastrelu_kernel *kernel, size_t at, size_t n) { \
    return ((name *)kernel)(arguments);                                                                     \
  }                                                                                                         \
  LARGE_CALL large_##name(__VA_ARGS__, const struct fastrelu_site *site) {                                  \
    return fastrelu_call_large(&(struct fastrelu_call){apply_##name, site, .buffers = {buffers_},           \
                                                       .parameters = {parameters_}, .n = n,                 \
                                                       .in_place = in_place_});                             \
  }
#define B(k) buffer_at(call, k, at)
#define P(k) call->parameters[k]
#define MAP(count, parameters, arguments, ...)                                                    \
  SIGNATURE(map_##count, LIST(x, y), LIST parameters, LIST(B(0), B(1), n LIST arguments), x == y, \
            const void *x, void *y, size_t n __VA_ARGS__)
#define OF_TWO(count, parameters, arguments, ...)                                                     \
  SIGNATURE(of_two_##count, LIST(a, b, y), LIST parameters, LIST(B(0), B(1), B(2), n LIST arguments), \
            a == y || b == y, const void *a, const void *b, void *y, size_t n __VA_ARGS__)
#define TO_MASK(count, parameters, arguments, ...)                                                        \
  SIGNATURE(to_mask_##count, LIST(x, y, mask), LIST parameters, LIST(B(0), B(1), B(2), n LIST arguments), \
            y == NULL || x == y, const void *x, void *y, uint8_t *mask, size_t n __VA_ARGS__)
#define OF_MASK(count, parameters, arguments, ...)                                                          \
  SIGNATURE(of_mask_##count, LIST(mask, dy, dx), LIST parameters, LIST(B(0), B(1), B(2), n LIST arguments), \
            dy == dx, const uint8_t *mask, const void *dy, void *dx, size_t n __VA_ARGS__)
#define WITHOUT(FORM) FORM(0, (0), ())
#define WITH_ONE(FORM) FORM(1, (p), (, P(0)), , int64_t p)
#define WITH_TWO(FORM) FORM(2, (p, q), (, P(0), P(1)), , int64_t p, int64_t q)
WITHOUT(MAP)
WITH_ONE(MAP)
WITH_TWO(MAP)
WITHOUT(OF_TWO)
WITH_ONE(OF_TWO)
WITH_TWO(OF_TWO)
WITH_ONE(TO_MASK)
WITH_TWO(TO_MASK)
WITHOUT(OF_MASK)
WITH_ONE(OF_MASK)
SIGNATURE(two_of_three, LIST(a, b, dy, da, db), 0, LIST(B(0), B(1), B(2), B(3), B(4), n), true, const void *a,
          const void *b, const void *dy, void *da, void *db, size_t n)

#define CASE(name) name * : large_##name
#define LARGE(kernel)                                                                                       \
  _Generic((kernel), CASE(map_0), CASE(map_1), CASE(map_2), CASE(of_two_0), CASE(of_two_1), CASE(of_two_2), \
           CASE(to_mask_1), CASE(to_mask_2), CASE(of_mask_0), CASE(of_mask_1), CASE(two_of_three))

/* Ends a public function: a tail call into its kernel, unless the call is large. `arguments` is a list in parentheses,
 * what follows the bytes of an element in all tensors are its bits in each buffer. */
#define CALL(type, entry, arguments, bytes_, ...)                                                 \
  do {                                                                                            \
    static const struct fastrelu_site site = {ENTRY(entry), {__VA_ARGS__}, bytes_, sizeof(type)}; \
    if (is_large(n, bytes_)) return LARGE(kernels()->entry)(LIST arguments, &site);               \
    return kernels()->entry arguments;                                                            \
  } while (0)

#define BITS(type) 8 * sizeof(type)
#define CALL_MAP(type, entry, ...) CALL(type, entry, (__VA_ARGS__), 2 * sizeof(type), BITS(type), BITS(type))
#define CALL_MAP_OF_TWO(type, entry, ...) \
  CALL(type, entry, (__VA_ARGS__), 3 * sizeof(type), BITS(type), BITS(type), BITS(type))
#define CALL_MASK(type, entry, ...) \
  CALL(type, entry, (__VA_ARGS__), 2 * sizeof(type), BITS(type), BITS(type), 1)
#define CALL_MASK_GRAD(type, entry, ...) \
  CALL(type, entry, (__VA_ARGS__), 2 * sizeof(type), 1, BITS(type), BITS(type))

/* An ordinary call pays for one look at n, the last one. fastrelu_call_large finds those that are empty or too large,
 * and this does where something else is wrong. */
static __attribute__((noinline, cold)) fastrelu_status refused(size_t size, fastrelu_status status,
                                                               size_t n) {
  CHECK_SIZE(size);
  return status;
}

/* As CHECK, for a tensor function's n elements of `type`. */
#define EXPECT(type, condition, status)                                               \
  do {                                                                                \
    if (__builtin_expect(!(condition), 0)) return refused(sizeof(type), (status), n); \
  } while (0)

/* One tensor to another. */
#define CHECK_MAP(type, x, y)                                                   \
  EXPECT(type, x, FASTRELU_ERROR_NULL);                                         \
  EXPECT(type, y, FASTRELU_ERROR_NULL);                                         \
  EXPECT(type, aligned(x, y, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT); \
  EXPECT(type, apart_or_same(x, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

/* Two tensors to a third. */
#define CHECK_MAP_OF_TWO(type, a, b, y)                                        \
  EXPECT(type, a, FASTRELU_ERROR_NULL);                                        \
  EXPECT(type, b, FASTRELU_ERROR_NULL);                                        \
  EXPECT(type, y, FASTRELU_ERROR_NULL);                                        \
  EXPECT(type, aligned(a, b, y, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);   \
  EXPECT(type, apart_or_same(a, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP); \
  EXPECT(type, apart_or_same(b, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

/* x to y and a mask; y may be NULL where it is not needed. */
#define CHECK_MASK(type, y_is_needed)                                                      \
  EXPECT(type, x, FASTRELU_ERROR_NULL);                                                    \
  EXPECT(type, y || !(y_is_needed), FASTRELU_ERROR_NULL);                                  \
  EXPECT(type, mask, FASTRELU_ERROR_NULL);                                                 \
  EXPECT(type, aligned(x, y, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);            \
  EXPECT(type, apart(mask, mask_bytes(n), x, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);   \
  if (y) {                                                                                 \
    EXPECT(type, apart_or_same(x, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);           \
    EXPECT(type, apart(mask, mask_bytes(n), y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP); \
  }

/* A mask and dy to dx. */
#define CHECK_MASK_GRAD(type)                                                     \
  EXPECT(type, mask, FASTRELU_ERROR_NULL);                                        \
  EXPECT(type, dy, FASTRELU_ERROR_NULL);                                          \
  EXPECT(type, dx, FASTRELU_ERROR_NULL);                                          \
  EXPECT(type, aligned(dy, dx, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT); \
  EXPECT(type, apart_or_same(dy, dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);  \
  EXPECT(type, apart(mask, mask_bytes(n), dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

/* ---- relu -------------------------------------------------------------------------------------------- */

#define RELU(dtype, type, real, width, element, floor)                      \
  fastrelu_status fastrelu_relu_##dtype(const type *x, type *y, size_t n) { \
    CHECK_MAP(type, x, y);                                                  \
    CALL_MAP(type, relu[width], x, y, n, floor);                            \
  }
FLOATS(RELU)
SIGNED_INTEGERS(RELU)

#define RELU_GRAD(dtype, type, real, width, element, floor)                                       \
  fastrelu_status fastrelu_relu_grad_##dtype(const type *x, const type *dy, type *dx, size_t n) { \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                            \
    CALL_MAP_OF_TWO(type, relu_grad[width], x, dy, dx, n, floor);                                 \
  }
FLOATS(RELU_GRAD)

#define RELU_GRAD_ACCUMULATE(dtype, type, real, width, element, floor)                                       \
  fastrelu_status fastrelu_relu_grad_accumulate_##dtype(const type *x, const type *dy, type *dx, size_t n) { \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                       \
    CALL_MAP_OF_TWO(type, relu_grad_accumulate[element], x, dy, dx, n);                                      \
  }
FLOATS(RELU_GRAD_ACCUMULATE)

#define RELU_MASK(dtype, type, real, width, element, floor)                                     \
  fastrelu_status fastrelu_relu_mask_##dtype(const type *x, type *y, uint8_t *mask, size_t n) { \
    CHECK_MASK(type, false);                                                                    \
    CALL_MASK(type, relu_mask[width], x, y, mask, n, floor);                                    \
  }
FLOATS(RELU_MASK)

#define RELU_MASK_GRAD(dtype, type, real, width, element, floor)                                             \
  fastrelu_status fastrelu_relu_mask_grad_##dtype(const uint8_t *mask, const type *dy, type *dx, size_t n) { \
    CHECK_MASK_GRAD(type);                                                                                   \
    CALL_MASK_GRAD(type, relu_mask_grad[width], mask, dy, dx, n);                                            \
  }
FLOATS(RELU_MASK_GRAD)

/* ---- leaky_relu -------------------------------------------------------------------------------------- */

#define LEAKY_RELU(dtype, type, real, width, element, floor)                                           \
  fastrelu_status fastrelu_leaky_relu_##dtype(const type *x, type *y, size_t n, real slope) {          \
    CHECK_MAP(type, x, y);                                                                             \
    CALL_MAP(type, leaky_relu[element], x, y, n, SLOPE_BITS(slope));                                   \
  }                                                                                                    \
  fastrelu_status fastrelu_leaky_relu_grad_##dtype(const type *x, const type *dy, type *dx, size_t n,  \
                                                   real slope) {                                       \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                 \
    CALL_MAP_OF_TWO(type, leaky_relu_grad[element], x, dy, dx, n, SLOPE_BITS(slope));                  \
  }                                                                                                    \
  fastrelu_status fastrelu_leaky_relu_mask_##dtype(const type *x, type *y, uint8_t *mask, size_t n,    \
                                                   real slope) {                                       \
    CHECK_MASK(type, true);                                                                            \
    CALL_MASK(type, leaky_relu_mask[element], x, y, mask, n, SLOPE_BITS(slope));                       \
  }                                                                                                    \
  fastrelu_status fastrelu_leaky_relu_mask_grad_##dtype(const uint8_t *mask, const type *dy, type *dx, \
                                                        size_t n, real slope) {                        \
    CHECK_MASK_GRAD(type);                                                                             \
    CALL_MASK_GRAD(type, leaky_relu_mask_grad[element], mask, dy, dx, n, SLOPE_BITS(slope));           \
  }
FLOATS(LEAKY_RELU)

/* ---- clamp ------------------------------------------------------------------------------------------- */

/* The bounds as elements, checked. */
#define BOUNDS(dtype, element)                                          \
  const int64_t lo_bits = bits_##dtype(lo), hi_bits = bits_##dtype(hi); \
  CHECK(are_bounds(lo_bits, hi_bits, element), FASTRELU_ERROR_PARAMETER)

#define CLAMP(dtype, type, real, width, element, floor)                                                   \
  fastrelu_status fastrelu_clamp_##dtype(const type *x, type *y, size_t n, real lo, real hi) {            \
    BOUNDS(dtype, element);                                                                               \
    CHECK_MAP(type, x, y);                                                                                \
    CALL_MAP(type, clamp[element], x, y, n, lo_bits, hi_bits);                                            \
  }                                                                                                       \
  fastrelu_status fastrelu_clamp_grad_##dtype(const type *x, const type *dy, type *dx, size_t n, real lo, \
                                              real hi) {                                                  \
    BOUNDS(dtype, element);                                                                               \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                    \
    CALL_MAP_OF_TWO(type, clamp_grad[element], x, dy, dx, n, lo_bits, hi_bits);                           \
  }                                                                                                       \
  fastrelu_status fastrelu_clamp_mask_##dtype(const type *x, type *y, uint8_t *mask, size_t n, real lo,   \
                                              real hi) {                                                  \
    BOUNDS(dtype, element);                                                                               \
    CHECK_MASK(type, true);                                                                               \
    CALL_MASK(type, clamp_mask[element], x, y, mask, n, lo_bits, hi_bits);                                \
  }
FLOATS(CLAMP)

#define CLAMP_INTEGER(dtype, type, real, width, element, floor)                                \
  fastrelu_status fastrelu_clamp_##dtype(const type *x, type *y, size_t n, real lo, real hi) { \
    CHECK(lo <= hi, FASTRELU_ERROR_PARAMETER);                                                 \
    CHECK_MAP(type, x, y);                                                                     \
    CALL_MAP(type, clamp[element], x, y, n, lo, hi);                                           \
  }
SIGNED_INTEGERS(CLAMP_INTEGER)
UNSIGNED_INTEGERS(CLAMP_INTEGER)

/* ---- threshold --------------------------------------------------------------------------------------- */

#define LOWER_BOUND(dtype, element)                \
  const int64_t lo_bits = bits_##dtype(threshold); \
  CHECK(!is_nan(lo_bits, element), FASTRELU_ERROR_PARAMETER)

#define THRESHOLD(dtype, type, real, width, element, floor)                                                  \
  fastrelu_status fastrelu_threshold_##dtype(const type *x, type *y, size_t n, real threshold, real value) { \
    LOWER_BOUND(dtype, element);                                                                             \
    CHECK_MAP(type, x, y);                                                                                   \
    CALL_MAP(type, threshold[element], x, y, n, lo_bits, bits_##dtype(value));                               \
  }                                                                                                          \
  fastrelu_status fastrelu_threshold_grad_##dtype(const type *x, const type *dy, type *dx, size_t n,         \
                                                  real threshold) {                                          \
    LOWER_BOUND(dtype, element);                                                                             \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                       \
    CALL_MAP_OF_TWO(type, threshold_grad[element], x, dy, dx, n, lo_bits);                                   \
  }                                                                                                          \
  fastrelu_status fastrelu_threshold_mask_##dtype(const type *x, type *y, uint8_t *mask, size_t n,           \
                                                  real threshold, real value) {                              \
    LOWER_BOUND(dtype, element);                                                                             \
    CHECK_MASK(type, true);                                                                                  \
    CALL_MASK(type, threshold_mask[element], x, y, mask, n, lo_bits, bits_##dtype(value));                   \
  }
FLOATS(THRESHOLD)

/* ---- squared, fused and gated ------------------------------------------------------------------------ */

#define SQUARED_RELU(dtype, type, real, width, element, floor)                                            \
  fastrelu_status fastrelu_squared_relu_##dtype(const type *x, type *y, size_t n) {                       \
    CHECK_MAP(type, x, y);                                                                                \
    CALL_MAP(type, squared_relu[element], x, y, n);                                                       \
  }                                                                                                       \
  fastrelu_status fastrelu_squared_relu_grad_##dtype(const type *x, const type *dy, type *dx, size_t n) { \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                    \
    CALL_MAP_OF_TWO(type, squared_relu_grad[element], x, dy, dx, n);                                      \
  }
FLOATS(SQUARED_RELU)

#define RELU_ADD(dtype, type, real, width, element, floor)                                     \
  fastrelu_status fastrelu_relu_add_##dtype(const type *a, const type *b, type *y, size_t n) { \
    CHECK_MAP_OF_TWO(type, a, b, y);                                                           \
    CALL_MAP_OF_TWO(type, relu_add[element], a, b, y, n);                                      \
  }
FLOATS(RELU_ADD)

#define REGLU(dtype, type, real, width, element, floor)                                               \
  fastrelu_status fastrelu_reglu_##dtype(const type *a, const type *b, type *y, size_t n) {           \
    CHECK_MAP_OF_TWO(type, a, b, y);                                                                  \
    CALL_MAP_OF_TWO(type, reglu[element], a, b, y, n);                                                \
  }                                                                                                   \
  fastrelu_status fastrelu_reglu_grad_##dtype(const type *a, const type *b, const type *dy, type *da, \
                                              type *db, size_t n) {                                   \
    EXPECT(type, a, FASTRELU_ERROR_NULL);                                                             \
    EXPECT(type, b, FASTRELU_ERROR_NULL);                                                             \
    EXPECT(type, dy, FASTRELU_ERROR_NULL);                                                            \
    EXPECT(type, da, FASTRELU_ERROR_NULL);                                                            \
    EXPECT(type, db, FASTRELU_ERROR_NULL);                                                            \
    EXPECT(type, aligned(a, b, dy, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                       \
    EXPECT(type, aligned(da, db, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                   \
    EXPECT(type, apart_or_same(a, da, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                     \
    EXPECT(type, apart_or_same(b, da, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                     \
    EXPECT(type, apart_or_same(dy, da, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                    \
    EXPECT(type, apart_or_same(a, db, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                     \
    EXPECT(type, apart_or_same(b, db, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                     \
    EXPECT(type, apart_or_same(dy, db, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                    \
    EXPECT(type, apart(da, n * sizeof(type), db, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);          \
    CALL(type, reglu_grad[element], (a, b, dy, da, db, n), 5 * sizeof(type), BITS(type), BITS(type),  \
         BITS(type), BITS(type), BITS(type));                                                         \
  }
FLOATS(REGLU)
