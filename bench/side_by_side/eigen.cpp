/* Eigen, compiled at -O3 -march=native as its users do: it is a header, and takes the ISA from the flags. */
#include <Eigen/Core>

#include "contenders.h"

namespace {

template <class T>
using In = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;
template <class T>
using Out = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;

template <class T>
void relu(const T *x, T *y, std::size_t n) {
  const auto size = static_cast<Eigen::Index>(n);
  Out<T>(y, size) = In<T>(x, size).max(T(0));
}

template <class T>
void relu_grad(const T *x, const T *dy, T *dx, std::size_t n) {
  const auto size = static_cast<Eigen::Index>(n);
  Out<T>(dx, size) = (In<T>(x, size) > T(0)).select(In<T>(dy, size), T(0));
}

}  // namespace

std::string add_eigen(Contenders &c) {
  add(c, "Eigen", Kind::peer, "relu", "f32", relu<float>);
  add(c, "Eigen", Kind::peer, "relu", "f16", relu<Eigen::half>);
  add(c, "Eigen", Kind::peer, "relu", "bf16", relu<Eigen::bfloat16>);
  add(c, "Eigen", Kind::peer, "relu", "s8", relu<std::int8_t>);
  add(c, "Eigen", Kind::peer, "relu_grad", "f32", relu_grad<float>);
  add(c, "Eigen", Kind::peer, "relu_grad", "f16", relu_grad<Eigen::half>);
  add(c, "Eigen", Kind::peer, "relu_grad", "bf16", relu_grad<Eigen::bfloat16>);
  return std::to_string(EIGEN_WORLD_VERSION) + '.' + std::to_string(EIGEN_MAJOR_VERSION) + '.' +
         std::to_string(EIGEN_MINOR_VERSION);
}
