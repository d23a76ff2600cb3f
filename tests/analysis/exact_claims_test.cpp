// Exact claim kinds on counts made by hand: each must support, refute and stay inconclusive where it should.
#include <functional>

#include "harness/analysis/verdicts/verdict.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

using Law = std::function<std::int64_t(const Problem&)>;

Journal over_heads(const Law& law, const std::vector<std::string>& heads, const std::string& kind,
                   const std::string& argument, const std::string& outcome = "supported") {
    JournalBuilder builder({"num_heads"});
    for (const std::string& h : heads) {
        const Point p = point({{"num_heads", h}});
        builder.add(p, law(p.problem));
    }
    builder.claim("R", kind, argument).outcome = outcome;
    return builder.journal;
}

Verdict summary(const Journal& journal) { return verify(journal).front(); }

Verdict judged(const Law& law, const std::string& kind, const std::string& argument,
               const std::vector<std::string>& heads = {"1", "2", "4", "8"}) {
    return summary(over_heads(law, heads, kind, argument));
}

}  // namespace

TEST_CASE("equal counts are equal, and one unit more is not") {
    const Verdict same = judged([](const Problem&) { return 4096; }, "equal", "exactly");
    CHECK(same.status == Status::supported);
    CHECK(same.observed == "4096 in all 4 cases");
    CHECK(same.interval_text() == "exact");
    CHECK(same.base == "num_heads=1");
    CHECK(same.base_value == "4096");
    CHECK(same.as_expected());
    const Verdict off = judged([](const Problem& p) { return 4096 + (p.num_heads == 4 ? 1 : 0); }, "equal", "exactly");
    CHECK(off.status == Status::refuted);
    CHECK_THAT(off.observed, Contains("exactly 4097/4096 times") && Contains("num_heads=4"));
    CHECK_FALSE(off.as_expected());
}

TEST_CASE("a refuting factor is shown exactly, in either direction") {
    CHECK_THAT(judged([](const Problem& p) { return 100 * p.num_heads; }, "equal", "exactly").observed,
               Contains("exactly 8 times at num_heads=8 (800)"));
    CHECK_THAT(
        judged([](const Problem& p) { return 64000 / (p.num_heads * p.num_heads); }, "equal", "exactly").observed,
        Contains("exactly 64 times less at num_heads=8 (1000)"));
}

TEST_CASE("one point is nothing to compare, and none matches nothing") {
    const Verdict one = judged([](const Problem&) { return 1; }, "equal", "exactly", {"1"});
    CHECK(one.status == Status::inconclusive);
    CHECK_THAT(one.reason, Contains("nothing to compare"));
    Journal journal = over_heads([](const Problem&) { return 1; }, {"1", "2"}, "equal", "exactly");
    journal.run.claims.front().where = {{"variant", {"streaming"}}};
    CHECK(summary(journal).status == Status::inconclusive);
    CHECK_THAT(summary(journal).reason, Contains("no point of the run matches"));
}

TEST_CASE("proportional means proportional, not nearly so") {
    CHECK(judged([](const Problem& p) { return 7 * p.num_heads; }, "proportional_to", "num_heads").status ==
          Status::supported);
    CHECK_THAT(judged([](const Problem& p) { return 7 * p.num_heads; }, "proportional_to", "num_heads").observed,
               Contains("exactly 8 times at num_heads=8"));
    const Verdict off = judged([](const Problem& p) { return 7 * p.num_heads + 1; }, "proportional_to", "num_heads");
    CHECK(off.status == Status::refuted);
    CHECK_THAT(off.observed, Contains("the law says exactly 8 times"));
    CHECK(judged([](const Problem&) { return 3; }, "proportional_to", "num_heads - 1").status == Status::inconclusive);
}

TEST_CASE("inverse proportion to the square is the law of R2b") {
    const Law law = [](const Problem& p) { return p.num_heads * p.head_dim * p.head_dim * p.head_dim; };
    CHECK(judged(law, "inversely_proportional_to", "num_heads^2").status == Status::supported);
    const Verdict off = judged(law, "inversely_proportional_to", "num_heads");
    CHECK(off.status == Status::refuted);
    CHECK_THAT(off.observed, Contains("exactly 64 times less at num_heads=8, the law says exactly 8 times less"));
    CHECK(judged([](const Problem&) { return 0; }, "inversely_proportional_to", "num_heads").status ==
          Status::inconclusive);
}

TEST_CASE("a closed form may use every field, the pairs, either ledger and other metrics") {
    const Law law = [](const Problem& p) { return p.batch * p.num_heads * p.q_len * p.kv_len * p.head_dim; };
    CHECK(judged(law, "equals", "batch * pairs * embed_dim").status == Status::supported);
    CHECK(judged(law, "equals", "executed").status == Status::supported);
    CHECK(judged(law, "equals", "total.multiplies + total.exps").status == Status::supported);
    CHECK(judged(law, "equals", "base").status == Status::supported);
    CHECK(judged(law, "equals", "seq_len^2 * num_heads * head_dim * dtype_bytes / 4 + causal + bias").status ==
          Status::supported);
    const Verdict off = judged(law, "equals", "pairs * embed_dim + num_heads");
    CHECK(off.status == Status::refuted);
    CHECK_THAT(off.observed, Contains("262144 at num_heads=1, the law says 262145"));
    CHECK_THROWS_WITH(judged(law, "equals", "head_dimm"),
                      Contains("made_by_hand.yaml:1:1") && Contains("claim R") && Contains("head_dim"));
}

