/* What a contender of the side-by-side benchmark is, and how a peer's file adds its own. */
#ifndef FASTRELU_SIDE_BY_SIDE_CONTENDERS_H
#define FASTRELU_SIDE_BY_SIDE_CONTENDERS_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/* The buffers of one case: all contenders work on these. `mask` is written by relu_mask and read by its
 * gradient. */
struct Buffers {
  const void *x, *dy;
  void *y;
  std::uint8_t *mask;
  std::size_t n, element_size;
};

/* A contender set up for one case. The repetitions are inside, so that a call costs what it costs its user. */
class Runner {
 public:
  virtual ~Runner() = default;
  virtual void run(std::size_t times) = 0;
};

template <class Call>
class Loop final : public Runner {
 public:
  explicit Loop(Call call) : call_(std::move(call)) {}
  void run(std::size_t times) override {
    /* A local one, whose arguments stay in registers: read from the heap, they would wait for the contender's
     * stores wherever the two happen to lie at the same offset of a page (5 ns instead of 2). */
    Call call = call_;
    for (std::size_t i = 0; i < times; i++) {
      call();
      asm volatile("" ::: "memory"); /* each call's results count as used */
    }
  }

 private:
  Call call_;
};

template <class Call>
std::unique_ptr<Runner> repeat(Call call) {
  return std::make_unique<Loop<Call>>(std::move(call));
}

/* The plain functions, called through their pointers: relu, relu_grad, relu_mask, relu_mask_grad, memcpy. */
template <class R, class T>
std::unique_ptr<Runner> repeat(R (*f)(const T *, T *, std::size_t), const Buffers &b) {
  return repeat([=] { f(static_cast<const T *>(b.x), static_cast<T *>(b.y), b.n); });
}
template <class R, class T>
std::unique_ptr<Runner> repeat(R (*f)(const T *, const T *, T *, std::size_t), const Buffers &b) {
  return repeat(
      [=] { f(static_cast<const T *>(b.x), static_cast<const T *>(b.dy), static_cast<T *>(b.y), b.n); });
}
template <class R, class T>
std::unique_ptr<Runner> repeat(R (*f)(const T *, T *, std::uint8_t *, std::size_t), const Buffers &b) {
  return repeat([=] { f(static_cast<const T *>(b.x), static_cast<T *>(b.y), b.mask, b.n); });
}
template <class R, class T>
std::unique_ptr<Runner> repeat(R (*f)(const std::uint8_t *, const T *, T *, std::size_t), const Buffers &b) {
  return repeat([=] { f(b.mask, static_cast<const T *>(b.dy), static_cast<T *>(b.y), b.n); });
}
inline std::unique_ptr<Runner> repeat(void *(*f)(void *, const void *, std::size_t), const Buffers &b) {
  return repeat([=] { f(b.y, b.x, b.n * b.element_size); });
}

/* A peer has the operation ready; a hand loop is written over a vocabulary of vectors; a copy moves x to y alone,
 * whatever the operation that it is the yardstick of. */
enum class Kind { fastrelu, control, compiler, copy, peer, hand_loop };

struct Contender {
  std::string name;
  Kind kind;
  std::string operation, dtype;
  /* An exception says why this case is not offered after all. */
  std::function<std::unique_ptr<Runner>(const Buffers &)> setup;
};
using Contenders = std::vector<Contender>;

template <class F>
void add(Contenders &c, const char *name, Kind kind, const char *operation, const char *dtype, F *f) {
  c.push_back({name, kind, operation, dtype, [f](const Buffers &b) { return repeat(f, b); }});
}

/* One file each. A contender's name begins with its peer's; the result is the peer's version. */
std::string add_xnnpack(Contenders &);
std::string add_onednn(Contenders &);
std::string add_aten(Contenders &);
std::string add_eigen(Contenders &);
std::string add_highway(Contenders &);

#endif
