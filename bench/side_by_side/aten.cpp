/* ATen, the tensor library of PyTorch: what at::relu and its backward call, into tensors that exist already.
 * (at::relu_out computes into a tensor of its own and copies.) */
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/api/include/torch/version.h>

#include "contenders.h"

namespace {

at::Tensor tensor(const void *data, const Buffers &b, at::ScalarType type) {
  return at::from_blob(const_cast<void *>(data), {static_cast<std::int64_t>(b.n)}, at::TensorOptions(type));
}

/* Within inference mode, where nothing is recorded for autograd. */
template <class Call>
class Inference final : public Runner {
 public:
  explicit Inference(Call call) : loop_(std::move(call)) {
    run(1); /* throws where ATen has no such kernel */
  }
  void run(std::size_t times) override {
    const c10::InferenceMode mode;
    loop_.run(times);
  }

 private:
  Loop<Call> loop_;
};

template <class Call>
std::unique_ptr<Runner> inference(Call call) {
  return std::make_unique<Inference<Call>>(std::move(call));
}

void add_dtype(Contenders &c, const char *dtype, at::ScalarType type, bool gradient) {
  const at::Scalar zero(0);
  c.push_back({"ATen", Kind::peer, "relu", dtype, [=](const Buffers &b) {
                 const c10::InferenceMode mode;
                 at::Tensor x = tensor(b.x, b, type), y = tensor(b.y, b, type);
                 return inference([=]() mutable { at::clamp_min_out(y, x, zero); });
               }});
  if (!gradient) return;
  c.push_back({"ATen", Kind::peer, "relu_grad", dtype, [=](const Buffers &b) {
                 const c10::InferenceMode mode;
                 at::Tensor x = tensor(b.x, b, type), dy = tensor(b.dy, b, type), dx = tensor(b.y, b, type);
                 return inference([=]() mutable { at::threshold_backward_out(dx, dy, x, zero); });
               }});
}

}  // namespace

std::string add_aten(Contenders &c) {
  at::set_num_threads(1);
  add_dtype(c, "f32", at::kFloat, true);
  add_dtype(c, "f16", at::kHalf, true);
  add_dtype(c, "bf16", at::kBFloat16, true);
  add_dtype(c, "s8", at::kChar, false);
  return TORCH_VERSION;
}
