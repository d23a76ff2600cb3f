#include "variants/external/onednn_attention.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <nlohmann/json.hpp>

#include "variants/external/shared_file.hpp"

namespace onednn_engine {

using Json = nlohmann::json;
using dnnl::memory;

namespace {

constexpr auto kFloat = memory::data_type::f32;

Problem problem_of(const Json& json) {
    const auto number = [&](const char* name) { return json.at(name).get<memory::dim>(); };
    const auto dtype = json.at("dtype").get<std::string>();
    if (dtype != "f32") throw Unsupported("dtype " + dtype + ": f32 only");
    const Problem p{.batch = number("batch"),
                    .q_len = number("q_len"),
                    .kv_len = number("kv_len"),
                    .embed_dim = number("embed_dim"),
                    .num_heads = number("num_heads"),
                    .num_kv_heads = number("num_kv_heads"),
                    .head_dim = number("head_dim"),
                    .value_head_dim = number("value_head_dim"),
                    .causal = json.at("causal").get<bool>(),
                    .bias = json.at("bias").get<bool>(),
                    .core = json.at("scope").get<std::string>() == "core"};
    if (p.causal && p.q_len > p.kv_len) throw Unsupported("causal with more queries than keys: a row sees nothing");
    return p;
}

dnnl::matmul::primitive_desc product(const dnnl::engine& engine, const memory::desc& a, const memory::desc& b,
                                     const memory::desc* bias, const memory::desc& c,
                                     const dnnl::primitive_attr& attributes) {
    const auto desc = bias != nullptr ? dnnl::matmul::desc(a, b, *bias, c) : dnnl::matmul::desc(a, b, c);
    return {desc, attributes, engine};
}

}  // namespace

Attention::Attention(const Json& request, dnnl::engine& engine, dnnl::stream& stream)
    : engine_(engine), stream_(stream), problem_(problem_of(request.at("problem"))) {
    read(request);
    if (problem_.core) {
        add_core(tensors_.at("q"), tensors_.at("k"), tensors_.at("v"), tensors_.at("out"));
        return;
    }
    const memory q = project(tensors_.at("x_q"), "q");
    const memory k = project(tensors_.at("x_kv"), "k");
    const memory v = project(tensors_.at("x_kv"), "v");
    const memory context = take({problem_.batch, problem_.q_len, problem_.num_heads * problem_.value_head_dim});
    add_core(q, k, v, context);
    tensors_.insert_or_assign("out", project(context, "o"));
    drop_weights();
}

void Attention::run() {
    for (const auto& [primitive, arguments] : steps_) primitive.execute(stream_, arguments);
    stream_.wait();
}

void Attention::write(const std::string& path, std::size_t offset) const {
    const memory& out = tensors_.at("out");
    const std::size_t bytes = out.get_desc().get_size();
    std::memcpy(Mapping(path, true).at(offset, bytes), out.get_data_handle(), bytes);
}

memory Attention::take(const Dims& shape) {
    Dims strides(shape.size(), 1);
    for (std::size_t i = shape.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * shape[i];
    return {memory::desc(shape, kFloat, strides), engine_};
}

// Copies of all inputs: memory of our own is not shared with other processes, and aligned as oneDNN likes it.
void Attention::read(const Json& request) {
    const Mapping file(request.at("file").get<std::string>(), false);
    std::map<std::size_t, memory> known;  // x_q and x_kv may be one
    for (const auto& [name, given] : request.at("tensors").items()) {
        const auto offset = given.at("offset").get<std::size_t>();
        if (!known.contains(offset)) {
            const memory tensor = take(given.at("shape").get<Dims>());
            const std::size_t bytes = tensor.get_desc().get_size();
            std::memcpy(tensor.get_data_handle(), file.at(offset, bytes), bytes);
            known.emplace(offset, tensor);
        }
        tensors_.emplace(name, known.at(offset));
        if (name.front() == 'x' || name == "q" || name == "k" || name == "v") inputs_.emplace(offset, known.at(offset));
    }
}

void Attention::read_inputs(const std::string& path) {
    const Mapping file(path, false);
    for (const auto& [offset, tensor] : inputs_) {
        const std::size_t bytes = tensor.get_desc().get_size();
        std::memcpy(tensor.get_data_handle(), file.at(offset, bytes), bytes);
    }
}

void Attention::add(dnnl::primitive primitive, Arguments arguments) {
    steps_.emplace_back(std::move(primitive), std::move(arguments));
}

// A window onto memory that something else owns.
memory Attention::window(const memory& owner, const Dims& shape, const Dims& strides) {
    return {memory::desc(shape, kFloat, strides), engine_, owner.get_data_handle()};
}

// [batch, kv_head, group, length, width] of [batch, length, kv_head * group * width]; without groups one dimension
// less, for which oneDNN has more kernels.
memory Attention::heads(const memory& tensor, memory::dim length, memory::dim group, memory::dim width,
                        bool transposed) {
    const memory::dim row = problem_.num_kv_heads * group * width;
    Dims shape{problem_.batch, problem_.num_kv_heads, length, width};
    Dims strides{length * row, group * width, row, 1};
    if (problem_.group() > 1) {
        shape.insert(shape.begin() + 2, group);
        strides.insert(strides.begin() + 2, width);
    }
    if (transposed) {
        std::swap(shape.end()[-1], shape.end()[-2]);
        std::swap(strides.end()[-1], strides.end()[-2]);
    }
    return window(tensor, shape, strides);
}

// [q_len, kv_len] with -infinity where query i does not see key j, in as many dimensions as the scores have.
memory Attention::mask(std::size_t dimensions) {
    const auto [q_len, kv_len] = std::pair(problem_.q_len, problem_.kv_len);
    Dims shape(dimensions, 1);
    shape.end()[-2] = q_len;
    shape.end()[-1] = kv_len;
    memory mask = take(shape);
    auto* values = static_cast<float*>(mask.get_data_handle());
    for (memory::dim i = 0; i < q_len; ++i) {
        for (memory::dim j = 0; j < kv_len; ++j) {
            *values++ = j <= i + kv_len - q_len ? 0.0F : -std::numeric_limits<float>::infinity();
        }
    }
    return mask;
}

void Attention::add_core(const memory& q, const memory& k, const memory& v, const memory& context) {
    const Problem& p = problem_;
    const memory queries = heads(q, p.q_len, p.group(), p.head_dim, false);
    const memory keys = heads(k, p.kv_len, 1, p.head_dim, true);
    const memory values = heads(v, p.kv_len, 1, p.value_head_dim, false);
    const memory out = heads(context, p.q_len, p.group(), p.value_head_dim, false);
    Dims shape = queries.get_desc().dims();
    shape.back() = p.kv_len;
    const memory scores = take(shape);

    dnnl::post_ops after;
    after.append_eltwise(1, dnnl::algorithm::eltwise_linear, static_cast<float>(1 / std::sqrt(p.head_dim)), 0);
    Arguments arguments{{DNNL_ARG_SRC, queries}, {DNNL_ARG_WEIGHTS, keys}, {DNNL_ARG_DST, scores}};
    if (p.causal && p.q_len > 1) {  // a single query sees every key
        const memory hidden = mask(shape.size());
        after.append_binary(dnnl::algorithm::binary_add, hidden.get_desc());
        arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(1) | DNNL_ARG_SRC_1, hidden);
    }
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(after);
    add(dnnl::matmul(product(engine_, queries.get_desc(), keys.get_desc(), nullptr, scores.get_desc(), attributes)),
        arguments);
    const int last = static_cast<int>(shape.size()) - 1;
    const dnnl::softmax_forward::desc softmax(dnnl::prop_kind::forward_inference, scores.get_desc(), last);
    add(dnnl::softmax_forward({softmax, engine_}), {{DNNL_ARG_SRC, scores}, {DNNL_ARG_DST, scores}});
    add(dnnl::matmul(product(engine_, scores.get_desc(), values.get_desc(), nullptr, out.get_desc(), {})),
        {{DNNL_ARG_SRC, scores}, {DNNL_ARG_WEIGHTS, values}, {DNNL_ARG_DST, out}});
    kept_.insert(kept_.end(), {q, k, v, context});
}

// x [batch, length, in] times w [in, out] as one product over all rows, with weights as oneDNN wants them.
memory Attention::project(const memory& x, const std::string& letter) {
    const Dims shape = x.get_desc().dims();
    const memory& given = tensors_.at("w" + letter);
    const Dims widths = given.get_desc().dims();
    memory y = take({shape[0], shape[1], widths[1]});
    const memory rows = window(x, {shape[0] * shape[1], widths[0]}, {widths[0], 1});
    const memory out = window(y, {shape[0] * shape[1], widths[1]}, {widths[1], 1});
    const memory::desc any(widths, kFloat, memory::format_tag::any);
    Arguments arguments{{DNNL_ARG_SRC, rows}, {DNNL_ARG_DST, out}};
    memory::desc bias_desc;
    if (problem_.bias) {
        const memory bias = window(tensors_.at("b" + letter), {1, widths[1]}, {widths[1], 1});
        bias_desc = bias.get_desc();
        arguments.emplace(DNNL_ARG_BIAS, bias);
    }
    const auto desc = product(engine_, rows.get_desc(), any, problem_.bias ? &bias_desc : nullptr, out.get_desc(), {});
    const memory weights(desc.weights_desc(), engine_);
    memory from = given, to = weights;
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    arguments.emplace(DNNL_ARG_WEIGHTS, weights);
    add(dnnl::matmul(desc), arguments);
    kept_.insert(kept_.end(), {x, y});
    return y;
}

// The reordered ones serve.
void Attention::drop_weights() {
    for (const char* name : {"wq", "wk", "wv", "wo"}) tensors_.erase(name);
}

}  // namespace onednn_engine
