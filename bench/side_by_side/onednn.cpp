/* oneDNN: an eltwise primitive, created once; timed is what a call costs then: execute and wait, with the
 * arguments in the array that the C interface takes. */
#include <oneapi/dnnl/dnnl.hpp>

#include "contenders.h"

namespace {

using dnnl::eltwise_backward;
using dnnl::eltwise_forward;
using Type = dnnl::memory::data_type;

struct Context {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};

  dnnl::memory memory(const dnnl::memory::desc &desc, const void *data) const {
    return {desc, engine, const_cast<void *>(data)};
  }
};

constexpr auto algorithm = dnnl::algorithm::eltwise_relu;

/* Version 3 dropped the operation descriptors between memory and primitive descriptors. */
eltwise_forward::primitive_desc forward(const Context &context, dnnl::prop_kind kind,
                                        const dnnl::memory::desc &desc) {
#if DNNL_VERSION_MAJOR >= 3
  return {context.engine, kind, algorithm, desc, desc, 0.0f};
#else
  return {eltwise_forward::desc(kind, algorithm, desc, 0.0f), context.engine};
#endif
}

eltwise_backward::primitive_desc backward(const Context &context, const dnnl::memory::desc &desc) {
  const auto hint = forward(context, dnnl::prop_kind::forward_training, desc);
#if DNNL_VERSION_MAJOR >= 3
  return {context.engine, algorithm, desc, desc, desc, 0.0f, hint};
#else
  return {eltwise_backward::desc(algorithm, desc, desc, 0.0f), context.engine, hint};
#endif
}

dnnl::memory::desc describe(const Buffers &b, Type type) {
  return {{static_cast<dnnl::memory::dim>(b.n)}, type, dnnl::memory::format_tag::a};
}

template <std::size_t count>
std::unique_ptr<Runner> execute(const Context &context, const dnnl::primitive &primitive,
                                const std::pair<int, dnnl::memory> (&arguments)[count]) {
  std::vector<dnnl::memory> kept;
  std::vector<dnnl_exec_arg_t> raw;
  for (const auto &[index, memory] : arguments) {
    kept.push_back(memory);
    raw.push_back({index, memory.get()});
  }
  return repeat([=, kept = std::move(kept)] { /* the raw arguments refer to what is kept */
                                              dnnl_primitive_execute(primitive.get(), context.stream.get(),
                                                                     count, raw.data());
                                              dnnl_stream_wait(context.stream.get());
  });
}

void add_dtype(Contenders &c, const Context &context, const char *dtype, Type type, bool gradient) {
  c.push_back({"oneDNN", Kind::peer, "relu", dtype, [=](const Buffers &b) {
                 const auto desc = describe(b, type);
                 const eltwise_forward primitive(forward(context, dnnl::prop_kind::forward_inference, desc));
                 return execute<2>(
                     context, primitive,
                     {{DNNL_ARG_SRC, context.memory(desc, b.x)}, {DNNL_ARG_DST, context.memory(desc, b.y)}});
               }});
  if (!gradient) return;
  c.push_back({"oneDNN", Kind::peer, "relu_grad", dtype, [=](const Buffers &b) {
                 const auto desc = describe(b, type);
                 const eltwise_backward primitive(backward(context, desc));
                 return execute<3>(context, primitive,
                                   {{DNNL_ARG_SRC, context.memory(desc, b.x)},
                                    {DNNL_ARG_DIFF_DST, context.memory(desc, b.dy)},
                                    {DNNL_ARG_DIFF_SRC, context.memory(desc, b.y)}});
               }});
}

}  // namespace

std::string add_onednn(Contenders &c) {
  const Context context;
  add_dtype(c, context, "f32", Type::f32, true);
  add_dtype(c, context, "f16", Type::f16, true);
  add_dtype(c, context, "bf16", Type::bf16, true);
  add_dtype(c, context, "s8", Type::s8, false);
  const dnnl_version_t *version = dnnl_version();
  return std::to_string(version->major) + '.' + std::to_string(version->minor) + '.' +
         std::to_string(version->patch);
}
