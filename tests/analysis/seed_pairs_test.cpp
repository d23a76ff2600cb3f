// What a journal of A/A comparisons is read as, on simulated samples.
#include "harness/analysis/verdicts/seed_pairs.hpp"

#include "harness/analysis/show/limits_table.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;
using headcount::testing::times;

namespace {

std::vector<SeedPair> summaries(double ratio, double noise) {
    JournalBuilder builder({"seed"});
    builder.add_timed(point({}), "g", 80, times(1, noise, 1));
    builder.add_timed(point({{"seed", "2"}}), "g", 80, times(ratio, noise, 2));
    return seed_pairs(RecordSet(builder.journal));
}

}  // namespace

TEST_CASE("two equal points are the same, with noise, time and what could be told") {
    const auto all = summaries(1, 0.02);
    REQUIRE(all.size() == 1);
    const SeedPair& s = all.front();
    CHECK_FALSE(s.different());
    CHECK(s.rounds == 80);
    CHECK(s.time_s == Approx(1e-3).epsilon(0.01));
    CHECK(s.sample_s == s.time_s);  // one iteration a visit
    CHECK(s.noise == Approx(0.02).epsilon(0.35));
    REQUIRE(s.resolvable.size() == 4);
    // A round is two visits, each with its warm iteration.
    CHECK(s.resolvable[0].seconds == Approx(10 * 4e-3).epsilon(0.02));
    for (std::size_t i = 1; i < 4; ++i) CHECK(s.resolvable[i].margin < s.resolvable[i - 1].margin);
    CHECK_THAT(to_terminal(seed_pair_table(all)), Contains("same"));
    CHECK_THAT(to_terminal(resolvable_table(all)), Contains("% in"));
}

TEST_CASE("equal points that differ all the same are said to, loudly") {
    const auto all = summaries(1.05, 0.01);
    REQUIRE(all.size() == 1);
    CHECK(all.front().different());
    CHECK(all.front().resolvable.back().margin > 0.045);
    CHECK_THAT(to_terminal(seed_pair_table(all)), Contains("DIFFERENT"));
}

TEST_CASE("points that differ in more than the seed, or share no round, are no A/A comparison") {
    JournalBuilder builder({"seed", "num_heads"});
    builder.add_timed(point({}), "g", 20, times(1, 0.01, 1));
    builder.add_timed(point({{"num_heads", "8"}, {"seed", "2"}}), "g", 20, times(1, 0.01, 2));
    builder.add_timed(point({{"seed", "3"}}), "other", 20, times(1, 0.01, 3));
    CHECK(seed_pairs(RecordSet(builder.journal)).empty());
    CHECK(resolvable_table({}).rows.empty());
}

TEST_CASE("limits become rows, numbers of threads columns, whatever limits there are") {
    const Table table = limits_table({{"fma_gflops.f32.threads=1", 100},
                                      {"fma_gflops.f32.threads=16", 1000},
                                      {"read_gbps.l2.threads=1", 50.25},
                                      {"novel_thing", 3}});
    REQUIRE(table.columns.size() == 5);
    CHECK(table.columns[2].name == "in all");
    CHECK(table.columns[3].name == "1 thread");
    CHECK(table.columns[4].name == "16 threads");
    REQUIRE(table.rows.size() == 3);
    CHECK(table.rows[0] == std::vector<std::string>{"fma_gflops.f32", "1e9 flop/s", "", "100", "1000"});
    CHECK(table.rows[1] == std::vector<std::string>{"novel_thing", "", "3", "", ""});
    CHECK(table.rows[2] == std::vector<std::string>{"read_gbps.l2", "1e9 B/s", "", "50.25", ""});
}
