// The literal reading R2a: each head projects only its own slice of the embedding, eight 64 x 64 matrices.
#include "harness/judge/defined_by.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// The diagonal blocks of w: block h couples slice h of the rows with slice h of the columns.
Tensor diagonal_blocks(std::string_view role, const Tensor& w, std::int64_t num_kv_heads, std::int64_t group,
                       Backend& backend, Workspace& store) {
    const std::int64_t heads = num_kv_heads * group;
    const std::int64_t rows = w.rows() / heads;
    const std::int64_t cols = w.cols() / heads;
    const Tensor blocks = store.take(role, w.dtype, {1, num_kv_heads, group, rows, cols});
    for (std::int64_t h = 0; h < heads; ++h) {
        backend.copy(role, w.row_range(h * rows, rows).columns(h * cols, cols), blocks.head(h / group, h % group));
    }
    return blocks;
}

Weights prepare(const Problem& p, const Weights& w, Backend& backend, Workspace& store) {
    Weights blocks;
    blocks.set("wq", diagonal_blocks("query", w.at("wq"), p.num_kv_heads, p.group(), backend, store));
    blocks.set("wk", diagonal_blocks("key", w.at("wk"), p.num_kv_heads, 1, backend, store));
    blocks.set("wv", diagonal_blocks("value", w.at("wv"), p.num_kv_heads, 1, backend, store));
    blocks.set("wo", diagonal_blocks("output", w.at("wo"), p.num_kv_heads, p.group(), backend, store));
    for (const std::string_view name : {"bq", "bk", "bv", "bo"}) {
        if (const Tensor* bias = w.find(name)) blocks.set(name, *bias);
    }
    return blocks;
}

/// y_h = x_h W_h [+ b_h] for every head h, all slices by columns.
void project_slices(std::string_view role, const Tensor& x, const Tensor& blocks, const Tensor* bias, const Tensor& y,
                    Backend& backend) {
    for (std::int64_t n = 0; n < blocks.kv_heads() && bias != nullptr; ++n) {
        for (std::int64_t g = 0; g < blocks.group(); ++g) {
            const Tensor own = bias->columns((n * blocks.group() + g) * blocks.cols(), blocks.cols());
            project(role, x.head(n, g), blocks.head(n, g), &own, y.head(n, g), backend);
        }
    }
    if (bias == nullptr) project(role, x, blocks, nullptr, y, backend);
}

// head_h = softmax(Q_h K_h^T / sqrt(head_dim)) V_h with Q_h = x_h W_Q^h, x_h the slice h of x;  out_h = head_h W_O^h
void forward(const Inputs& in, const Weights& weights, Tensor out, Backend& backend, Workspace& ws) {
    const Workspace::Frame frame(ws);
    const Problem& p = in.problem;
    const Tensor q = ws.take("query", p.dtype, {p.batch, 1, 1, p.q_len, p.query_width()});
    const Tensor k = ws.take("key", p.dtype, {p.batch, 1, 1, p.kv_len, p.key_width()});
    const Tensor v = ws.take("value", p.dtype, {p.batch, 1, 1, p.kv_len, p.value_width()});
    project_slices("query", query_heads(in.x_q, p), weights.at("wq"), weights.find("bq"), query_heads(q, p), backend);
    project_slices("key", key_heads(in.x_kv, p), weights.at("wk"), weights.find("bk"), key_heads(k, p), backend);
    project_slices("value", key_heads(in.x_kv, p), weights.at("wv"), weights.find("bv"), key_heads(v, p), backend);
    const Tensor scores = ws.take("scores", p.dtype, {p.batch, p.num_kv_heads, p.group(), p.q_len, p.kv_len});
    const Tensor context = ws.take("context", p.dtype, {p.batch, 1, 1, p.q_len, p.context_width()});
    attend_unfused(p, query_heads(q, p), key_heads(k, p), key_heads(v, p), scores, query_heads(context, p), backend);
    project_slices("output", query_heads(context, p), weights.at("wo"), weights.find("bo"), query_heads(out, p),
                   backend);
}

/// x W + b, where head h sees only its slice of x and only its slice of the rows and columns of W.
constexpr auto kSlices = [](const auto& x, const auto& w, const auto& b, std::int64_t heads) {
    const std::int64_t rows = w.rows / heads;
    return judge::concat(heads, [&](std::int64_t h) {
        return projected(x.head(h, heads), w.row_range(h * rows, rows).head(h, heads), b.head(h, heads));
    });
};

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const std::int64_t hidden = p.causal ? p.q_len - 1 - row.index : 0;  // the last row sees all keys
    const std::int64_t seen = p.kv_len > hidden ? p.kv_len - hidden : 0;
    const auto keys = [&](const char* w, const char* b) {
        return given.once(w, row.batch, [&] {
            return kSlices(given.x_kv(row.batch), given.weight(w), given.bias(b), p.num_kv_heads);
        });
    };
    const auto q = kSlices(given.x_q(row), given.weight("wq"), given.bias("bq"), p.num_heads);
    const auto k = keys("wk", "bk").row_range(0, seen);
    const auto v = keys("wv", "bv").row_range(0, seen);
    const auto context = judge::concat(p.num_heads, [&](std::int64_t h) {
        const std::int64_t shared = h / (p.num_heads / p.num_kv_heads);
        const auto similar = product(q.head(h, p.num_heads), k.head(shared, p.num_kv_heads).transposed());
        const auto weights = softmax(given.scores(scaled(similar, given.scale())));
        return stored(product(weights, v.head(shared, p.num_kv_heads)));
    });
    return kSlices(context, given.weight("wo"), given.bias("bo"), p.num_heads);
};

std::string unsupported(const Problem& p) {
    if (p.scope == Scope::core) return "block_diagonal differs only in its projections, and core scope has none";
    if (p.embed_dim % p.num_heads != 0) {
        return "block_diagonal cuts embed_dim into num_heads slices; " + std::to_string(p.embed_dim) +
               " does not divide by " + std::to_string(p.num_heads);
    }
    return "";
}

}  // namespace

Variant block_diagonal() {
    return {.summary = "each head projects only its own slice of the embedding (reading R2a)",
            .source = "the claim read literally: 64 x 64 a head; a different function from multi_head",
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .prepare = prepare,
            .forward = forward};
}

}  // namespace headcount::variants
