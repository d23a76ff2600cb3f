// The literal reading R2a: each head projects only its own slice of the embedding, eight 64 x 64 matrices.
#include "harness/judge/defined_by.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// The diagonal blocks of w: block h couples slice h of the rows with slice h of the columns.
Tensor diagonal_blocks(Pass& pass, std::string_view role, const Tensor& w, std::int64_t group) {
    const std::int64_t num_kv_heads = pass.problem.num_kv_heads;
    const std::int64_t heads = num_kv_heads * group;
    const std::int64_t rows = w.rows() / heads;
    const std::int64_t cols = w.cols() / heads;
    const Tensor blocks = pass.take(role, {1, num_kv_heads, group, rows, cols});
    for (std::int64_t h = 0; h < heads; ++h) {
        pass.backend.copy(role, w.row_range(h * rows, rows).columns(h * cols, cols), blocks.head(h / group, h % group));
    }
    return blocks;
}

Weights prepare(Pass& pass) {
    const Weights& w = pass.weights;
    const std::int64_t group = pass.problem.group();
    Weights blocks;
    blocks.set("wq", diagonal_blocks(pass, "query", w.at("wq"), group));
    blocks.set("wk", diagonal_blocks(pass, "key", w.at("wk"), 1));
    blocks.set("wv", diagonal_blocks(pass, "value", w.at("wv"), 1));
    blocks.set("wo", diagonal_blocks(pass, "output", w.at("wo"), group));
    for (const std::string_view name : {"bq", "bk", "bv", "bo"}) {
        if (const Tensor* bias = w.find(name)) blocks.set(name, *bias);
    }
    return blocks;
}

/// y_h = x_h W_h [+ b_h] for every head h, all slices by columns.
void project_slices(Pass& pass, std::string_view role, const Tensor& x, std::string_view w, std::string_view b,
                    const Tensor& y) {
    const Tensor& blocks = pass.weights.at(w);
    const Tensor* const bias = pass.weights.find(b);
    for (std::int64_t n = 0; n < blocks.kv_heads() && bias != nullptr; ++n) {
        for (std::int64_t g = 0; g < blocks.group(); ++g) {
            const Tensor own = bias->columns((n * blocks.group() + g) * blocks.cols(), blocks.cols());
            project(pass, role, x.head(n, g), blocks.head(n, g), &own, y.head(n, g));
        }
    }
    if (bias == nullptr) project(pass, role, x, blocks, nullptr, y);
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Tensor q = pass.take("query", {p.batch, 1, 1, p.q_len, p.query_width()});
    const Tensor k = pass.cached(pass.take_kept("key", {p.batch, 1, 1, p.kv_len, p.key_width()}));
    const Tensor v = pass.cached(pass.take_kept("value", {p.batch, 1, 1, p.kv_len, p.value_width()}));
    project_slices(pass, "query", query_heads(pass.in.x_q, p), "wq", "bq", query_heads(q, p));
    project_slices(pass, "key", key_heads(pass.in.x_kv, p), "wk", "bk", key_heads(pass.fresh(k), p));
    project_slices(pass, "value", key_heads(pass.in.x_kv, p), "wv", "bv", key_heads(pass.fresh(v), p));
    const Tensor scores = take_scores(pass);
    const Tensor context = pass.take("context", {p.batch, 1, 1, p.q_len, p.context_width()});
    attend_unfused(pass, p.mask(), query_heads(q, p), key_heads(k, p), key_heads(v, p), scores,
                   query_heads(context, p));
    project_slices(pass, "output", query_heads(context, p), "wo", "bo", query_heads(pass.out, p));
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

std::string unsupported(const Point& point) {
    const Problem& p = point.problem;
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
            .equation =
                "head_h = softmax(Q_h K_h^T / sqrt(head_dim)) V_h with Q_h = x_h W_Q^h, x_h the slice h of x\n"
                "out_h = head_h W_O^h",
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .prepare = prepare,
            .forward = forward};
}

}  // namespace headcount::variants
