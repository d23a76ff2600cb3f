// One attention problem: shapes, mask, type and what is measured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/core/dtype.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

/// What is measured: the whole layer with its four projections, softmax(QK^T)V alone on given Q, K, V, or the four
/// projections alone, the last one of a given context.
enum class Scope : std::uint8_t { layer, core, projections };

constexpr std::string_view to_string(Scope scope) {
    if (scope == Scope::layer) return "layer";
    return scope == Scope::core ? "core" : "projections";
}

/// Which pass: from inputs to outputs, from derivatives by outputs to those by inputs and weights (the forward pass has
/// been made and its intermediate results are there), or one after the other.
enum class PassKind : std::uint8_t { forward, backward, both };

constexpr std::string_view to_string(PassKind pass) {
    if (pass == PassKind::forward) return "forward";
    return pass == PassKind::backward ? "backward" : "both";
}

constexpr bool runs_forward(PassKind pass) { return pass != PassKind::backward; }
constexpr bool runs_backward(PassKind pass) { return pass != PassKind::forward; }

/// All fields resolved; see resolve(). head_dim is its own field: num_heads * head_dim need not be embed_dim.
struct Problem {
    std::int64_t batch = 1;
    std::int64_t q_len = 1;
    std::int64_t kv_len = 1;
    std::int64_t embed_dim = 1;
    std::int64_t num_heads = 1;
    std::int64_t num_kv_heads = 1;
    std::int64_t head_dim = 1;
    std::int64_t value_head_dim = 1;
    bool causal = false;
    bool bias = false;
    DType dtype = DType::f32;
    Scope scope = Scope::layer;
    PassKind pass = PassKind::forward;
    bool cached = false;  ///< the q_len tokens are the last of kv_len, and what the others left is kept

    std::int64_t group() const { return num_heads / num_kv_heads; }
    std::int64_t query_width() const { return num_heads * head_dim; }
    std::int64_t key_width() const { return num_kv_heads * head_dim; }
    std::int64_t value_width() const { return num_kv_heads * value_head_dim; }
    std::int64_t context_width() const { return num_heads * value_head_dim; }
    /// Columns of the result: in projections scope Q, K, V and what is made of the context, side by side.
    std::int64_t result_width() const {
        if (scope == Scope::core) return context_width();
        return embed_dim + (scope == Scope::projections ? query_width() + key_width() + value_width() : 0);
    }
    /// Tokens of which a layer with a cache makes nothing: it has it.
    std::int64_t kept_len() const { return cached ? kv_len - q_len : 0; }
    Mask mask() const { return {.causal = causal}; }
    double scale() const;  ///< 1 / sqrt(head_dim)

    friend bool operator==(const Problem&, const Problem&) = default;
};

/// What a user wrote; absent fields are derived by resolve().
struct ProblemSpec {
    std::optional<std::int64_t> batch, q_len, kv_len, embed_dim, num_heads, num_kv_heads, head_dim, value_head_dim;
    std::optional<bool> causal, bias;
    std::optional<DType> dtype;
    std::optional<Scope> scope;
    std::optional<PassKind> pass;
    std::optional<bool> cached;
};

/// Defaults: batch 1, num_heads 1, kv_len = q_len (and the reverse), num_kv_heads = num_heads,
/// head_dim = embed_dim / num_heads, value_head_dim = head_dim, embed_dim = num_heads * head_dim.
/// Throws UsageError, with the remedy, when a length or width is missing, when embed_dim does not divide
/// into heads and head_dim is absent, when num_kv_heads does not divide num_heads, when something is cached that has no
/// cache (core scope, a backward pass, fewer keys than queries), when projections alone are asked of two sequences, or
/// when a count of the problem would not fit into 63 bits.
Problem resolve(const ProblemSpec& spec);

}  // namespace headcount
