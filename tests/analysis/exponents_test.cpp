// Exponents of series over lengths: with an interval wherever there are rounds enough, paired where rounds are shared.
#include "harness/analysis/series/exponents.hpp"

#include <cmath>
#include <random>

#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

/// T = L^1.5 us, forty rounds of slowly wandering noise: neighbours resemble each other so much that the ranks between
/// which the median lies would be none.
JournalBuilder wandering(bool together, const std::vector<int>& lengths) {
    JournalBuilder builder({"seq_len"});
    for (const int length : lengths) {
        std::mt19937_64 random(together ? 7U : static_cast<unsigned>(length));
        std::normal_distribution<double> draw(0, 0.01);
        double state = 0;
        builder.add_timed(point({{"seq_len", std::to_string(length)}}), together ? "g" : "g" + std::to_string(length),
                          40, [&](int) {
                              state = 0.9 * state + draw(random);
                              return 1e-6 * std::pow(length, 1.5) * std::exp(state);
                          });
    }
    return builder;
}

}  // namespace

TEST_CASE("an exponent has an interval though the medians have none") {
    const RecordSet records(wandering(false, {128, 256, 512}).journal);
    const auto all = exponents(records);
    REQUIRE(all.size() == 1);
    CHECK(all[0].lengths == 3);
    CHECK_FALSE(all[0].paired);
    CHECK(all[0].slope.bounded());
    CHECK(all[0].slope.contains(1.5));
    CHECK(all[0].slope.width() > 1e-3);
    CHECK(all[0].shortest->point.problem.kv_len == 128);
}

TEST_CASE("noise that the lengths share cancels in shared rounds") {
    const RecordSet records(wandering(true, {512, 128, 256}).journal);
    const auto all = exponents(records);
    REQUIRE(all.size() == 1);
    CHECK(all[0].paired);
    CHECK(all[0].slope.estimate == Approx(1.5));
    CHECK(all[0].slope.width() < 1e-6);
    CHECK(all[0].first_step == Approx(1.5));
}

TEST_CASE("two lengths make no exponent, and other heads another series") {
    CHECK(exponents(RecordSet(wandering(false, {128, 256}).journal)).empty());
    JournalBuilder builder = wandering(false, {128, 256, 512});
    builder.add_timed(point({{"seq_len", "1024"}, {"num_heads", "2"}}), "h", 10, [](int) { return 1e-3; });
    CHECK(exponents(RecordSet(builder.journal)).size() == 1);
}
