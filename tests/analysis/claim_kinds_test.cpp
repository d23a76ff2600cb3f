// Bounds, speed, order and peak: each kind supported, refuted and inconclusive, on measured and on exact metrics.
#include <cmath>
#include <random>

#include "harness/analysis/claims/claim.hpp"
#include "harness/analysis/verdicts/verdict.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

using Times = std::vector<std::pair<const char*, double>>;  // number of heads, milliseconds

/// Twenty rounds of each point in one group, 1 % of noise.
Verdict measured(const Times& times, const std::string& kind, const std::string& argument, double noise = 0.01) {
    JournalBuilder builder({"num_heads"});
    unsigned seed = 0;
    for (const auto& [heads, milliseconds] : times) {
        builder.add_timed(point({{"num_heads", heads}}), "g", 20,
                          [noise, s = ++seed, mean_ms = milliseconds](int round) {
                              std::mt19937_64 random((s + 40) * 1000003U + static_cast<unsigned>(round));
                              std::normal_distribution<double> draw(0, noise);
                              return 1e-3 * mean_ms * std::exp(draw(random));
                          });
    }
    builder.claim("R", kind, argument, "time").base = {{"num_heads", "1"}};
    return verify(builder.journal).front();
}

using Counts = std::vector<std::pair<const char*, std::int64_t>>;

Verdict counted(const Counts& counts, const std::string& kind, const std::string& argument) {
    JournalBuilder builder({"num_heads"});
    for (const auto& [heads, multiplies] : counts) builder.add(point({{"num_heads", heads}}), multiplies);
    builder.claim("R", kind, argument).base = {{"num_heads", "1"}};
    return verify(builder.journal).front();
}

constexpr double kMuch = 0.5;  // noise that hides all

}  // namespace

TEST_CASE("at_most and at_least bound a measured ratio to the base") {
    using enum Status;
    const Times slower{{"1", 1}, {"4", 1.2}, {"8", 1.4}};
    CHECK(measured(slower, "at_most", "1.5").status == supported);
    CHECK(measured(slower, "at_most", "1.3").status == refuted);
    CHECK(measured(slower, "at_most", "1.4").status == inconclusive);
    CHECK(measured(slower, "at_most", "1.5", kMuch).status == inconclusive);
    CHECK(measured(slower, "at_least", "1.1").status == supported);
    CHECK(measured(slower, "at_least", "1.3").status == refuted);
    CHECK(measured(slower, "at_least", "1.2").status == inconclusive);
    CHECK_FALSE(measured(slower, "at_most", "1.5").exact);
    CHECK(measured({{"1", 1}, {"2", 1.9}, {"4", 3.9}}, "at_most", "num_heads").status == supported);
    CHECK(measured({{"1", 1}}, "at_most", "2").status == inconclusive);
}

TEST_CASE("at_most and at_least bound a count exactly") {
    const Counts counts{{"1", 10}, {"4", 40}};
    CHECK(counted(counts, "at_most", "10 * num_heads").status == Status::supported);
    CHECK(counted(counts, "at_most", "39").status == Status::refuted);
    CHECK(counted(counts, "at_least", "10").status == Status::supported);
    CHECK(counted(counts, "at_least", "11").status == Status::refuted);
    CHECK(counted(counts, "at_least", "11").exact);
    CHECK_THAT(counted(counts, "at_least", "11").observed, Contains("10 at num_heads=1, below 11"));
}

TEST_CASE("faster_than wants every case faster by the factor") {
    using enum Status;
    const Times faster{{"1", 1}, {"4", 0.8}, {"8", 0.7}};
    CHECK(measured(faster, "faster_than", "1").status == supported);
    CHECK(measured(faster, "faster_than", "1.2").status == supported);
    CHECK(measured(faster, "faster_than", "1.35").status == refuted);
    CHECK(measured(faster, "faster_than", "1.25").status == inconclusive);
    CHECK(measured({{"1", 1}, {"4", 1}}, "faster_than", "1").status == inconclusive);
    CHECK(measured({{"1", 1}, {"4", 0.8}, {"8", 1.1}}, "faster_than", "1").status == refuted);
    CHECK_THROWS_AS(measured(faster, "faster_than", "0.5"), UsageError);
    CHECK_THAT(counted({{"1", 1}, {"2", 1}}, "faster_than", "1").reason, Contains("the metric is exact"));
}

