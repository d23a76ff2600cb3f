// Rule 1: ratios say to what base, and the base is the best serial execution or named beside it.
#include "tests/analysis/linted_result.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("rule 1: a base without a value, several threads as a serial base, ratios without their base") {
    JournalBuilder no_base = good();
    no_base.journal.run.claims.back().base = {{"num_heads", "8"}};
    CHECK(has(complaint(no_base.journal, 1, "claim times"), "no base case"));

    JournalBuilder parallel = good();
    for (const int threads : {2, 4}) {
        parallel.add_timed(heads(1, std::to_string(threads)), "t", kRounds, [=](int round) { return noise(round); });
    }
    ClaimSpec& claim = parallel.journal.run.claims.back();
    claim.across = {"num_threads"};
    claim.base = {{"num_threads", "2"}};
    CHECK(has(complaint(parallel.journal, 1, "claim times"), "2 threads"));

    Display bare = good_figure();
    bare.base.clear();
    complaint(good().journal, 1, "figure times", bare);
}

TEST_CASE("rule 1: the best serial execution is named beside the base") {
    JournalBuilder builder = good();
    PointSpec spec;
    for (const auto& [field, value] : std::vector<std::pair<std::string, std::string>>{
             {"variant", "streaming"}, {"backend", "blas"}, {"seq_len", "64"}, {"embed_dim", "64"}}) {
        set_field(spec, field, value);
    }
    builder.add_timed(resolve(spec), "s", kRounds, [](int round) { return 0.005 * noise(round); });
    builder.add_timed(heads(1, "2"), "g", kRounds, [](int round) { return 0.006 * noise(round, 3); });
    ClaimSpec& claim = builder.journal.run.claims.back();
    claim.across = {"num_threads"};
    claim.base = {{"num_threads", "1"}};
    claim.where = {{"variant", {"multi_head"}}, {"num_heads", {"1"}}};
    const RuleFinding found = finding(linted(builder.journal, {}), 1, "claim times");
    CHECK(found.compliance == Compliance::satisfied);
    CHECK(has(found.reason, "streaming/blas"));
}
