// Which trained point is taken at a budget, which cannot be told apart from it, which is too dear.
#include "harness/analysis/compare/advice.hpp"

#include <cmath>
#include <string>

#include "harness/analysis/compare/front.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// One head errs 10, two heads 1, four heads about 1 and eight 0.5, but eight are slow. `seeds` of each.
RecordSet trained(int seeds) {
    JournalBuilder builder({"num_heads"});
    const auto add = [&](int heads, double step_s, const std::function<double(int)>& error) {
        const Point p = point({{"task", "k_lookup"}, {"num_heads", std::to_string(heads)}});
        builder.add_timed(p, "main: task=k_lookup", seeds, [&](int) { return step_s; });
        for (RoundRecord& round : builder.journal.rounds) {
            for (Sample& sample : round.samples) {
                if (sample.point == p.id()) sample.results["test_error"] = error(round.round);
            }
        }
    };
    const auto noise = [](int round) { return 1 + 0.1 * std::sin(7 * round); };
    add(1, 0.001, [&](int round) { return 10 * noise(round); });
    add(2, 0.001, [&](int round) { return noise(round); });
    add(4, 0.002, [&](int round) { return noise(round) * (round % 2 == 0 ? 1.2 : 0.9); });
    add(8, 0.010, [&](int round) { return 0.5 * noise(round); });
    return RecordSet(builder.journal);
}

int heads_of(const Candidate& candidate) { return static_cast<int>(candidate.entry->point.problem.num_heads); }

}  // namespace

TEST_CASE("the point that errs least within the budget is taken; others are tied, worse or too dear") {
    const RecordSet records = trained(12);
    const std::vector<HeadAdvice> all = advise(records, "k_lookup", 0.005);
    REQUIRE(all.size() == 1);
    const std::vector<Candidate>& found = all.front().candidates;
    REQUIRE(found.size() == 4);
    CHECK(heads_of(found[0]) == 2);
    CHECK(heads_of(found[1]) == 4);
    CHECK(found[1].tied());
    CHECK(heads_of(found[2]) == 1);
    CHECK_FALSE(found[2].tied());
    CHECK(found[2].ratio.low > 5);
    CHECK(heads_of(found[3]) == 8);
    CHECK_FALSE(found[3].affordable);
    const std::string text = advice_text(all, 0.005, records.fields());
    for (const char* line :
         {"take                   multi_head, num_heads=2", "not told apart from it multi_head, num_heads=4",
          "worse                  multi_head, num_heads=1", "over the budget        multi_head, num_heads=8"}) {
        CHECK(text.find(line) != std::string::npos);
    }
    CHECK(heads_of(advise(records, "k_lookup", 1).front().candidates.front()) == 8);
}

TEST_CASE("a budget below all, too few seeds, and a task that nobody trained are said") {
    const RecordSet records = trained(3);
    CHECK(advice_text(advise(records, "k_lookup", 1e-6), 1e-6, records.fields())
              .find("nothing trained here takes 0.001 ms") != std::string::npos);
    const std::vector<HeadAdvice> few = advise(records, "k_lookup", 1);
    for (std::size_t i = 1; i < 4; ++i) CHECK(few.front().candidates[i].tied());
    CHECK(advice_text(few, 1, records.fields()).find("too few seeds for an interval") != std::string::npos);
    CHECK_THROWS_WITH(advise(records, "k_lokup", 1), Catch::Matchers::Contains("k_lookup"));
    JournalBuilder untrained({"num_heads"});
    untrained.add_timed(point({{"num_heads", "2"}}), "main:", 3, [](int) { return 1.0; });
    CHECK_THROWS_AS(advise(RecordSet(untrained.journal), "k_lookup", 1), UsageError);
}

TEST_CASE("mechanisms are named by what tells them apart, and the fronts of time, FLOPs and cache by name") {
    JournalBuilder builder({"variant", "num_heads"});
    const auto add = [&](const std::string& variant, std::int64_t heads, const std::string& own, double step_s,
                         std::int64_t flops, std::int64_t kept, double error) {
        std::vector<std::pair<std::string, std::string>> fields = {{"variant", variant},
                                                                   {"task", "k_lookup"},
                                                                   {"batch", "2"},
                                                                   {"embed_dim", "64"},
                                                                   {"num_heads", std::to_string(heads)}};
        if (!own.empty()) fields.emplace_back(own, "1");
        const Point p = point(fields);
        builder.add_timed(p, "main: task=k_lookup", 8, [&](int) { return step_s; });
        builder.journal.points.back().counted.ops = {scores(flops, 3 * flops)};
        builder.journal.points.back().counted.kv_cache_bytes = kept;
        for (RoundRecord& round : builder.journal.rounds) {
            round.samples.back().results["test_error"] = error * (1 + 0.01 * round.round);
        }
    };
    add("multi_head", 2, "", 0.001, 100, 80, 0.5);
    add("multi_head", 4, "", 0.002, 100, 80, 0.1);
    add("multi_head", 4, "head_dim", 0.003, 90, 30, 0.2);
    add("multi_query", 4, "num_kv_heads", 0.004, 60, 20, 0.1);
    const RecordSet records(builder.journal);
    const std::vector<HeadAdvice> all = advise(records, "k_lookup", 0.003);
    REQUIRE(all.size() == 1);
    CHECK(all.front().candidates.front().flops == 100);
    CHECK(all.front().candidates.front().kept == 40);
    const std::string text = advice_text(all, 0.003, records.fields());
    INFO(text);
    for (const char* line :
         {"take                   multi_head, num_heads=4, head_dim=16, value_head_dim=16: error 0.1",
          "worse                  multi_head, num_heads=4, head_dim=1, value_head_dim=1: error",
          "worse                  multi_head, num_heads=2: error",
          "over the budget        multi_query, num_heads=4, num_kv_heads=1: error",
          "least error for time   multi_head, num_heads=2; multi_head, num_heads=4, head_dim=16, value_head_dim=16\n",
          "... for FLOPs          multi_query, num_heads=4, num_kv_heads=1\n",
          "... for cache          multi_query, num_heads=4, num_kv_heads=1\n"}) {
        CHECK_THAT(text, Catch::Matchers::Contains(line));
    }
}

TEST_CASE("on the front stands what nothing betters in cost and error, and of equals the first") {
    CHECK(pareto_front({}).empty());
    CHECK(pareto_front({{3, 1}, {1, 5}, {2, 5}, {2, 4}, {2, 4}, {9, 0.5}, {4, 1}}) ==
          std::vector<std::size_t>{1, 3, 0, 5});
}