TEST_CASE("ordering compares each case with the one before") {
    using enum Status;
    const Times rising{{"8", 1.4}, {"1", 1}, {"4", 1.2}};
    CHECK(measured(rising, "ordering", "rising").status == supported);
    CHECK(measured(rising, "ordering", "falling").status == refuted);
    CHECK(measured(rising, "ordering", "1 < 4 < 8").status == supported);
    CHECK(measured(rising, "ordering", "4 < 1 < 8").status == refuted);
    CHECK(measured(rising, "ordering", "rising", kMuch).status == inconclusive);
    CHECK(measured({{"1", 1}, {"4", 1}}, "ordering", "rising").status == inconclusive);
    CHECK(measured({{"1", 1}}, "ordering", "rising").status == inconclusive);
    CHECK_THROWS_AS(measured(rising, "ordering", "up"), UsageError);
    CHECK(counted({{"1", 1}, {"2", 2}}, "ordering", "rising").status == supported);
    CHECK(counted({{"1", 1}, {"2", 1}}, "ordering", "rising").status == refuted);
}

TEST_CASE("peaks_at wants the largest value there and nowhere else") {
    using enum Status;
    const Times peak{{"1", 1}, {"4", 1.4}, {"8", 1.2}};
    CHECK(measured(peak, "peaks_at", "4").status == supported);
    CHECK(measured(peak, "peaks_at", "8").status == refuted);
    CHECK(measured({{"1", 1}, {"4", 1.4}, {"8", 1.4}}, "peaks_at", "4").status == inconclusive);
    CHECK(measured(peak, "peaks_at", "4", kMuch).status == inconclusive);
    CHECK_THAT(measured(peak, "peaks_at", "16").reason, Contains("no case with a value has num_heads=16"));
    CHECK(counted({{"1", 1}, {"2", 3}, {"4", 2}}, "peaks_at", "2").status == supported);
    CHECK(counted({{"1", 3}, {"2", 3}}, "peaks_at", "2").status == refuted);
}

TEST_CASE("an inconclusive verdict never shows an interval outside the margin") {
    // One group differs by half, with a few rounds the other way; fifty others are the same.
    JournalBuilder builder({"seq_len", "num_heads"});
    for (int i = 0; i < 51; ++i) {
        const std::string length = std::to_string(64 + i);
        builder.add_timed(point({{"num_heads", "1"}, {"seq_len", length}}), "g" + length, 20,
                          [](int round) { return 1e-3 * (1 + 0.001 * (round * 7 % 20)); });
        builder.add_timed(point({{"num_heads", "8"}, {"seq_len", length}}), "g" + length, 20, [i](int round) {
            const double ratio = i > 0 ? 1.0 : (round % 10 == 2 ? 0.6 : 1.3);
            return 1e-3 * ratio * (1 + 0.001 * (round * 3 % 20));
        });
    }
    builder.claim("R12", "within", "0.05", "time");
    const Verdict verdict = verify(builder.journal)[1];
    REQUIRE(verdict.status == Status::inconclusive);
    CHECK(verdict.corrected);
    CHECK(verdict.interval.low < 1.05);
    CHECK_THAT(verdict.reason, Contains("Holm's correction for 51 comparisons"));
}

TEST_CASE("equal things keep a claim by a margin, or do not, or it depends on the point") {
    const auto slack = [](const std::string& kind, const std::string& argument) -> std::optional<double> {
        const ClaimKind& found = find_named(all_claim_kinds(), kind, "claim kind");
        ClaimSpec claim;
        claim.argument = argument;
        return found.slack == nullptr ? std::nullopt : found.slack(claim);
    };
    CHECK(slack("within", "0.05").value() == Approx(0.05));
    CHECK(slack("at_most", "1.02").value() == Approx(0.02));
    CHECK(slack("at_most", "1 + 1/50").value() == Approx(0.02));
    CHECK(slack("at_least", "0.9").value() == Approx(0.1));
    CHECK_FALSE(slack("at_most", "0.9"));
    CHECK_FALSE(slack("at_least", "1.5"));
    CHECK_FALSE(slack("at_most", "num_heads"));
    CHECK_FALSE(slack("faster_than", "1"));
}
