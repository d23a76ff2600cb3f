// Differential attention: each head makes two softmax maps, and what both see is subtracted.
#include <cmath>
#include <type_traits>

#include "harness/backend/verbs/weighted_difference.hpp"
#include "harness/judge/defined_by.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// lambda is one number of the layer.
std::vector<WeightShape> weights(const Point& point) {
    std::vector<WeightShape> shapes = canonical_weights(point.problem);
    shapes.push_back({.name = "lambda", .rows = 1, .cols = 1});
    return shapes;
}

/// softmax(Q K^T / sqrt(width)) for one half of every head's columns.
Tensor take_map(Pass& pass, const Tensor& q, const Tensor& k) {
    const Tensor map = take_scores(pass);
    const double scale = 1 / std::sqrt(static_cast<double>(q.cols()));
    const Mask mask = pass.problem.mask();
    pass.backend.matmul("scores", q, k.transposed(), map,
                        {.scale = scale, .bias = nullptr, .mask = mask, .masked = Masked::output});
    pass.backend.softmax_rows("weights", mask, map);
    return map;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Mask mask = p.mask();
    const auto [q, k, v] = project_qkv(pass);
    const Tensor queries = query_heads(q, p), keys = key_heads(k, p);
    const std::int64_t half = p.head_dim / 2;
    const Tensor first = take_map(pass, queries.columns(0, half), keys.columns(0, half));
    const Tensor second = take_map(pass, queries.columns(half, half), keys.columns(half, half));
    // The difference takes the place of the first map, but for a backward pass, which reads that.
    const Tensor difference = pass.workspace.keeps_all() ? take_scores(pass) : first;
    const Tensor context = take_context(pass);
    pass.backend.run("weights",
                     WeightedDifference{
                         .a = first, .b = second, .factor = pass.weights.at("lambda"), .to = difference, .mask = mask});
    pass.backend.matmul("context", difference, key_heads(v, p), query_heads(context, p),
                        {.scale = {}, .bias = nullptr, .mask = mask, .masked = Masked::left});
    project_output(pass, context);
}

/// a - lambda b
constexpr auto kDifference = [](const auto& lambda, const auto& a, const auto& b) {
    using T = typename std::remove_cvref_t<decltype(lambda)>::Scalar;
    const auto x = view_of(a), y = view_of(b);
    const T factor = lambda.value[0];
    return judge::each<T>(
        x, [&](auto i, auto j) { return x.value[x.at(i, j)] - factor * y.value[y.at(i, j)]; },
        [&](auto i, auto j, double z) {
            double error = x.rounding.unit * std::abs(z) + x.total_at(x.at(i, j));
            if constexpr (judge::kBounded<T>) {
                const double value = y.value[y.at(i, j)];
                error += std::abs(factor) * (y.total_at(y.at(i, j)) + y.rounding.unit * std::abs(value));
            }
            return error;
        });
};

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const std::int64_t hidden = p.causal ? p.q_len - (row.index + 1) : 0;
    const std::int64_t seen = p.kv_len > hidden ? p.kv_len - hidden : 0;
    const auto q = given.q(row);
    const auto k = given.k(row.batch).row_range(0, seen);
    const auto v = given.v(row.batch).row_range(0, seen);
    const double scale = std::sqrt(2.0 / static_cast<double>(p.head_dim));
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const std::int64_t shared = h * p.num_kv_heads / p.num_heads;
        const auto map = [&](std::int64_t which) {
            const auto keys = k.head(2 * shared + which, 2 * p.num_kv_heads);
            const auto alike = product(q.head(2 * h + which, 2 * p.num_heads), keys.transposed());
            return softmax(given.scores(scaled(alike, scale)));
        };
        const auto weights = stored(kDifference(given.weight("lambda"), map(0), map(1)));
        return stored(product(weights, v.head(shared, p.num_kv_heads)));
    }));
};

std::string unsupported(const Point& point) {
    if (point.problem.head_dim % 2 == 0) return "";
    return "differential gives each of its two maps half of head_dim; " + std::to_string(point.problem.head_dim) +
           " is odd, set it to an even number";
}

}  // namespace

Variant differential() {
    return {.summary = "the difference of two softmax maps a head, without the norm and the scale of its output",
            .source = "Ye et al. 2024, Differential Transformer, equation 1; lambda itself is the weight",
            .equation =
                "Q_h = [Q1 | Q2], K_h = [K1 | K2], d = head_dim / 2\n"
                "out = concat_h( (softmax(Q1 K1^T / sqrt(d)) - lambda softmax(Q2 K2^T / sqrt(d))) V_h ) W_O",
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .weights = weights,
            .forward = forward};
}

}  // namespace headcount::variants
