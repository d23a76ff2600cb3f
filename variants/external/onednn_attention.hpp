// Attention by oneDNN's primitives: matmul, softmax, matmul, and a matmul a projection.
#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <oneapi/dnnl/dnnl.hpp>

namespace onednn_engine {

/// What this engine does not compute; no failure.
struct Unsupported : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Problem {
    dnnl::memory::dim batch, q_len, kv_len, embed_dim, num_heads, num_kv_heads, head_dim, value_head_dim;
    bool causal, bias, core;
    dnnl::memory::dim group() const { return num_heads / num_kv_heads; }
};

/// One prepared problem: its memories and the primitives that compute it. Heads are read and written where they lie;
/// one buffer holds the scores of all heads. Weights are reordered once to the layout that oneDNN prefers.
class Attention {
public:
    /// `request` is that of "prepare": a problem, a file, and where in it the tensors are.
    Attention(const nlohmann::json& request, dnnl::engine& engine, dnnl::stream& stream);
    void run();
    /// Other numbers of the file that it was made with, at the same places.
    void read_inputs(const std::string& path);
    /// The output, to a file that has room for it at `offset`.
    void write(const std::string& path, std::size_t offset) const;

private:
    using Dims = dnnl::memory::dims;
    using Arguments = std::unordered_map<int, dnnl::memory>;

    dnnl::memory take(const Dims& shape);
    void read(const nlohmann::json& request);
    void add(dnnl::primitive primitive, Arguments arguments);
    dnnl::memory window(const dnnl::memory& owner, const Dims& shape, const Dims& strides);
    dnnl::memory heads(const dnnl::memory& tensor, dnnl::memory::dim length, dnnl::memory::dim group,
                       dnnl::memory::dim width, bool transposed);
    dnnl::memory mask(std::size_t dimensions);
    void add_core(const dnnl::memory& q, const dnnl::memory& k, const dnnl::memory& v, const dnnl::memory& context);
    dnnl::memory project(const dnnl::memory& x, const std::string& letter);
    void drop_weights();

    dnnl::engine& engine_;
    dnnl::stream& stream_;
    Problem problem_;
    std::map<std::string, dnnl::memory> tensors_;
    std::map<std::size_t, dnnl::memory> inputs_;  // by their places in the file
    std::vector<std::pair<dnnl::primitive, Arguments>> steps_;
    std::vector<dnnl::memory> kept_;  // what windows look at
};

}  // namespace onednn_engine