TEST_CASE("the ledger of a claim decides which count is judged") {
    JournalBuilder builder({"num_heads"});
    for (const char* h : {"1", "2"}) {
        const Point p = point({{"num_heads", h}});
        builder.add(p, 10, 10 * p.problem.num_heads);
    }
    builder.claim("required", "equal", "exactly");
    builder.claim("executed", "equal", "exactly").ledger = Ledger::executed;
    const auto verdicts = verify(builder.journal);
    CHECK(verdicts[0].status == Status::supported);
    CHECK(verdicts[2].status == Status::refuted);
}

TEST_CASE("affine takes the exact slope from three values on") {
    const Law law = [](const Problem& p) { return 5 + 16 * p.num_heads; };
    const Verdict line = judged(law, "affine", "16");
    CHECK(line.status == Status::supported);
    CHECK_THAT(line.observed, Contains("slope exactly 16 over 4 values, intercept 5"));
    CHECK(judged(law, "affine", "17").status == Status::refuted);
    CHECK(judged([](const Problem& p) { return p.num_heads * p.num_heads; }, "affine", "1").status == Status::refuted);
    CHECK(judged(law, "affine", "16", {"1", "2"}).status == Status::inconclusive);
    CHECK(judged([](const Problem&) { return 9; }, "affine", "0").status == Status::supported);
    CHECK_THROWS_AS(judged(law, "affine", "num_heads"), UsageError);
}

TEST_CASE("a bound may be reached but not passed") {
    const Law law = [](const Problem& p) { return 10 * p.num_heads; };
    CHECK(judged(law, "at_most", "10 * num_heads").status == Status::supported);
    const Verdict over = judged(law, "at_most", "70");
    CHECK(over.status == Status::refuted);
    CHECK_THAT(over.observed, Contains("80 at num_heads=8, above 70"));
}

TEST_CASE("an exact kind refuses a measured metric and the reverse") {
    Journal journal = over_heads([](const Problem&) { return 1; }, {"1", "2"}, "within", "0.02");
    CHECK_THAT(summary(journal).reason, Contains("use an exact kind"));
    CHECK(summary(journal).status == Status::inconclusive);
    JournalBuilder builder({"num_heads"});
    for (const char* h : {"1", "2"}) builder.add_timed(point({{"num_heads", h}}), "g", 10, [](int) { return 1e-3; });
    builder.claim("R", "equal", "exactly", "time");
    CHECK_THAT(summary(builder.journal).reason, Contains("use a measured kind"));
}

TEST_CASE("a failed point keeps a claim from being supported; a skipped one is named") {
    const Law law = [](const Problem&) { return 5; };
    Journal failed = over_heads(law, {"1", "2", "4"}, "equal", "exactly");
    failed.points[1].outcome = Outcome::failed;
    failed.points[1].reason = "error 3.0 at row 7";
    CHECK(summary(failed).status == Status::inconclusive);
    CHECK_THAT(summary(failed).reason, Contains("num_heads=2") && Contains("error 3.0 at row 7"));

    Journal skipped = over_heads(law, {"1", "2", "4"}, "equal", "exactly");
    skipped.points[1].outcome = Outcome::skipped;
    skipped.points[1].reason = "needs 60 GB";
    skipped.points[1].counted.ops.clear();
    CHECK(summary(skipped).status == Status::supported);
    CHECK_THAT(summary(skipped).reason, Contains("num_heads=2") && Contains("needs 60 GB"));

    Journal unfinished = over_heads(law, {"1", "2", "4"}, "equal", "exactly");
    unfinished.points.pop_back();
    CHECK(summary(unfinished).status == Status::inconclusive);
    CHECK_THAT(summary(unfinished).reason, Contains("unfinished: 1 points missing"));
}

TEST_CASE("the base case is the one that the claim names") {
    Journal journal =
        over_heads([](const Problem& p) { return 10 * p.num_heads; }, {"1", "2", "4"}, "equal", "exactly");
    journal.run.claims.front().base = {{"num_heads", "4"}};
    CHECK(summary(journal).base == "num_heads=4");
    CHECK(summary(journal).base_value == "40");
    CHECK_THAT(summary(journal).observed, Contains("exactly 2 times less at num_heads=2"));
    journal.run.claims.front().base = {{"num_heads", "16"}};
    CHECK(summary(journal).status == Status::inconclusive);
    CHECK_THAT(summary(journal).reason, Contains("no point is the base case"));
}

TEST_CASE("claims that cannot be understood say where they stand") {
    const auto with = [](const std::function<void(ClaimSpec&)>& change) {
        Journal journal = over_heads([](const Problem&) { return 1; }, {"1", "2"}, "equal", "exactly");
        change(journal.run.claims.front());
        return verify(journal);
    };
    CHECK_THROWS_WITH(with([](ClaimSpec& c) { c.metric = "core.multiplys"; }),
                      Contains("made_by_hand.yaml:1:1") && Contains("core.multiplies"));
    CHECK_THROWS_WITH(with([](ClaimSpec& c) { c.kind = "equals_exactly"; }), Contains("equal"));
    CHECK_THROWS_AS(with([](ClaimSpec& c) { c.part = "nowhere"; }), UsageError);
    CHECK_THROWS_AS(with([](ClaimSpec& c) { c.across = {"heads"}; }), UsageError);
    CHECK_THROWS_AS(with([](ClaimSpec& c) { c.argument = "nearly"; }), UsageError);
    Journal journal = over_heads([](const Problem&) { return 1; }, {"1", "2"}, "equal", "exactly");
    CHECK_THROWS_AS(verify(journal, {.claims = {"R99"}}), UsageError);
}
