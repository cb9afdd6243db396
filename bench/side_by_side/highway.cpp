/* Loops over Highway, compiled at -O3 -march=native, which decides the static target: what one writes by hand
 * with a portable vocabulary. The half types are compared as integers, f32 as floats. */
#define HWY_COMPILE_ONLY_STATIC /* for this CPU alone: some versions know no such target for others */
#include <hwy/highway.h>

#include "contenders.h"

namespace {

namespace hn = hwy::HWY_NAMESPACE;

/* Calls f(i, whole) for whole vectors, then once for what is left. */
template <class D, class Whole, class Rest>
void each(D d, std::size_t n, Whole whole, Rest rest) {
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= n; i += hn::Lanes(d)) whole(i);
  if (i < n) rest(i, hn::FirstN(d, n - i));
}

template <class T>
void relu(const T *x, T *y, std::size_t n) {
  const hn::ScalableTag<T> d;
  const auto zero = hn::Zero(d);
  each(
      d, n, [=](std::size_t i) { hn::StoreU(hn::Max(hn::LoadU(d, x + i), zero), d, y + i); },
      [=](std::size_t i, auto first) {
        hn::BlendedStore(hn::Max(hn::MaskedLoad(first, d, x + i), zero), first, d, y + i);
      });
}

template <class T>
void relu_grad(const T *x, const T *dy, T *dx, std::size_t n) {
  const hn::ScalableTag<T> d;
  const auto zero = hn::Zero(d);
  each(
      d, n,
      [=](std::size_t i) {
        const auto active = hn::Gt(hn::LoadU(d, x + i), zero);
        hn::StoreU(hn::IfThenElseZero(active, hn::LoadU(d, dy + i)), d, dx + i);
      },
      [=](std::size_t i, auto first) {
        const auto active = hn::Gt(hn::MaskedLoad(first, d, x + i), zero);
        hn::BlendedStore(hn::IfThenElseZero(active, hn::MaskedLoad(first, d, dy + i)), first, d, dx + i);
      });
}

/* Bits of a mask: Highway stores and loads whole bytes, which takes eight lanes or more. */
template <class T>
void relu_mask(const T *x, T *y, std::uint8_t *mask, std::size_t n) {
  const hn::ScalableTag<T> d;
  const auto zero = hn::Zero(d);
  each(
      d, n,
      [=](std::size_t i) {
        const auto v = hn::LoadU(d, x + i);
        const auto active = hn::Gt(v, zero);
        hn::StoreU(hn::IfThenElseZero(active, v), d, y + i);
        hn::StoreMaskBits(d, active, mask + i / 8);
      },
      [=](std::size_t i, auto first) {
        const auto v = hn::MaskedLoad(first, d, x + i);
        const auto active = hn::Gt(v, zero);
        hn::BlendedStore(hn::IfThenElseZero(active, v), first, d, y + i);
        std::uint8_t bits[8];
        hn::StoreMaskBits(d, active, bits);
        for (std::size_t j = i; j < n; j += 8) mask[j / 8] = bits[(j - i) / 8];
      });
}

template <class T>
void relu_mask_grad(const std::uint8_t *mask, const T *dy, T *dx, std::size_t n) {
  const hn::ScalableTag<T> d;
  each(
      d, n,
      [=](std::size_t i) {
        const auto active = hn::LoadMaskBits(d, mask + i / 8);
        hn::StoreU(hn::IfThenElseZero(active, hn::LoadU(d, dy + i)), d, dx + i);
      },
      [=](std::size_t i, auto first) {
        std::uint8_t bits[8] = {};
        for (std::size_t j = i; j < n; j += 8) bits[(j - i) / 8] = mask[j / 8];
        const auto active = hn::LoadMaskBits(d, bits);
        hn::BlendedStore(hn::IfThenElseZero(active, hn::MaskedLoad(first, d, dy + i)), first, d, dx + i);
      });
}

template <class T>
void add_all(Contenders &c, const char *dtype) {
  add(c, "Highway", Kind::hand_loop, "relu", dtype, relu<T>);
  if (sizeof(T) == 1) return;
  add(c, "Highway", Kind::hand_loop, "relu_grad", dtype, relu_grad<T>);
  if (hn::Lanes(hn::ScalableTag<T>()) < 8) return;
  add(c, "Highway", Kind::hand_loop, "relu_mask", dtype, relu_mask<T>);
  add(c, "Highway", Kind::hand_loop, "relu_mask_grad", dtype, relu_mask_grad<T>);
}

}  // namespace

std::string add_highway(Contenders &c) {
  add_all<float>(c, "f32");
  add_all<std::int16_t>(c, "f16");
  add_all<std::int16_t>(c, "bf16");
  add_all<std::int8_t>(c, "s8");
  return std::to_string(HWY_MAJOR) + '.' + std::to_string(HWY_MINOR) + ", target " +
         hwy::TargetName(HWY_STATIC_TARGET);
}
