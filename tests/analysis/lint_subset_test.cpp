// Rule 2: of what was measured nothing is left out in silence.
#include "tests/analysis/linted_result.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("rule 2: failed, missing, unexplained, narrowed, idle") {
    JournalBuilder failed = good();
    failed.journal.points.back().outcome = Outcome::failed;
    failed.journal.points.back().reason = "crashed";
    CHECK(has(complaint(failed.journal, 2, "result"), "crashed"));
    complaint(failed.journal, 2, "claim times");

    JournalBuilder missing = good();
    missing.journal.points.pop_back();
    CHECK(has(complaint(missing.journal, 2, "result"), "without result"));

    JournalBuilder no_samples = good();
    no_samples.journal.rounds.clear();
    CHECK(has(complaint(no_samples.journal, 2, "result"), "samples are not in the file"));

    JournalBuilder skipped = good();
    PointRecord& record = skipped.add(heads(4), 1);
    record.outcome = Outcome::skipped;
    complaint(skipped.journal, 2, "result");
    record.reason = "needs 4 TiB";
    CHECK(finding(linted(skipped.journal, {}), 2, "result").compliance == Compliance::satisfied);

    for (const char* option : {"--filter seq_len=64", "--point x", "--set num_heads=1"}) {
        JournalBuilder narrowed = good();
        narrowed.journal.run.command = {std::string("headcount run made.yaml ") + option + " --output x"};
        CHECK(has(complaint(narrowed.journal, 2, "result"), "narrowed"));
    }
    JournalBuilder shard = good();
    shard.journal.run.shard = "1/2";
    complaint(shard.journal, 2, "result");

    JournalBuilder idle = good();
    idle.journal.run.environment["cpu.online"] = "0-3,8";
    CHECK(has(complaint(idle.journal, 2, "result"), "1 of 5 processors"));
    idle.journal.run.left_out["cpu.boost"] = "a reason for something else";
    complaint(idle.journal, 2, "result");
    idle.journal.run.left_out["processors"] = "one is what is asked of";
    const Lint told = linted(idle.journal, {});
    CHECK(finding(told, 2, "result").compliance == Compliance::satisfied);
    CHECK(has(finding(told, 2, "result").reason, "1 of 5 processors: one is what is asked of"));

    Display silent = good_figure();
    silent.left_out = "half of the lines";
    complaint(good().journal, 2, "figure times", silent);
}
