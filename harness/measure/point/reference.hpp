// The layer once more, written from the equation without the verbs: the judge of every kernel.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "variants/variant.hpp"

namespace headcount {

/// Dense row-major copies of inputs and canonical weights. T is double, or Counted to count what the
/// definition requires.
template <class T>
struct ReferenceData {
    Problem problem;
    Function function = Function::attention;
    std::vector<T> x_q, x_kv;                       ///< layer scope
    std::vector<T> wq, wk, wv, wo, bq, bk, bv, bo;  ///< layer scope; biases empty without
    std::vector<T> q, k, v;                         ///< core scope
};

/// A run of embedding columns or weight rows: all of them, or one head's slice (Function::block_diagonal).
struct Slice {
    std::int64_t first, count;
};

inline Slice slice_of(Function function, std::int64_t width, std::int64_t head, std::int64_t heads) {
    if (function == Function::attention) return {.first = 0, .count = width};
    return {.first = head * (width / heads), .count = width / heads};
}

/// y[c] = sum over e in rows of x[e] w[e][first_col + c], plus bias[first_col + c] when there is one.
template <class T>
void reference_product(const T* x, Slice rows, const std::vector<T>& w, std::int64_t w_width, Slice cols,
                       const std::vector<T>& bias, T* y) {
    for (std::int64_t e = rows.first; e < rows.first + rows.count; ++e) {
        const T* const row = w.data() + e * w_width + cols.first;
        const T factor = x[e];
        if (e == rows.first) {
            for (std::int64_t c = 0; c < cols.count; ++c) y[c] = factor * row[c];
        } else {
            for (std::int64_t c = 0; c < cols.count; ++c) y[c] = y[c] + factor * row[c];
        }
    }
    if (bias.empty()) return;
    for (std::int64_t c = 0; c < cols.count; ++c) y[c] = y[c] + bias[static_cast<std::size_t>(cols.first + c)];
}

/// Every head's part of y = x W + b, the heads side by side.
template <class T>
void reference_heads(const ReferenceData<T>& data, const T* x, std::int64_t heads, std::int64_t width,
                     const std::vector<T>& w, const std::vector<T>& bias, T* y) {
    if (data.function == Function::attention) {
        // All heads read the whole row, so that their columns are one product; longer loops are faster.
        reference_product(x, slice_of(data.function, data.problem.embed_dim, 0, 1), w, heads * width,
                          Slice{.first = 0, .count = heads * width}, bias, y);
        return;
    }
    for (std::int64_t h = 0; h < heads; ++h) {
        reference_product(x, slice_of(data.function, data.problem.embed_dim, h, heads), w, heads * width,
                          Slice{.first = h * width, .count = width}, bias, y + h * width);
    }
}

/// K and V of one batch entry, all heads: [kv_len, num_kv_heads * width].
template <class T>
struct ReferenceKeys {
    std::vector<T> k, v;
};

template <class T>
ReferenceKeys<T> reference_keys(const ReferenceData<T>& data, std::int64_t batch) {
    const Problem& p = data.problem;
    const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    ReferenceKeys<T> keys;
    if (p.scope == Scope::core) {
        const auto part = [&](const std::vector<T>& all, std::int64_t n) {
            return std::vector<T>(all.begin() + batch * n, all.begin() + (batch + 1) * n);
        };
        return {.k = part(data.k, p.kv_len * p.key_width()), .v = part(data.v, p.kv_len * p.value_width())};
    }
    keys.k.resize(size(p.kv_len * p.key_width()));
    keys.v.resize(size(p.kv_len * p.value_width()));
    for (std::int64_t j = 0; j < p.kv_len; ++j) {
        const T* const x = data.x_kv.data() + (batch * p.kv_len + j) * p.embed_dim;
        reference_heads(data, x, p.num_kv_heads, p.head_dim, data.wk, data.bk, keys.k.data() + j * p.key_width());
        reference_heads(data, x, p.num_kv_heads, p.value_head_dim, data.wv, data.bv,
                        keys.v.data() + j * p.value_width());
    }
    return keys;
}

/// One query row through all heads, every intermediate kept so that errors can be traced through it.
template <class T>
struct ReferenceRow {
    std::int64_t visible = 0;        ///< keys the row sees
    std::vector<T> q;                ///< [num_heads * head_dim]
    std::vector<T> scores, weights;  ///< [num_heads, visible]
    std::vector<T> context;          ///< [num_heads * value_head_dim]
    std::vector<T> out;              ///< layer scope [embed_dim]; core scope the context
};

template <class T>
ReferenceRow<T> reference_row(const ReferenceData<T>& data, const ReferenceKeys<T>& keys, std::int64_t batch,
                              std::int64_t row) {
    using std::exp;
    const Problem& p = data.problem;
    const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    // Bottom-right alignment, said once more in its own words: the last row sees all keys, each row above one less.
    const std::int64_t hidden = p.causal ? p.q_len - 1 - row : 0;
    ReferenceRow<T> r;
    r.visible = hidden < p.kv_len ? p.kv_len - hidden : 0;
    r.q.resize(size(p.query_width()));
    r.scores.resize(size(p.num_heads * r.visible));
    r.weights.resize(r.scores.size());
    r.context.assign(size(p.context_width()), T{});

    if (p.scope == Scope::core) {
        const auto first = data.q.begin() + (batch * p.q_len + row) * p.query_width();
        r.q.assign(first, first + p.query_width());
    } else {
        const T* const x = data.x_q.data() + (batch * p.q_len + row) * p.embed_dim;
        reference_heads(data, x, p.num_heads, p.head_dim, data.wq, data.bq, r.q.data());
    }
    const T scale = static_cast<T>(1 / std::sqrt(static_cast<double>(p.head_dim)));
    for (std::int64_t h = 0; h < p.num_heads && r.visible > 0; ++h) {
        const std::int64_t kv_head = h / (p.num_heads / p.num_kv_heads);
        const T* const q = r.q.data() + h * p.head_dim;
        T* const s = r.scores.data() + h * r.visible;
        T* const w = r.weights.data() + h * r.visible;
        T* const context = r.context.data() + h * p.value_head_dim;
        for (std::int64_t j = 0; j < r.visible; ++j) {
            const T* const k = keys.k.data() + j * p.key_width() + kv_head * p.head_dim;
            T dot = q[0] * k[0];
            for (std::int64_t c = 1; c < p.head_dim; ++c) dot = dot + q[c] * k[c];
            s[j] = dot * scale;
        }
        T peak = s[0];
        for (std::int64_t j = 1; j < r.visible; ++j) {
            if (peak < s[j]) peak = s[j];
        }
        for (std::int64_t j = 0; j < r.visible; ++j) w[j] = exp(s[j] - peak);
        T sum = w[0];
        for (std::int64_t j = 1; j < r.visible; ++j) sum = sum + w[j];
        for (std::int64_t j = 0; j < r.visible; ++j) {
            w[j] = w[j] / sum;
            const T* const v = keys.v.data() + j * p.value_width() + kv_head * p.value_head_dim;
            for (std::int64_t c = 0; c < p.value_head_dim; ++c) {
                context[c] = j == 0 ? w[j] * v[c] : context[c] + w[j] * v[c];
            }
        }
    }
    if (p.scope == Scope::core) {
        r.out = r.context;
        return r;
    }
    r.out.resize(size(p.embed_dim));
    const std::int64_t outputs = data.function == Function::attention ? 1 : p.num_heads;
    for (std::int64_t h = 0; h < outputs; ++h) {
        // Dense: all of the context to all columns. Block-diagonal: one head's context to its own columns.
        reference_product(
            r.context.data(), Slice{.first = h * (p.context_width() / outputs), .count = p.context_width() / outputs},
            data.wo, p.embed_dim, Slice{.first = h * (p.embed_dim / outputs), .count = p.embed_dim / outputs}, data.bo,
            r.out.data() + h * (p.embed_dim / outputs));
    }
    return r;
}

/// Copies of the tensors, converted from their dtype.
ReferenceData<double> reference_data(const Inputs& inputs, const Weights& canonical, Function function);

}  // namespace headcount
