// Attention without softmax: features of queries and keys, and the forms in which their products can be ordered.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "harness/backend/verbs/causal_product.hpp"
#include "harness/backend/verbs/mask_rows.hpp"
#include "harness/backend/verbs/normalise_rows.hpp"
#include "harness/backend/verbs/running_sum.hpp"
#include "variants/steps.hpp"

namespace headcount {

/// How the sums over the keys that each row sees are made. Without a mask all rows have one sum, and one form.
struct LinearForm {
    std::string form = "recurrent";
    std::int64_t chunk = 64;
};
inline constexpr const char* kFormDoc =
    "causal: 'masked' makes the matrix of all pairs, 'recurrent' carries a state along the length, 'chunked' does one "
    "inside blocks and the other between them";
inline constexpr const char* kChunkDoc = "keys of a block of form=chunked";

/// Features of all heads, values and where the sums of values go.
struct LinearHeads {
    Tensor q;        ///< [batch, kv_head, group, q_len, features]
    Tensor k;        ///< [batch, kv_head, 1, kv_len, features]
    Tensor v;        ///< [batch, kv_head, 1, kv_len, value_head_dim]
    Tensor context;  ///< [batch, kv_head, group, q_len, value_head_dim]
};

/// Of `count` states of the shape of `one`, the i-th. A forward pass needs two at a time, a backward pass all: then
/// they are all there.
class States {
public:
    States(Pass& pass, std::int64_t count, std::array<std::int64_t, 5> one)
        : batch_(one[0]), kept_(pass.workspace.keeps_all() ? count : std::min<std::int64_t>(count, 2)) {
        one[0] *= std::max<std::int64_t>(kept_, 1);
        if (kept_ > 0) all_ = pass.take("state", one);
    }
    /// Each is one piece of memory: the batch of `all_` holds one behind the other.
    Tensor at(std::int64_t i) const {
        Tensor state = all_;
        state.extent[0] = batch_;
        if (all_.data != nullptr) {
            const std::int64_t ahead = i % kept_ * batch_ * all_.stride[0];
            state.data = static_cast<char*>(all_.data) + ahead * size_in_bytes(all_.dtype);
        }
        return state;
    }

private:
    std::int64_t batch_, kept_;
    Tensor all_;
};

/// Decoding goes on from the sums over the tokens so far, whatever the form that made its first rows: a state
/// [features, columns] a head, of the size of no length.
inline void keep_state(Pass& pass, std::int64_t features, std::int64_t columns) {
    const Problem& p = pass.problem;
    pass.cached(dense(nullptr, p.dtype, {p.batch, p.num_kv_heads, 1, features, columns}));
}

/// context_i = q_i sum_j k_j^T v_j by the matrix of all pairs.
inline void sum_masked(Pass& pass, const LinearHeads& heads) {
    const Mask mask{.causal = true};
    const Tensor scores = take_scores(pass);
    pass.backend.matmul("scores", heads.q, heads.k.transposed(), scores,
                        {.scale = {}, .bias = nullptr, .mask = mask, .masked = Masked::output});
    pass.backend.run("scores", MaskRows{.mask = mask, .scores = scores});
    pass.backend.matmul("context", scores, heads.v, heads.context,
                        {.scale = {}, .bias = nullptr, .mask = mask, .masked = Masked::left});
}

/// The same by a state that is carried along the length.
inline void sum_recurrent(Pass& pass, const LinearHeads& heads) {
    const Tensor& k = heads.k;
    const Tensor state = pass.take("state", {k.batch(), k.kv_heads(), 1, k.cols(), heads.v.cols()});
    pass.backend.run("context",
                     CausalProduct{.q = heads.q, .k = k, .v = heads.v, .state = state, .out = heads.context});
}

/// The same in blocks of keys: inside a block by the matrix of its pairs, and what came before by the state.
inline void sum_chunked(Pass& pass, const LinearHeads& heads, std::int64_t chunk) {
    const Mask mask{.causal = true};
    const auto& [q, k, v, context] = heads;
    const std::int64_t kv_len = k.rows(), ahead = kv_len - q.rows();
    const States states(pass, (kv_len - 1) / chunk, {k.batch(), k.kv_heads(), 1, k.cols(), v.cols()});
    for (std::int64_t first = 0, i = 0; first < kv_len; first += chunk, ++i) {
        const Workspace::Frame frame(pass.workspace);
        const std::int64_t count = std::min(chunk, kv_len - first);
        const Tensor keys = k.row_range(first, count), values = v.row_range(first, count);
        // A mask is aligned at the end: so are the rows that belong to these keys.
        const std::int64_t first_row = std::max<std::int64_t>(first - ahead, 0);
        const std::int64_t rows = first + count - ahead - first_row;
        if (rows > 0) {
            const Tensor queries = q.row_range(first_row, rows), out = context.row_range(first_row, rows);
            const Tensor scores = pass.take("scores", {q.batch(), q.kv_heads(), q.group(), rows, count});
            pass.backend.matmul("scores", queries, keys.transposed(), scores,
                                {.scale = {}, .bias = nullptr, .mask = mask, .masked = Masked::output});
            pass.backend.run("scores", MaskRows{.mask = mask, .scores = scores});
            pass.backend.matmul("context", scores, values, out,
                                {.scale = {}, .bias = nullptr, .mask = mask, .masked = Masked::left});
            if (i > 0) {
                MatmulOptions add;
                add.accumulate = true;
                pass.backend.matmul("context", queries, states.at(i - 1), out, add);
            }
        }
        if (first + count == kv_len) break;  // no row sees what comes behind the last key
        MatmulOptions add;
        add.accumulate = i > 0;
        if (i > 0) pass.backend.copy("state", states.at(i - 1), states.at(i));
        pass.backend.matmul("state", keys.transposed(), values, states.at(i), add);
    }
}

/// context_i = q_i sum_j k_j^T v_j / (q_i sum_j k_j) over the keys that each row sees.
inline void attend_linearly(Pass& pass, const LinearForm& how, const Tensor& q, const Tensor& k, const Tensor& v,
                            const Tensor& context) {
    const Tensor numerator = pass.take("numerator", context.extent);
    const LinearHeads heads{.q = q, .k = k, .v = v, .context = numerator};
    const bool causal = pass.problem.causal;
    const Tensor sums = pass.take("normaliser", {k.batch(), k.kv_heads(), 1, causal ? q.rows() : 1, k.cols()});
    keep_state(pass, k.cols(), v.cols() + 1);  // and the sum of features
    pass.backend.run("normaliser", RunningSum{.from = k, .to = sums});
    if (!causal) {
        const Tensor state = pass.take("state", {k.batch(), k.kv_heads(), 1, k.cols(), v.cols()});
        pass.backend.matmul("state", k.transposed(), v, state);
        pass.backend.matmul("context", q, state, numerator);
    } else if (how.form == "masked") {
        sum_masked(pass, heads);
    } else if (how.form == "recurrent") {
        sum_recurrent(pass, heads);
    } else {
        sum_chunked(pass, heads, how.chunk);
    }
    const std::int64_t dead = causal ? std::max<std::int64_t>(q.rows() - k.rows(), 0) : 0;
    pass.backend.run("normaliser",
                     NormaliseRows{.by = {.q = q, .z = sums, .dead_rows = dead}, .from = numerator, .to = context});
}

}  // namespace headcount
