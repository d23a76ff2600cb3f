// Multi-head self-attention with one projection for queries, keys and values together.
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// [a | b | c] side by side.
Tensor pack(Pass& pass, std::string_view name, const Tensor& a, const Tensor& b, const Tensor& c) {
    const Tensor packed = pass.take(name, {1, 1, 1, a.rows(), a.cols() + b.cols() + c.cols()});
    pass.backend.copy("qkv", a, packed.columns(0, a.cols()));
    pass.backend.copy("qkv", b, packed.columns(a.cols(), b.cols()));
    pass.backend.copy("qkv", c, packed.columns(a.cols() + b.cols(), c.cols()));
    return packed;
}

Weights prepare(Pass& pass) {
    const Weights& w = pass.weights;
    Weights packed;
    packed.set("wqkv", pack(pass, "wqkv", w.at("wq"), w.at("wk"), w.at("wv")));
    packed.set("wo", w.at("wo"));
    if (pass.problem.bias) {
        packed.set("bqkv", pack(pass, "bqkv", w.at("bq"), w.at("bk"), w.at("bv")));
        packed.set("bo", w.at("bo"));
    }
    return packed;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const std::int64_t width = p.query_width() + p.key_width() + p.value_width();
    const Tensor qkv = pass.take("qkv", {p.batch, 1, 1, p.q_len, width});
    project(pass, "qkv", pass.in.x_q, pass.weights.at("wqkv"), pass.weights.find("bqkv"), qkv);
    const Tensor q = qkv.columns(0, p.query_width());
    const Tensor k = pass.cached(qkv.columns(p.query_width(), p.key_width()));
    const Tensor v = pass.cached(qkv.columns(p.query_width() + p.key_width(), p.value_width()));
    const Tensor scores = take_scores(pass);
    const Tensor context = take_context(pass);
    attend_unfused(pass, p.mask(), query_heads(q, p), key_heads(k, p), key_heads(v, p), scores,
                   query_heads(context, p));
    project_output(pass, context);
}

void projections(Pass& pass) {
    const Problem& p = pass.problem;
    const std::int64_t width = p.query_width() + p.key_width() + p.value_width();
    project(pass, "qkv", pass.in.x_q, pass.weights.at("wqkv"), pass.weights.find("bqkv"), pass.out.columns(0, width));
    project_output_to(pass, pass.in.context, results_of_projections(pass).output);
}

std::string unsupported(const Point& point) {
    const Problem& p = point.problem;
    if (p.scope == Scope::core) return "packed_qkv differs only in its projections, and core scope has none";
    if (p.q_len != p.kv_len) return "packed_qkv projects one sequence to Q, K and V; set kv_len equal to q_len";
    return "";
}

}  // namespace

Variant packed_qkv() {
    return {.summary = "one projection embed_dim x 3 embed_dim for Q, K and V",
            .source = "the usual fused projection of framework code",
            .equation =
                "[Q | K | V] = x W_QKV\n"
                "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O",
            .definition = judge::attention(),
            .unsupported = unsupported,
            .prepare = prepare,
            .forward = forward,
            .projections = projections};
}

}  // namespace headcount::variants
