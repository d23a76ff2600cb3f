// Parts that sum to the difference, and a law that is found again where it holds and betrays itself where not.
#include "harness/analysis/series/attribution.hpp"

#include <cmath>
#include <random>

#include "harness/analysis/model/breakdown.hpp"
#include "harness/analysis/model/roofline.hpp"
#include "harness/analysis/series/law.hpp"
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
    const auto all = attribute(series[0], records.run());
    REQUIRE(all.size() == 2);
    for (const Attribution& a : all) {
        CHECK(a.difference.bounded());
        CHECK(a.residual_within_interval());
        CHECK(a.base_tracing == Approx(2).epsilon(0.02));
        CHECK(a.gemm_work == 0);
        CHECK(std::abs(a.products_slower_s) < 2e-5);
    }
    CHECK(all[1].copies == Approx(15 * 1e-4 / 2).epsilon(0.03));
    CHECK(all[1].softmax == Approx(1.5e-3 * std::exp(0.095)).epsilon(0.05));
    CHECK(attribution_text(series, records.run()).find("OUTSIDE") == std::string::npos);
}

TEST_CASE("a verb's time is arithmetic, traffic beyond it and the rest, and nothing else") {
    const Rates rates{.flops = 1e9, .exps = 1e8, .bytes = 1e6};
    OpCost product;  // 2 ms of arithmetic, 1 ms of bytes
    product.multiplies = product.adds = 1'000'000;
    product.bytes_read = 1000;
    const TimeParts hidden = split_time(5e-3, product, rates);
    CHECK(hidden.arithmetic == Approx(2e-3));
    CHECK(hidden.traffic == 0);
    CHECK(hidden.traffic_at_most == Approx(1e-3));
    CHECK(hidden.beyond == Approx(3e-3));
    product.bytes_written = 3000;  // now 4 ms of bytes: 2 ms more than arithmetic
    const TimeParts exposed = split_time(5e-3, product, rates);
    CHECK(exposed.traffic == Approx(2e-3));
    CHECK(exposed.traffic_at_most == Approx(3e-3));  // no more than there is beside arithmetic
    CHECK(exposed.beyond == Approx(1e-3));
    const TimeParts cached = split_time(2.5e-3, product, rates);  // faster than the bytes could stream
    CHECK(cached.traffic == Approx(5e-4));
    CHECK(cached.beyond == Approx(0).margin(1e-12));
    const TimeParts beyond_peak = split_time(1e-3, product, rates);
    CHECK(beyond_peak.arithmetic == Approx(1e-3));
    CHECK(beyond_peak.traffic == 0);
    OpCost softmax;  // adds and multiplies of fused lanes, divides and compares alone, exps by their own rate
    softmax.adds = 500'000;
    softmax.divides = 500'000;
    softmax.exps = 100'000;
    CHECK(split_time(1, softmax, rates).arithmetic == Approx(3e-3));
}

TEST_CASE("traffic takes from the verbs what it is charged, and the parts still sum") {
    JournalBuilder builder = timed({1, 4}, by_law);
    for (PointRecord& record : builder.journal.points) {
        const double heads = record.point.find("num_heads=4") == std::string::npos ? 1 : 4;
        const double timed = by_law(static_cast<int>(heads)) * std::exp(0.095);
        record.traced_s = timed;  // no cost of tracing
        record.breakdown = {{.verb = "matmul", .role = "scores", .seconds = 1e-3},
                            {.verb = "softmax_rows", .role = "weights", .seconds = timed - 1e-3}};
        OpPart softmax{.op = "softmax", .role = "weights", .required = {}, .executed = {}};
        softmax.executed.exps = static_cast<std::int64_t>(heads) * 1000;           // 10 us a head
        softmax.executed.bytes_read = static_cast<std::int64_t>(heads) * 100'000;  // 100 us a head
        record.counted.ops.push_back(softmax);
    }
    const auto attributed = [&] {
        const RecordSet records(builder.journal);
        return attribute(head_series(records).at(0), records.run()).at(0);
    };
    const Attribution without = attributed();
    CHECK_FALSE(without.has_traffic);
    CHECK(without.traffic == 0);
    builder.journal.run.limits = {
        {"fma_gflops.f32.threads=1", 1}, {"exp_gops.f32.threads=1", 0.1}, {"read_gbps.threads=1", 1}};
    const Attribution with = attributed();
    CHECK(with.has_traffic);
    CHECK(with.traffic == Approx(3 * 90e-6).epsilon(0.01));
    CHECK(with.traffic_at_most == Approx(3 * 100e-6).epsilon(0.01));
    CHECK(with.softmax == Approx(without.softmax - with.traffic));
    CHECK(with.products_slower_s == Approx(without.products_slower_s));
    CHECK(with.sum() == Approx(without.sum()));
    CHECK(with.residual().estimate == Approx(with.difference.estimate - with.sum()).margin(1e-12));
    CHECK(with.residual().width() == Approx(with.difference.width()));
    CHECK(with.residual().contains(0));
}

TEST_CASE("limits of other threads, of other types or of another run are none") {
    RunRecord run;
    run.limits = {{"fma_gflops.f32.threads=2", 100}, {"exp_gops.f32.threads=2", 5}, {"read_gbps.threads=2", 10}};
    PointRecord record;
    CHECK_FALSE(rates_of(run, record, point({})));
    CHECK(rates_of(run, record, point({{"num_threads", "2"}}))->bytes == Approx(1e10));
    CHECK_FALSE(rates_of(run, record, point({{"num_threads", "2"}, {"dtype", "f64"}})));
    CHECK(rates_of(run, record, point({{"num_threads", "2"}}))->exps == Approx(5e9));
    run.limits["exp2_gops.f32.threads=2"] = 15;  // our own exponential
    CHECK(rates_of(run, record, point({{"num_threads", "2"}}))->exps == Approx(1.5e10));
    run.sources.push_back(
        {.id = "a", .run = "", .shard = "", .started = "", .command = {}, .environment = {}, .limits = run.limits});
    run.sources.back().limits["read_gbps.threads=2"] = 20;
    record.run = "a";
    CHECK(rates_of(run, record, point({{"num_threads", "2"}}))->bytes == Approx(2e10));
}

TEST_CASE("the work of every operation belongs to the share whose span does it") {
    PointRecord record;
    const auto part = [](const char* op, const char* role, std::int64_t multiplies) {
        OpPart result{.op = op, .role = role, .required = {}, .executed = {}};
        result.executed.multiplies = multiplies;
        return result;
    };
    record.counted.ops = {part("matmul", "query", 1),     part("bias", "query", 2),       part("matmul", "scores", 4),
                          part("scale", "scores", 8),     part("softmax", "weights", 16), part("matmul", "context", 32),
                          part("rescale", "context", 64), part("copy", "key", 128)};
    record.breakdown = {{.verb = "softmax_rows", .role = "weights", .seconds = 1}};
    const auto of = [&](std::string_view name) {
        for (std::size_t i = 0; i < kShares.size(); ++i) {
            if (kShares[i].name == name) return work_of(record)[i].multiplies;
        }
        return std::int64_t{-1};
    };
    CHECK(of("projections") == 3);
    CHECK(of("scores") == 12);
    CHECK(of("softmax") == 16);
    CHECK(of("context") == 32);
    CHECK(of("copies") == 128);
    record.breakdown = {{.verb = "attend", .role = "context", .seconds = 1}};
    CHECK(of("projections") == 3);
    CHECK(of("fused") == 4 + 8 + 16 + 32 + 64);
    CHECK(of("scores") == 0);
    CHECK(of("other") == 0);
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
