// Sequences of different lengths, padded to the longest: the projections run over padding, too, the core does not.
#include "harness/backend/verbs/mask_rows.hpp"
#include "harness/judge/defined_by.hpp"
#include "variants/padding.hpp"
#include "variants/padding_definition.hpp"

namespace headcount::variants {
namespace {

using padding::Lengths;

/// y = x w [+ b] of every row, whether it has a token or not.
void project_all(Pass& pass, std::string_view role, const Tensor& x, const char* w, const char* b, const Tensor& y,
                 const Lengths& lengths) {
    pass.backend.matmul(role, x, pass.weights.at(w), y,
                        {.scale = {},
                         .bias = pass.weights.find(b),
                         .mask = {},
                         .masked = Masked::nothing,
                         .accumulate = false,
                         .needed_rows = lengths.total()});
}

Qkv project_all(Pass& pass, const Lengths& lengths) {
    const Problem& p = pass.problem;
    if (p.scope == Scope::core) return {.q = pass.in.q, .k = pass.in.k, .v = pass.in.v};
    const auto made = [&](std::string_view role, const Tensor& x, const char* w, const char* b, std::int64_t width) {
        const Tensor y = pass.take(role, {p.batch, 1, 1, p.q_len, width});
        project_all(pass, role, x, w, b, y, lengths);
        return y;
    };
    const Tensor q = made("query", pass.in.x_q, "wq", "bq", p.query_width());
    const Tensor k = made("key", pass.in.x_kv, "wk", "bk", p.key_width());
    return {.q = q, .k = k, .v = made("value", pass.in.x_kv, "wv", "bv", p.value_width())};
}

/// A context of zeros has the output b_O, which is no output of a token.
void hide_missing(Pass& pass, const Lengths& lengths) {
    Mask nothing;
    nothing.rule = [](const Mask::Numbers& /*numbers*/, std::int64_t /*row*/, std::int64_t /*q_len*/,
                      std::int64_t /*kv_len*/) { return Keys{}; };
    lengths.each_missing(
        pass.out, [&](const Tensor& rows) { pass.backend.run("output", MaskRows{.mask = nothing, .scores = rows}); });
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Lengths lengths(pass.problem, pass.own(padding::own()));
    const Qkv qkv = project_all(pass, lengths);
    // What is kept has padding, too.
    pass.cached(qkv.k);
    pass.cached(qkv.v);
    const Tensor context = take_context(pass);
    lengths.each([&](std::int64_t sequence, std::int64_t /*length*/, std::int64_t /*before*/) {
        const auto rows = [&](const Tensor& t) { return lengths.existing(t, sequence); };
        padding::attend(pass, rows(qkv.q), rows(qkv.k), rows(qkv.v), rows(context));
    });
    padding::clear_missing(pass, "context", lengths, context);
    if (pass.problem.scope == Scope::layer) {
        project_all(pass, "output", context, "wo", "bo", pass.out, lengths);
        if (pass.problem.bias) hide_missing(pass, lengths);
    }
    padding::unseen_missing(pass, "query", lengths, qkv.q);
    padding::unseen_missing(pass, "key", lengths, qkv.k);
    padding::unseen_missing(pass, "value", lengths, qkv.v);
}

}  // namespace

Variant padded() {
    return {.summary = "sequences of different lengths (shortest), padded to the longest; padding is projected, too",
            .source = "the usual batch with a padding mask; its outputs without a token are zero here",
            .equation =
                "x_b has length_b tokens, and padding up to seq_len\n"
                "out_b = concat_h( softmax(Q_bh K_bh^T / sqrt(head_dim), keys before length_b) V_bh ) W_O, 0 from "
                "length_b on",
            .own = padding::own().fields(),
            .definition = judge::defined_by(padding::kDefinition),
            .unsupported = [](const Point& point) { return padding::why_unsupported("padded", point); },
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
