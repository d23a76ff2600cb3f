// layer_norm and gelu_exact on every backend against sums in double precision.
#include <cmath>

#include "harness/backend/verbs/gelu.hpp"
#include "harness/backend/verbs/gelu_exact.hpp"
#include "harness/backend/verbs/layer_norm.hpp"
#include "tests/backend/twins.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

// Of f32 numbers of order one; the erf of vectors is within 2e-7.
constexpr double kTolerance = 4e-6;

}  // namespace

TEST_CASE("layer_norm has mean 0 and variance 1 before gain and shift, on every backend") {
    for_each_real_backend([](Backend& backend) {
        TwinStore store(1);
        for (const std::int64_t cols : {1, 2, 7, 16, 33, 384}) {
            const Twins from = store.take({2, 1, 1, 5, cols}, 0), gain = store.take({1, 1, 1, 1, cols}, 0),
                        shift = store.take({1, 1, 1, 1, cols}, 0), to = store.take({2, 1, 1, 5, cols}, 0);
            constexpr double kEpsilon = 1e-5;
            backend.run(
                "x",
                LayerNorm{
                    .epsilon = kEpsilon, .from = from.fast, .gain = gain.fast, .shift = shift.fast, .to = to.fast});
            for_each_matrix(from.exact, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
                for (std::int64_t i = 0; i < 5; ++i) {
                    const auto x = [&](std::int64_t j) { return *from.exact.at<double>(b, n, g, i, j); };
                    double mean = 0, square = 0;
                    for (std::int64_t j = 0; j < cols; ++j) mean += x(j) / static_cast<double>(cols);
                    for (std::int64_t j = 0; j < cols; ++j) square += std::pow(x(j) - mean, 2);
                    const double factor = 1 / std::sqrt(square / static_cast<double>(cols) + kEpsilon);
                    for (std::int64_t j = 0; j < cols; ++j) {
                        *to.exact.at<double>(b, n, g, i, j) =
                            (x(j) - mean) * factor * *gain.exact.at<double>(0, 0, 0, 0, j) +
                            *shift.exact.at<double>(0, 0, 0, 0, j);
                    }
                }
            });
            CHECK(worst_difference(to) < 40 * kTolerance);  // two columns that are close magnify their rounding
        }
    });
}

TEST_CASE("gelu_exact is x times the normal distribution function, in place too, on every backend") {
    for_each_real_backend([](Backend& backend) {
        TwinStore store(2);
        for (const std::int64_t cols : {1, 3, 16, 41, 1536}) {
            const Twins x = store.take({1, 1, 1, 3, cols}, 0);
            for_each_element<double>([](double& value) { value = value * 0.5 * std::erfc(-value / std::sqrt(2.0)); },
                                     x.exact);
            backend.run("x", GeluExact{.from = x.fast, .to = x.fast});
            CHECK(worst_difference(x) < kTolerance);
        }
    });
}

TEST_CASE("both forms of gelu and the derivative far out are x and 1, or nothing") {
    for_each_real_backend([](Backend& backend) {
        for (const float far : {12.0F, 14.0F, 15.5F, 20.0F, 50.0F, 1e4F, 1e9F}) {
            for (const std::int64_t cols : {2, 40}) {  // less than a vector, and several
                std::vector<float> from(static_cast<std::size_t>(cols)), to(from), exact(from), ones(from), slope(from);
                for (std::size_t i = 0; i < from.size(); ++i) {
                    from[i] = i % 2 == 0 ? far : -far;
                    ones[i] = 1;
                }
                const auto row = [&](std::vector<float>& values) {
                    return dense(values.data(), DType::f32, {1, 1, 1, 1, cols});
                };
                backend.run("x", Gelu{.from = row(from), .to = row(to)});
                backend.run("x", GeluExact{.from = row(from), .to = row(exact)});
                backend.run("x", GeluVjp{.from = row(from), .d_to = row(ones), .d_from = row(slope)});
                for (std::size_t i = 0; i < from.size(); ++i) {
                    CAPTURE(far, cols, i);
                    CHECK(std::abs(to[i] - (i % 2 == 0 ? far : 0)) < 1e-20F);
                    CHECK(std::abs(exact[i] - (i % 2 == 0 ? far : 0)) < 1e-20F);
                    CHECK(std::abs(slope[i] - (i % 2 == 0 ? 1.0F : 0.0F)) < 1e-9F);
                }
            }
        }
    });
}
