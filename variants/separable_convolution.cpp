// The separable convolution of Vaswani's section 4: along the length each column for itself, then one matrix for all.
#include "harness/backend/verbs/scale_columns.hpp"
#include "harness/judge/decay.hpp"
#include "harness/judge/defined_by.hpp"
#include "harness/judge/linear.hpp"
#include "variants/sequence.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// A number for each place and column, and the matrix.
std::vector<WeightShape> weights(const Point& point) {
    const std::int64_t width = point.problem.embed_dim;
    std::vector<WeightShape> shapes{{"wd", kernel_options().read(point.own).kernel_size, width}, {"wp", width, width}};
    if (point.problem.bias) shapes.push_back({.name = "bp", .rows = 1, .cols = width, .is_bias = true});
    return shapes;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Kernel kernel = pass.own(kernel_options());
    const Tensor tokens = pass.all_tokens();
    keep_tokens(pass, kernel, tokens);
    const Tensor sums = pass.take("sums", {p.batch, 1, 1, p.q_len, p.embed_dim});
    bool begun = false;
    for_each_tap(p, kernel, [&](const Tap& tap) {
        pass.backend.run("kernel", ScaleColumns{.from = tokens.row_range(tap.first_token, tap.rows),
                                                .by = pass.weights.at("wd").row_range(tap.place, 1),
                                                .to = sums.row_range(tap.first_row, tap.rows),
                                                .accumulate = begun});
        begun = true;
    });
    project(pass, "pointwise", sums, pass.weights.at("wp"), pass.weights.find("bp"), pass.out);
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const Kernel kernel = given.own(kernel_options());
    const auto x = given.x_kv(row.batch);
    const auto w = given.weight("wd");
    auto sums = zeros(x, 1, p.embed_dim);
    bool begun = false;
    for_each_neighbour(p, kernel, row.index, [&](std::int64_t place, std::int64_t token) {
        const auto product = times(x.row(token), w.row(place));
        sums = stored(begun ? judge::sum(sums, product) : product);
        begun = true;
    });
    return projected(limited(std::move(sums)), given.weight("wp"), given.bias("bp"));
};

}  // namespace

Variant separable_convolution() {
    return {.summary = "a convolution of each column (kernel_size, dilation) and one matrix behind it; no attention",
            .source = "Vaswani et al. 2017, section 4; Chollet 2016",
            .equation =
                "u_t = sum_j x_(t - j dilation) * w_j, j = 0 ... kernel_size - 1; not causal: centred at t\n"
                "out = u W + b",
            .own = kernel_options().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = [](const Point& point) { return why_no_kernel("separable_convolution", point); },
            .weights = weights,
            .forward = forward,
            .stores_scores = false,
            .wider = wider_kernel};
}

}  // namespace headcount::variants
