/* XNNPACK: an operator, created once, without a thread pool. "XNNPACK" is what a call on new buffers costs
 * (reshape where there is one, setup, run), "XNNPACK run" the run alone, for buffers that stay. */
#include <xnnpack.h>

#include <limits>
#include <stdexcept>

#include "contenders.h"

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

void check(xnn_status status, const char *what) {
  if (status != xnn_status_success) {
    throw std::runtime_error(std::string(what) + " returns status " + std::to_string(status));
  }
}

struct Delete {
  void operator()(xnn_operator_t op) const { xnn_delete_operator(op); }
};
using Operator = std::shared_ptr<xnn_operator>;

/* `Clamp` creates the operator, and makes it ready for a call. */
template <class Clamp>
void add_clamp(Contenders &c, const char *dtype, Clamp clamp) {
  const auto create = [=](const Buffers &b) {
    xnn_operator_t op = nullptr;
    check(clamp.create(&op), "create");
    Operator owned(op, Delete());
    check(clamp.setup(op, b), "setup");
    check(xnn_run_operator(op, nullptr), "run");
    return owned;
  };
  c.push_back({"XNNPACK", Kind::peer, "relu", dtype, [=](const Buffers &b) {
                 return repeat([=, op = create(b)] {
                   clamp.setup(op.get(), b);
                   xnn_run_operator(op.get(), nullptr);
                 });
               }});
  c.push_back({"XNNPACK run", Kind::peer, "relu", dtype, [=](const Buffers &b) {
                 return repeat([op = create(b)] { xnn_run_operator(op.get(), nullptr); });
               }});
}

#ifdef XNNPACK_UNARY_ELEMENTWISE

struct Clamp {
  xnn_datatype type;

  xnn_status create(xnn_operator_t *op) const {
    xnn_unary_params bounds;
    bounds.clamp.min = 0;
    bounds.clamp.max = infinity;
    const xnn_quantization_params quantization{0, 1.0f};
    return xnn_create_unary_elementwise_nc(xnn_unary_clamp, type, type, &bounds, &quantization, &quantization,
                                           0, op);
  }
  static xnn_status setup(xnn_operator_t op, const Buffers &b) {
    const xnn_status status = xnn_reshape_unary_elementwise_nc(op, b.n, 1, 1, 1, nullptr);
    return status == xnn_status_success ? xnn_setup_unary_elementwise_nc(op, b.x, b.y) : status;
  }
};

void add_dtypes(Contenders &c) {
  add_clamp(c, "f32", Clamp{xnn_datatype_fp32});
  add_clamp(c, "f16", Clamp{xnn_datatype_fp16});
  add_clamp(c, "bf16", Clamp{xnn_datatype_bf16});
  add_clamp(c, "s8", Clamp{xnn_datatype_qint8});
}

#else

template <class Bound, class T>
struct Clamp {
  Bound max;
  xnn_status (*creator)(std::size_t, std::size_t, std::size_t, Bound, Bound, std::uint32_t, xnn_operator_t *);
  xnn_status (*setter)(xnn_operator_t, std::size_t, const T *, T *, pthreadpool_t);

  xnn_status create(xnn_operator_t *op) const { return creator(1, 1, 1, 0, max, 0, op); }
  xnn_status setup(xnn_operator_t op, const Buffers &b) const {
    return setter(op, b.n, static_cast<const T *>(b.x), static_cast<T *>(b.y), nullptr);
  }
};

void add_dtypes(Contenders &c) {
  add_clamp(c, "f32", Clamp<float, float>{infinity, xnn_create_clamp_nc_f32, xnn_setup_clamp_nc_f32});
  add_clamp(c, "f16", Clamp<float, void>{infinity, xnn_create_clamp_nc_f16, xnn_setup_clamp_nc_f16});
  add_clamp(c, "s8", Clamp<std::int8_t, std::int8_t>{127, xnn_create_clamp_nc_s8, xnn_setup_clamp_nc_s8});
}

#endif

}  // namespace

std::string add_xnnpack(Contenders &c) {
  check(xnn_initialize(nullptr), "xnn_initialize");
  add_dtypes(c);
#ifdef XNNPACK_UNARY_ELEMENTWISE
  return "with xnn_create_unary_elementwise_nc";
#else
  return "with xnn_create_clamp_nc_<dtype>";
#endif
}
