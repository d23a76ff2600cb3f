// The recurrent layer of Vaswani's Table 1: a state that each token changes, one after the other.
#include <cmath>
#include <string>

#include "harness/backend/verbs/relu.hpp"
#include "harness/backend/verbs/tanh.hpp"
#include "harness/judge/defined_by.hpp"
#include "harness/judge/linear.hpp"
#include "variants/sequence.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

struct Recurrence {
    std::string activation = "tanh";
};
const Options<Recurrence>& own() {
    static const Options<Recurrence> options{
        {"activation", &Recurrence::activation, {"tanh", "relu"}, "f of h_t = f(x_t W_x + h_(t-1) W_h)"}};
    return options;
}

std::vector<WeightShape> weights(const Point& point) {
    const Problem& p = point.problem;
    std::vector<WeightShape> shapes{{"wx", p.embed_dim, p.embed_dim}, {"wh", p.embed_dim, p.embed_dim}};
    if (p.bias) shapes.push_back({.name = "bx", .rows = 1, .cols = p.embed_dim, .is_bias = true});
    return shapes;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const bool is_tanh = pass.own(own()).activation == "tanh";
    const Tensor state = pass.take_kept("state", {p.batch, 1, 1, p.kv_len, p.embed_dim});
    const Tensor sums = pass.take("sums", {p.batch, 1, 1, pass.fresh_len(), p.embed_dim});
    pass.cached(state.row_range(p.kv_len - 1, 1));
    project(pass, "input", pass.in.x_kv, pass.weights.at("wx"), pass.weights.find("bx"), sums);
    MatmulOptions add;
    add.accumulate = true;
    for (std::int64_t i = 0; i < pass.fresh_len(); ++i) {
        const std::int64_t token = pass.first_fresh() + i;
        const Tensor sum = sums.row_range(i, 1), here = state.row_range(token, 1);
        if (token > 0) pass.backend.matmul("state", state.row_range(token - 1, 1), pass.weights.at("wh"), sum, add);
        if (is_tanh) {
            pass.backend.run("state", Tanh{.from = sum, .to = here});
        } else {
            pass.backend.run("state", Relu{.from = sum, .to = here});
        }
    }
    // Not written there at once: the derivative by a state is a sum, and that by the result is given.
    pass.backend.copy("output", state.row_range(p.kv_len - p.q_len, p.q_len), pass.out);
}

constexpr auto kTanh = [](const auto& x) {
    using std::tanh;
    return tanh(x);
};
constexpr auto kRelu = [](const auto& x) {
    using T = std::decay_t<decltype(x)>;
    return T{} < x ? x : T{};
};

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const bool is_tanh = given.own(own()).activation == "tanh";
    const auto states = given.once("states", row.batch, [&] {
        const auto x = given.x_kv(row.batch);
        auto state = zeros(x, 1, p.embed_dim);
        return judge::stacked(p.kv_len, [&](std::int64_t t) {
            auto sum = projected(x.row(t), given.weight("wx"), given.bias("bx"));
            if (t > 0) sum = stored(accumulated(std::move(sum), state, given.weight("wh")));
            state = stored(is_tanh ? applied(sum, kTanh, 8) : applied(sum, kRelu, 0));
            return state;
        });
    });
    return picked(states, {p.kv_len - p.q_len + row.index});
};

std::string unsupported(const Point& point) {
    std::string why = why_no_sequence("recurrent", point);
    if (!why.empty() || point.problem.causal) return why;
    return "recurrent carries its state along the length, which is causal; set causal to true";
}

}  // namespace

Variant recurrent() {
    return {
        .summary = "an Elman layer: a state of width embed_dim, one token after the other (activation); no attention",
        .source = "Elman 1990; Vaswani et al. 2017, Table 1",
        .equation = "h_t = f(x_t W_x + b + h_(t-1) W_h), h_0 = 0, out_t = h_t",
        .own = own().fields(),
        .definition = judge::defined_by(kDefinition),
        .unsupported = unsupported,
        .weights = weights,
        .forward = forward,
        .stores_scores = false};
}

}  // namespace headcount::variants
