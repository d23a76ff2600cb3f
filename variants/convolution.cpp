// The convolution of Vaswani's Table 1: each result is a sum over neighbouring tokens, with a matrix for each of them.
#include "harness/judge/defined_by.hpp"
#include "harness/judge/linear.hpp"
#include "variants/sequence.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

/// W_j of place j below each other.
std::vector<WeightShape> weights(const Point& point) {
    const std::int64_t width = point.problem.embed_dim;
    std::vector<WeightShape> shapes{{"wc", kernel_options().read(point.own).kernel_size * width, width}};
    if (point.problem.bias) shapes.push_back({.name = "bc", .rows = 1, .cols = width, .is_bias = true});
    return shapes;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Kernel kernel = pass.own(kernel_options());
    const Tensor tokens = pass.all_tokens();
    keep_tokens(pass, kernel, tokens);
    const Tensor& w = pass.weights.at("wc");
    bool begun = false;
    for_each_tap(p, kernel, [&](const Tap& tap) {
        MatmulOptions options;
        options.accumulate = begun;
        options.bias = begun ? nullptr : pass.weights.find("bc");
        begun = true;
        pass.backend.matmul("kernel", tokens.row_range(tap.first_token, tap.rows),
                            w.row_range(tap.place * p.embed_dim, p.embed_dim),
                            pass.out.row_range(tap.first_row, tap.rows), options);
    });
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const Kernel kernel = given.own(kernel_options());
    const auto x = given.x_kv(row.batch);
    const auto w = given.weight("wc");
    const auto matrix = [&](std::int64_t j) { return w.row_range(j * p.embed_dim, p.embed_dim); };
    auto sum = zeros(x, 1, p.embed_dim);
    bool begun = false;
    for_each_neighbour(p, kernel, row.index, [&](std::int64_t place, std::int64_t token) {
        sum = begun ? stored(accumulated(std::move(sum), x.row(token), matrix(place)))
                    : projected(x.row(token), matrix(place), given.bias("bc"));
        begun = true;
    });
    return sum;
};

}  // namespace

Variant convolution() {
    return {.summary = "a convolution along the length (kernel_size, dilation); no attention",
            .source = "Vaswani et al. 2017, Table 1; dilated: Kalchbrenner et al. 2016",
            .equation = "out_t = sum_j x_(t - j dilation) W_j + b, j = 0 ... kernel_size - 1; not causal: centred at t",
            .own = kernel_options().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = [](const Point& point) { return why_no_kernel("convolution", point); },
            .weights = weights,
            .forward = forward,
            .stores_scores = false,
            .wider = wider_kernel};
}

}  // namespace headcount::variants
