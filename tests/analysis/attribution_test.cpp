// Parts that sum to the difference, and a law that is found again where it holds and betrays itself where not.
#include "harness/analysis/attribution.hpp"

#include <cmath>
#include <random>

#include "harness/analysis/law.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

/// Twenty rounds with 1 % of noise and a drift; the traced pass takes twice the time.
JournalBuilder timed(const std::vector<int>& heads, const std::function<double(int)>& seconds) {
    JournalBuilder builder({"num_heads"});
    for (const int h : heads) {
        builder.add_timed(point({{"num_heads", std::to_string(h)}}), "g", 20, [&, h](int round) {
            std::mt19937_64 random(static_cast<unsigned>(h) * 1000003U + static_cast<unsigned>(round));
            std::normal_distribution<double> draw(0, 0.01);
            return seconds(h) * std::exp(draw(random) + 0.01 * round);
        });
        PointRecord& record = builder.journal.points.back();
        const double median = seconds(h) * std::exp(0.095);  // of the drift
        record.traced_s = 2 * median;
        record.breakdown = {{.verb = "matmul", .role = "query", .seconds = 1e-3},
                            {.verb = "matmul", .role = "scores", .seconds = 5e-4},
                            {.verb = "softmax_rows", .role = "scores", .seconds = 2 * median - 2e-3},
                            {.verb = "copy", .role = "context", .seconds = 1e-4 * h}};
    }
    return builder;
}

double by_law(int heads) { return 2e-3 + 1e-4 * heads; }

}  // namespace

TEST_CASE("the parts sum to the difference in time, within its interval") {
    const RecordSet records(timed({1, 4, 16}, by_law).journal);
    const auto series = head_series(records);
    REQUIRE(series.size() == 1);
    CHECK(series[0].seconds.size() == 20);
    const auto all = attribute(series[0]);
    REQUIRE(all.size() == 2);
    for (const Attribution& a : all) {
        CHECK(a.difference.bounded());
        CHECK(a.residual_within_interval());
        CHECK(a.base_tracing == Approx(2).epsilon(0.02));
        CHECK(a.gemm_work == 0);
        CHECK(std::abs(a.gemm_efficiency) < 2e-5);
    }
    CHECK(all[1].copies == Approx(15 * 1e-4 / 2).epsilon(0.03));
    CHECK(all[1].softmax == Approx(1.5e-3 * std::exp(0.095)).epsilon(0.05));
    CHECK(attribution_text(series).find("OUTSIDE") == std::string::npos);
}

TEST_CASE("the law is found again, and predicts the points left out") {
    const RecordSet records(timed({1, 2, 4, 8, 16}, by_law).journal);
    const Law law = fit_law(head_series(records).at(0));
    CHECK(law.projections_s == Approx(5e-4).epsilon(0.02));
    CHECK(law.beta.estimate == Approx(1e-4 * std::exp(0.095)).epsilon(0.1));
    CHECK(law.beta.bounded());
    CHECK(law.alpha.low > 0);
    // alpha E = 2 ms drifted - 0.5 ms: the heads that cost as much are about 17; 64 columns over them.
    CHECK(law.break_even.contains(64 / ((2e-3 * std::exp(0.095) - 5e-4) / (1e-4 * std::exp(0.095)))));
    REQUIRE(law.left_out.size() == 5);
    for (const LeftOut& left : law.left_out) CHECK(left.ratio.estimate == Approx(1).epsilon(0.05));
}

TEST_CASE("where the law does not hold, the points left out say so") {
    const RecordSet records(timed({1, 2, 4, 8, 16}, [](int h) { return 1e-3 * (1 + h * h / 16.0); }).journal);
    const Law law = fit_law(head_series(records).at(0));
    CHECK(law.left_out.back().ratio.high < 0.8);
}

TEST_CASE("two numbers of heads make no law") {
    const RecordSet records(timed({1, 4}, by_law).journal);
    CHECK_THROWS_AS(fit_law(head_series(records).at(0)), Error);
    CHECK(law_text(head_series(records)).empty());
}
