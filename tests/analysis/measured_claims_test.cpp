// Measured claims on simulated samples with fixed seeds: supported, refuted, inconclusive; Holm; exponents.
#include <cmath>
#include <random>

#include "harness/analysis/verdicts/verdict.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

/// With a drift that all points share.
std::function<double(int)> times(double ratio, double noise, unsigned seed) {
    return headcount::testing::times(ratio, noise, seed, 0.01);
}

JournalBuilder heads(double ratio, double noise, int rounds = 20) {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(point({{"num_heads", "1"}}), "g", rounds, times(1, noise, 1));
    builder.add_timed(point({{"num_heads", "8"}}), "g", rounds, times(ratio, noise, 2));
    builder.claim("R12", "within", "0.02", "time").base = {{"num_heads", "1"}};
    return builder;
}

Verdict judged(const JournalBuilder& builder) { return verify(builder.journal).front(); }

}  // namespace

TEST_CASE("times within the margin are supported, with ratio, interval, margin and the base in seconds") {
    const Verdict verdict = judged(heads(1.002, 0.005));
    CHECK(verdict.status == Status::supported);
    CHECK_THAT(verdict.observed, Contains("at num_heads=8 (20 rounds)"));
    CHECK(verdict.interval.contains(1.002));
    CHECK(verdict.margin == "[0.98, 1.02]");
    CHECK(verdict.base == "num_heads=1");
    CHECK_THAT(verdict.base_value, Contains("ms"));
    CHECK_FALSE(verdict.exact);
    CHECK(verdict.expected.empty());
}

TEST_CASE("times clearly beyond the margin are refuted") {
    const Verdict verdict = judged(heads(1.2, 0.005));
    CHECK(verdict.status == Status::refuted);
    CHECK(verdict.interval.low > 1.02);
    CHECK(judged(heads(0.8, 0.005)).status == Status::refuted);
}

TEST_CASE("times at the edge of the margin, few rounds and much noise are inconclusive") {
    CHECK(judged(heads(1.02, 0.01)).status == Status::inconclusive);
    CHECK(judged(heads(1, 0.2)).status == Status::inconclusive);
    const Verdict few = judged(heads(1, 0.001, 5));
    CHECK(few.status == Status::inconclusive);
    CHECK_THAT(few.reason, Contains("too few rounds"));
    CHECK(few.interval_text().empty());
}

TEST_CASE("points that share no round are not compared") {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(point({{"num_heads", "1"}}), "a", 20, times(1, 0.001, 1));
    builder.add_timed(point({{"num_heads", "8"}}), "b", 20, times(1, 0.001, 2));
    builder.claim("R12", "within", "0.02", "time");
    const Verdict verdict = judged(builder);
    CHECK(verdict.status == Status::inconclusive);
    CHECK_THAT(verdict.reason, Contains("shares no round"));
}

TEST_CASE("Holm keeps one unlucky comparison among many from refuting a claim") {
    // Refuted on its own by a p-value just below 0.05; among forty comparisons that is chance.
    const double ratio = 1.0305;
    double alone_p = 0;
    JournalBuilder alone = heads(ratio, 0.016);
    alone_p = judged(alone).interval.low;
    REQUIRE(judged(alone).status == Status::refuted);
    REQUIRE(alone_p > 1.02);

    JournalBuilder many({"seq_len", "num_heads"});
    many.add_timed(point({{"num_heads", "1"}}), "g", 20, times(1, 0.016, 1));
    many.add_timed(point({{"num_heads", "8"}}), "g", 20, times(ratio, 0.016, 2));
    for (int i = 1; i < 40; ++i) {
        const std::string length = std::to_string(64 + i);
        const std::string group = "g" + length;
        const auto seed = static_cast<unsigned>(10 + 2 * i);
        many.add_timed(point({{"num_heads", "1"}, {"seq_len", length}}), group, 20, times(1, 0.016, seed));
        many.add_timed(point({{"num_heads", "8"}, {"seq_len", length}}), group, 20, times(1, 0.016, seed + 1));
    }
    many.claim("R12", "within", "0.02", "time");
    const auto verdicts = verify(many.journal);
    CHECK(verdicts.size() == 41);
    CHECK(verdicts[1].corrected);
    CHECK(verdicts[1].interval.low < 1.02);
    CHECK(verdicts[1].status == Status::inconclusive);
    CHECK(verdicts[0].status != Status::refuted);
}

TEST_CASE("autocorrelated rounds are said to be so") {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(point({{"num_heads", "1"}}), "g", 20, [](int) { return 1e-3; });
    builder.add_timed(point({{"num_heads", "8"}}), "g", 20, [](int round) { return 1e-3 * (1 + 0.002 * round); });
    builder.claim("R12", "within", "0.05", "time");
    CHECK_THAT(judged(builder).reason, Contains("autocorrelated"));
}

TEST_CASE("a failed comparison keeps the others from supporting but not from refuting") {
    JournalBuilder close = heads(1, 0.002);
    close.add(point({{"num_heads", "4"}}), 1).outcome = Outcome::failed;
    CHECK(judged(close).status == Status::inconclusive);
    JournalBuilder far = heads(1.5, 0.002);
    far.add(point({{"num_heads", "4"}}), 1).outcome = Outcome::failed;
    CHECK(judged(far).status == Status::refuted);
}

TEST_CASE("an exponent is fitted round by round") {
    const auto powers = [](double exponent) {
        JournalBuilder builder({"seq_len"});
        for (int length : {128, 256, 512}) {
            builder.add_timed(point({{"seq_len", std::to_string(length)}}), "g", 20,
                              times(std::pow(length, exponent), 0.01, static_cast<unsigned>(length)));
        }
        builder.claim("R", "exponent", "2 +- 0.1", "time").across = {"seq_len"};
        return builder;
    };
    CHECK(judged(powers(2)).status == Status::supported);
    CHECK_THAT(judged(powers(2)).observed, Contains("over 3 values of seq_len"));
    CHECK(judged(powers(2)).margin == "[1.9, 2.1]");
    CHECK(judged(powers(1.5)).status == Status::refuted);
    CHECK(judged(powers(2.1)).status == Status::inconclusive);
    JournalBuilder two = heads(1, 0.01);
    two.claim("R", "exponent", "0 +- 0.1", "time");
    CHECK(verify(two.journal, {.claims = {"R"}}).front().status == Status::inconclusive);
}
