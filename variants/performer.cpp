// Performer: positive random features whose products are softmax's exponentials on average, summed as linear attention.
#include <cmath>

#include "harness/backend/verbs/positive_features.hpp"
#include "harness/judge/defined_by.hpp"
#include "harness/judge/linear.hpp"
#include "variants/linear_forms.hpp"

namespace headcount::variants {
namespace {

struct Performer : LinearForm {
    std::int64_t features = 64;
};
const Options<Performer>& own() {
    static const Options<Performer> options{
        // A single feature of a query would cancel in the quotient.
        {"features", &Performer::features, 2, std::int64_t{1} << 30, "random features of a query or key"},
        {"form", &Performer::form, {"recurrent", "masked", "chunked"}, kFormDoc},
        {"chunk", &Performer::chunk, 1, std::int64_t{1} << 40, kChunkDoc}};
    return options;
}

/// The random directions, one matrix for all heads, drawn from the seed like every weight. The harness fills it with
/// numbers of variance 1 / head_dim, which forward() takes times sqrt(head_dim); they are uniform and not normal, and
/// no two directions are made orthogonal: what a measurement takes does not depend on it, how well softmax is
/// approximated does.
std::vector<WeightShape> weights(const Point& point) {
    std::vector<WeightShape> shapes = canonical_weights(point.problem);
    shapes.push_back({.name = "wr", .rows = point.problem.head_dim, .cols = own().read(point.own).features});
    return shapes;
}

/// phi(x) of all heads. Both a query's and a key's 1 / sqrt(features) cancel in the quotient.
Tensor features(Pass& pass, std::string_view name, const Tensor& x) {
    const Tensor& directions = pass.weights.at("wr");
    const double root = std::sqrt(static_cast<double>(x.cols()));
    const Tensor phi = pass.take(name, {x.batch(), x.kv_heads(), x.group(), x.rows(), directions.cols()});
    MatmulOptions options;
    options.scale = std::sqrt(root);
    pass.backend.matmul("features", x, directions, phi, options);
    pass.backend.run("features", PositiveFeatures{.factor = 0.5 / root, .x = x, .features = phi});
    return phi;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const auto [q, k, v] = project_uncached(pass);
    const Tensor context = take_context(pass);
    const Tensor phi_q = features(pass, "query_features", query_heads(q, p));
    const Tensor phi_k = features(pass, "key_features", key_heads(k, p));
    attend_linearly(pass, pass.own(own()), phi_q, phi_k, key_heads(v, p), query_heads(context, p));
    project_output(pass, context);
}

/// exp(t - factor |x|^2) of every row, where t may be off as it says, and x too: its square by twice as much.
constexpr auto kFeatures = [](const auto& t, const auto& x, double factor) {
    using std::exp;
    using T = typename std::decay_t<decltype(x)>::Scalar;
    const auto from = view_of(t);
    std::vector<T> halves;
    std::vector<double> errors;
    for (std::int64_t i = 0; i < x.rows; ++i) {
        const auto row = x.row(i);
        halves.push_back(product(row, row.transposed()).value.front() * static_cast<T>(factor));
        double squares = 0, size = 0;
        if constexpr (judge::kBounded<T>) {
            for (std::int64_t a = 0; a < x.cols; ++a) {
                const double off = 2 * row.value[row.at(0, a)] * row.total_at(row.at(0, a));
                squares += off * off;
            }
            size = halves.back();
        }
        errors.push_back(factor * std::sqrt(squares) +
                         (judge::bounds::of_adding(x.cols, x.rounding) + 2 * x.rounding.unit) * size);
    }
    return judge::each<T>(
        from,
        [&](std::int64_t i, std::int64_t j) {
            return exp(from.value[from.at(i, j)] - halves[static_cast<std::size_t>(i)]);
        },
        [&](std::int64_t i, std::int64_t j, double y) {
            double difference = 0;
            if constexpr (judge::kBounded<T>)
                difference = from.value[from.at(i, j)] - halves[static_cast<std::size_t>(i)];
            const double off = from.total_at(from.at(i, j)) + errors[static_cast<std::size_t>(i)] +
                               from.rounding.unit * std::abs(difference);
            return std::exp(difference + off) - y + 8 * from.rounding.unit * y + from.rounding.tiny;
        });
};

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Performer chosen = given.own(own());
    const double width = static_cast<double>(given.problem().head_dim);
    const auto phi = [&](const auto& x) {
        const auto along = stored(scaled(product(x, given.weight("wr")), std::pow(width, 0.25)));
        return stored(kFeatures(along, x, 1 / (2 * std::sqrt(width))));
    };
    return judge::linear_attention(given, row, {.form = chosen.form, .chunk = chosen.chunk}, phi);
};

}  // namespace

Variant performer() {
    return {.summary = "positive random features in the place of softmax",
            .source = "Choromanski et al. 2021, lemma 1 and equation 5",
            .equation =
                "out = concat_h( phi(Q_h) (phi(K_h)^T V_h) / (phi(Q_h) sum phi(K_h)) ) W_O\n"
                "phi(x) = exp(w x' - |x'|^2 / 2) for each direction w, x' = x / head_dim^(1/4)",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .weights = weights,
            .forward = forward};
}

}  // namespace headcount::variants
