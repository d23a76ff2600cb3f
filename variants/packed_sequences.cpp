// Sequences of different lengths, padding cut out: the tokens that exist lie side by side and are projected at once.
#include "harness/judge/defined_by.hpp"
#include "variants/padding.hpp"
#include "variants/padding_definition.hpp"

namespace headcount::variants {
namespace {

using padding::Lengths;

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Lengths lengths(p, pass.own(padding::own()));
    const auto take = [&](std::string_view name, std::int64_t width) {
        return pass.take(name, {1, 1, 1, lengths.total(), width});
    };
    const Weights& w = pass.weights;
    const Tensor tokens = take("tokens", p.embed_dim);
    lengths.each([&](std::int64_t sequence, std::int64_t length, std::int64_t before) {
        pass.backend.copy("tokens", lengths.existing(pass.in.x_q, sequence), tokens.row_range(before, length));
    });
    const Tensor q = take("query", p.query_width());
    const Tensor k = pass.cached(take("key", p.key_width()));
    const Tensor v = pass.cached(take("value", p.value_width()));
    project(pass, "query", tokens, w.at("wq"), w.find("bq"), q);
    project(pass, "key", tokens, w.at("wk"), w.find("bk"), k);
    project(pass, "value", tokens, w.at("wv"), w.find("bv"), v);
    const Tensor context = take("context", p.context_width());
    lengths.each([&](std::int64_t /*sequence*/, std::int64_t length, std::int64_t before) {
        const auto rows = [&](const Tensor& t) { return t.row_range(before, length); };
        padding::attend(pass, rows(q), rows(k), rows(v), rows(context));
    });
    const Tensor out = take("output", p.embed_dim);
    project_output_to(pass, context, out);
    lengths.each([&](std::int64_t sequence, std::int64_t length, std::int64_t before) {
        pass.backend.copy("output", out.row_range(before, length), lengths.existing(pass.out, sequence));
    });
    padding::clear_missing(pass, "output", lengths, pass.out);
    padding::unseen_missing(pass, "tokens", lengths, pass.in.x_q);
}

std::string unsupported(const Point& point) {
    if (point.problem.scope == Scope::core) {
        return "packed_sequences differs from padded in its projections, and core scope has none; set scope to layer, "
               "or take padded";
    }
    return padding::why_unsupported("packed_sequences", point);
}

}  // namespace

Variant packed_sequences() {
    return {
        .summary = "sequences of different lengths (shortest), side by side without padding; the function of padded",
        .source = "Zhai et al. 2022, ByteTransformer, the padding-free algorithm",
        .equation =
            "x = the length_b tokens of each sequence b, one behind the other\n"
            "out_b = concat_h( softmax(Q_bh K_bh^T / sqrt(head_dim)) V_bh ) W_O, 0 from length_b on",
        .own = padding::own().fields(),
        .definition = judge::defined_by(padding::kDefinition),
        .unsupported = unsupported,
        .forward = forward,
        .stores_scores = false};
}

}  // namespace headcount::variants
