// The twelve rules over a whole result, and how what they found is shown. Each rule alone: the other lint tests.
#include "harness/analysis/lint/lint.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "harness/analysis/show/lint_text.hpp"
#include "tests/analysis/linted_result.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("a result may satisfy every rule; each rule then has a subject that it judged") {
    JournalBuilder builder = good();
    for (const int count : {1, 2}) {
        builder.add_timed(heads(count, "2"), "t", kRounds, [=](int round) { return 0.006 * noise(round, 5 * count); });
    }
    builder.journal.run.environment["cpu.online"] = "0-1";
    const Lint found = linted(builder.journal, {good_figure()});
    INFO(lint_text(found));
    CHECK(found.satisfied());
    REQUIRE(found.rows.size() == 12);
    for (std::size_t i = 0; i < found.rows.size(); ++i) {
        INFO(found.rows[i].name);
        CHECK(found.rows[i].rule == static_cast<int>(i) + 1);
        CHECK(found.rows[i].findings.size() == found.subjects.size());
        CHECK(std::ranges::count(found.rows[i].findings, Compliance::satisfied, &RuleFinding::compliance) > 0);
    }
}

TEST_CASE("a result of counts alone has nothing to answer for in the rules about time") {
    JournalBuilder builder({"num_heads"});
    builder.add(heads(1), 10);
    builder.add(heads(2), 10);
    builder.claim("counts", "equal", "exactly");
    add_setup(builder.journal.run);
    const Lint found = linted(builder.journal, {good_figure()});
    INFO(lint_text(found));
    CHECK(found.satisfied());
    for (const int rule : {1, 3, 4, 6, 7, 8, 10, 11}) {
        CHECK(finding(found, rule, "claim counts").compliance == Compliance::not_applicable);
        CHECK(finding(found, rule, "result").compliance == Compliance::not_applicable);
    }
    CHECK(finding(found, 5, "claim counts").compliance == Compliance::satisfied);
}

TEST_CASE("the reference keeps what it can, and what it does not keep is said") {
    const Journal journal = read_journal(HEADCOUNT_SOURCE_DIR "/results/reference/equal_complexity.jsonl");
    const Lint found = linted(journal, {});
    // A virtual machine that hides its frequency, one of two processors: its config gave no reasons yet.
    for (const int rule : {2, 9}) CHECK(finding(found, rule, "result").compliance == Compliance::not_satisfied);
    for (const int rule : {3, 4, 5, 6, 7, 8, 11})
        CHECK(finding(found, rule, "result").compliance == Compliance::satisfied);
    for (const int rule : {1, 2, 3, 5, 7, 9})
        CHECK(finding(found, rule, "claim R12").compliance == Compliance::satisfied);
}

TEST_CASE("text and JSON say the same, and a figure's description must be whole") {
    JournalBuilder builder = good();
    builder.journal.run.limits.clear();
    const Lint found = linted(builder.journal, {good_figure()});
    const auto json = nlohmann::json::parse(lint_json(found));
    CHECK(json["satisfied"] == false);
    CHECK(json["counts"]["not satisfied"] == found.count(Compliance::not_satisfied));
    CHECK(json["rules"].size() == 12);
    CHECK(json["rules"][10]["findings"][0]["status"] == "not satisfied");
    CHECK(has(lint_text(found), "do: measure again"));
    CHECK_THROWS_AS(display_from_json("x", "{}"), Error);
    CHECK_THROWS_AS(display_from_json("x", "no json"), Error);
}
