// Grouped-tied attention: a group's values are also the first part of its keys, and the rest of every key is one rotary
// key that all heads share.
#include <cstdint>
#include <string>

#include "harness/judge/defined_by.hpp"
#include "harness/judge/rotated.hpp"
#include "variants/shared_states.hpp"

namespace headcount::variants {
namespace {

struct Tied {
    std::int64_t tied_dim = 0;

    /// Columns of a key that are rotated and shared: half of it, or its odd columns short of that, because columns are
    /// rotated in pairs.
    std::int64_t rotary(const Problem& p) const { return tied_dim == 0 ? p.head_dim / 4 * 2 : p.head_dim - tied_dim; }
};
const Options<Tied>& own() {
    static const Options<Tied> options{{"tied_dim", &Tied::tied_dim, 0, kLargestExtent,
                                        "columns of a key that are the first of its value; 0: half of head_dim"}};
    return options;
}

std::vector<WeightShape> weights(const Point& point) {
    const Problem& p = point.problem;
    const std::int64_t rotary = own().read(point.own).rotary(p);
    std::vector<WeightShape> shapes;
    const auto add = [&](const char* w, const char* b, std::int64_t rows, std::int64_t cols) {
        shapes.push_back({w, rows, cols});
        if (p.bias) shapes.push_back({.name = b, .rows = 1, .cols = cols, .is_bias = true});
    };
    add("wq", "bq", p.embed_dim, p.query_width());  // of each head the rotary columns first
    add("wkv", "bkv", p.embed_dim, p.value_width());
    if (rotary > 0) add("wkr", "bkr", p.embed_dim, rotary);
    add("wo", "bo", p.context_width(), p.embed_dim);
    return shapes;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const std::int64_t rotary = pass.own(own()).rotary(p);
    const Tensor q = rotary_queries(pass, pass.in.x_q, {"query", "wq", "bq"}, p.num_kv_heads, rotary);
    const Tensor states = shared_states(pass, {"value", "wkv", "bkv"}, p.num_kv_heads, rotary);
    const Tensor context = take_context(pass);
    pass.backend.attend("core", p.scale(), p.mask(), q, states.columns(0, p.head_dim),
                        states.columns(rotary, p.value_head_dim), query_heads(context, p), pass.workspace);
    project_output(pass, context);
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const std::int64_t turning = given.own(own()).rotary(p), tied = p.head_dim - turning;
    const std::int64_t position = p.kv_len - p.q_len + row.index;
    std::int64_t seen = p.kv_len;
    if (p.causal) seen = position < 0 ? 0 : position + 1;
    const auto x = given.x_kv(row.batch);
    const auto states =
        given.once("states", row.batch, [&] { return projected(x, given.weight("wkv"), given.bias("bkv")); })
            .row_range(0, seen);
    const auto q = projected(given.x_q(row), given.weight("wq"), given.bias("bq"));
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const auto q_h = q.head(h, p.num_heads);
        const auto value = states.head(h / (p.num_heads / p.num_kv_heads), p.num_kv_heads);
        auto similar = product(q_h.columns(turning, tied), value.columns(0, tied).transposed());
        if (turning > 0) {
            const auto keys =
                given
                    .once("rotary keys", row.batch,
                          [&] { return stored(rotated(projected(x, given.weight("wkr"), given.bias("bkr")), 0)); })
                    .row_range(0, seen);
            const auto turned = stored(rotated(q_h.columns(0, turning), position));
            similar = sum(similar, product(turned, keys.transposed()));
        }
        return stored(product(softmax(given.scores(scaled(similar, given.scale()))), value));
    }));
};

std::string unsupported(const Point& point) {
    const Problem& p = point.problem;
    const std::int64_t chosen = own().read(point.own).tied_dim;
    if (p.scope == Scope::core) {
        return "grouped_tied differs in how keys are made, and in core scope they are given; set scope to layer";
    }
    const std::int64_t rotary = own().read(point.own).rotary(p), tied = p.head_dim - rotary;
    if (rotary < 0 || rotary % 2 != 0) {
        return "the columns of a key that are not tied are rotated in pairs; set tied_dim so that head_dim " +
               std::to_string(p.head_dim) + " - tied_dim is even and not below 0, instead of " + std::to_string(chosen);
    }
    if (tied > p.value_head_dim) {
        return "grouped_tied takes the first " + std::to_string(tied) + " columns of a key from its value, which has " +
               std::to_string(p.value_head_dim) + "; set tied_dim or value_head_dim";
    }
    return "";
}

}  // namespace

Variant grouped_tied() {
    return {.summary = "one state a group: all of it its values, half of it and a shared rotary key its keys (GTA)",
            .source = "Zadouri et al. 2025, Hardware-Efficient Attention for Fast Decoding, grouped-tied attention",
            .equation =
                "S = x W_KV;  K_g = [rotate(x W_KR), first columns of S_g], V_g = S_g\n"
                "the first columns of Q_h are rotated, too\n"
                "out = concat_h( softmax(Q_h K_g(h)^T / sqrt(head_dim)) V_g(h) ) W_O",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .weights = weights,
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
