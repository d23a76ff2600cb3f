// Combinations, summaries, order, exit status and commands of verdicts.
#include "harness/analysis/verdicts/verdict.hpp"

#include <algorithm>
#include <random>

#include "harness/analysis/records/conditions.hpp"
#include "harness/analysis/show/export.hpp"
#include "harness/analysis/show/verdict_text.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

/// Counts equal over heads except on the listed lengths.
JournalBuilder lengths(const std::vector<std::string>& unequal, const std::string& outcome = "supported") {
    JournalBuilder builder({"seq_len", "backend", "num_heads"});
    for (const char* length : {"64", "128"}) {
        for (const char* backend : {"naive", "blas"}) {
            for (const char* h : {"1", "2", "4"}) {
                const Point p = point({{"seq_len", length}, {"backend", backend}, {"num_heads", h}});
                const bool differs = std::ranges::find(unequal, length) != unequal.end();
                builder.add(p, p.problem.q_len * (differs ? p.problem.num_heads : 1));
            }
        }
    }
    builder.claim("R3", "equal", "exactly").outcome = outcome;
    return builder;
}

std::vector<std::string> texts(const std::vector<Verdict>& verdicts) {
    std::vector<std::string> lines;
    for (const Verdict& v : verdicts) {
        lines.push_back(v.claim + "|" + v.combination + "|" + std::string(to_string(v.status)) + "|" + v.observed +
                        "|" + v.base + "|" + v.base_value + "|" + v.interval_text() + "|" + v.reason);
    }
    return lines;
}

}  // namespace

TEST_CASE("there is one verdict for each combination of the axes that the claim does not name") {
    const auto verdicts = verify(lengths({}).journal);
    REQUIRE(verdicts.size() == 5);
    CHECK(verdicts[0].summary);
    CHECK(verdicts[0].combinations == 4);
    CHECK(verdicts[1].combination == "seq_len=64, backend=naive");
    CHECK(verdicts[4].combination == "seq_len=128, backend=blas");
    for (const Verdict& v : verdicts) CHECK(v.status == Status::supported);
}

TEST_CASE("one refuted combination refutes the summary, which says how many") {
    const auto verdicts = verify(lengths({"128"}).journal);
    CHECK(verdicts[0].status == Status::refuted);
    CHECK_THAT(verdicts[0].observed, Contains("exactly 4 times at num_heads=4"));
    CHECK_THAT(verdicts[0].reason, Contains("supported in 2, refuted in 2 of 4 combinations"));
    CHECK_THAT(verdicts[0].base, Contains("num_heads=1") && Contains("seq_len=128"));
    CHECK(verdicts[1].status == Status::supported);
    CHECK(verdicts[3].status == Status::refuted);
}

TEST_CASE("a field that only an include makes vary keeps its points apart") {
    JournalBuilder builder({"num_heads"});
    for (const char* causal : {"false", "true"}) {
        for (const char* h : {"1", "2"}) {
            builder.add(point({{"num_heads", h}, {"causal", causal}}), causal == std::string("true") ? 5 : 9);
        }
    }
    builder.claim("R3", "equal", "exactly");
    const auto verdicts = verify(builder.journal);
    REQUIRE(verdicts.size() == 3);
    CHECK(verdicts[1].combination == "causal=false");
    CHECK(verdicts[0].status == Status::supported);
}

TEST_CASE("where picks the points a claim speaks of") {
    JournalBuilder builder = lengths({"128"});
    builder.journal.run.claims.front().where = {{"seq_len", {"64"}}, {"backend", {"naive", "blas"}}};
    const auto verdicts = verify(builder.journal);
    CHECK(verdicts.size() == 3);
    CHECK(verdicts[0].status == Status::supported);
}

TEST_CASE("combinations that were skipped whole are named and do not count") {
    JournalBuilder builder = lengths({});
    for (PointRecord& record : builder.journal.points) {
        if (record.point.find("/blas/") == std::string::npos) continue;
        record.outcome = Outcome::skipped;
        record.reason = "CBLAS not found";
        record.counted.ops.clear();
    }
    const auto verdicts = verify(builder.journal);
    CHECK(verdicts[0].status == Status::supported);
    CHECK_THAT(verdicts[0].reason, Contains("not judged, points skipped") && Contains("backend=blas"));
    CHECK(verdicts[2].status == Status::inconclusive);
    CHECK_THAT(verdicts[2].reason, Contains("CBLAS not found"));
    for (PointRecord& record : builder.journal.points) {
        record.outcome = Outcome::skipped;
        record.counted.ops.clear();
    }
    CHECK(verify(builder.journal).front().status == Status::inconclusive);
}

TEST_CASE("the order of the journal's lines changes nothing") {
    JournalBuilder builder = lengths({"64"});
    std::mt19937_64 noise(4);
    std::normal_distribution<double> draw(0, 0.01);
    builder.journal.run.parts.front().axes.push_back("causal");
    for (const char* h : {"1", "2", "4"}) {
        builder.add_timed(point({{"num_heads", h}, {"causal", "true"}, {"seq_len", "64"}}), "g", 20,
                          [&](int) { return 1e-3 * std::exp(draw(noise)); });
    }
    builder.claim("R12", "within", "0.02", "time").where = {{"causal", {"true"}}};
    const auto before = texts(verify(builder.journal));
    std::mt19937_64 random(9);
    for (int repeat = 0; repeat < 5; ++repeat) {
        std::shuffle(builder.journal.points.begin(), builder.journal.points.end(), random);
        std::shuffle(builder.journal.rounds.begin(), builder.journal.rounds.end(), random);
        for (RoundRecord& round : builder.journal.rounds) {
            std::shuffle(round.samples.begin(), round.samples.end(), random);
        }
        CHECK(texts(verify(builder.journal)) == before);
    }
}

TEST_CASE("rounds of different workers are never paired with each other") {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(point({{"num_heads", "1"}}), "g", 20, [](int round) { return 1e-3 * (round < 10 ? 1 : 3); });
    builder.add_timed(point({{"num_heads", "8"}}), "g", 20, [](int round) { return 1.5e-3 * (round < 10 ? 1 : 3); });
    // A second worker counts its rounds from zero again, on a machine three times slower by then.
    for (RoundRecord& round : builder.journal.rounds) {
        if (round.round < 10) continue;
        round.stratum = 1;
        round.round -= 10;
    }
    builder.claim("R12", "within", "0.02", "time");
    const Verdict verdict = verify(builder.journal).front();
    CHECK(verdict.interval.estimate == Approx(1.5));
    CHECK(verdict.interval.width() == Approx(0).margin(1e-9));
}

TEST_CASE("the exit status tells exact surprises from undecided measurements") {
    const auto verdict = [](bool exact, Status status, const char* expected) {
        Verdict v;
        v.summary = true;
        v.exact = exact;
        v.status = status;
        v.expected = expected;
        return v;
    };
    const Verdict as_declared = verdict(true, Status::refuted, "refuted");
    const Verdict surprise = verdict(true, Status::supported, "refuted");
    const Verdict undecided_exact = verdict(true, Status::inconclusive, "supported");
    const Verdict fast = verdict(false, Status::refuted, "");
    const Verdict unclear = verdict(false, Status::inconclusive, "");
    CHECK(conclusion_of({}) == Conclusion::as_expected);
    CHECK(conclusion_of({as_declared, fast}) == Conclusion::as_expected);
    CHECK(conclusion_of({as_declared, unclear}) == Conclusion::inconclusive);
    CHECK(conclusion_of({unclear, surprise}) == Conclusion::not_as_expected);
    CHECK(conclusion_of({undecided_exact}) == Conclusion::not_as_expected);
    Verdict part_of_it = surprise;
    part_of_it.summary = false;  // only the summary is declared
    CHECK(conclusion_of({as_declared, part_of_it}) == Conclusion::as_expected);
    CHECK(conclusion_of(verify(lengths({"128"}, "refuted").journal)) == Conclusion::as_expected);
    CHECK(conclusion_of(verify(lengths({"128"}).journal)) == Conclusion::not_as_expected);
}

TEST_CASE("an unfinished run leaves open what it has no points for, and judges the rest") {
    const auto drop = [](JournalBuilder& builder, const std::string& piece) {
        std::erase_if(builder.journal.points,
                      [&](const PointRecord& point) { return point.point.find(piece) != std::string::npos; });
        builder.journal.run.command = {"headcount run configs/x.yaml --output x.jsonl"};
    };
    SECTION("a claim that would hold is not supported yet") {
        JournalBuilder builder = lengths({});
        drop(builder, "/blas/seq_len=128,embed_dim=64,num_heads=4");
        const auto verdicts = verify(builder.journal);
        CHECK(verdicts[0].status == Status::inconclusive);
        CHECK_THAT(verdicts[0].reason, Contains("unfinished: 1 points missing"));
        CHECK(verdicts[0].unfinished == 1);
        CHECK(verdicts[1].status == Status::supported);
        CHECK(verdicts[4].status == Status::inconclusive);
        CHECK(verdicts[0].as_expected());
        CHECK(conclusion_of(verdicts) == Conclusion::inconclusive);
        CHECK_THAT(verdict_text(verdicts), !Contains("NOT as declared") && Contains("open until the run is finished"));
        const std::string text = unfinished_text(RecordSet(builder.journal));
        CHECK_THAT(text, Contains("1 of 12 points") && Contains("To go on: headcount run configs/x.yaml"));
    }
    SECTION("nor is what contradicts it in the points that are there") {
        JournalBuilder builder = lengths({"64", "128"});
        drop(builder, "num_heads=4");
        CHECK(conclusion_of(verify(builder.journal)) == Conclusion::inconclusive);
    }
    SECTION("a whole combination that contradicts the claim decides, finished or not") {
        JournalBuilder builder = lengths({"64"});
        drop(builder, "seq_len=128");
        const auto verdicts = verify(builder.journal);
        CHECK(verdicts[0].status == Status::refuted);
        CHECK_FALSE(verdicts[0].as_expected());
        CHECK(conclusion_of(verdicts) == Conclusion::not_as_expected);
    }
    SECTION("the base case may be what is missing") {
        JournalBuilder builder = lengths({});
        drop(builder, "embed_dim=64");  // also those of one head, whose id ends here
        const auto verdicts = verify(builder.journal);
        CHECK(verdicts[0].unfinished == 12);
        CHECK(conclusion_of(verdicts) == Conclusion::inconclusive);
    }
    SECTION("a failed point is not an open one") {
        JournalBuilder builder = lengths({});
        builder.journal.points.back().outcome = Outcome::failed;
        CHECK(conclusion_of(verify(builder.journal)) == Conclusion::not_as_expected);
        CHECK(unfinished_text(RecordSet(builder.journal)).empty());
    }
}

TEST_CASE("what went on beside the samples is counted and exported") {
    JournalBuilder builder({"num_heads"});
    for (const char* h : {"1", "8"}) {
        builder.add_timed(point({{"num_heads", h}}), "g", 10, [](int round) { return 1e-3 * (round + 1); });
    }
    CHECK_THAT(disturbance_text(RecordSet(builder.journal)),
               Contains("of 20 samples") && Contains("unknown for 100 %"));
    for (RoundRecord& round : builder.journal.rounds) {
        round.foreign_load = round.round < 2 ? 0.5 : 0.0;
        round.disturbed = round.round < 2;
        round.samples[0].involuntary_switches = round.round == 0 ? 3 : 0;
        round.samples[1].page_faults = round.round == 9 ? 7 : 0;
    }
    builder.journal.rounds[4].changed = {{"cpu.governor", "powersave"}};
    const RecordSet records(builder.journal);
    CHECK_THAT(disturbance_text(records), Contains("20 % beside foreign load (unknown for 0 %)") &&
                                              Contains("5 % with involuntary switches") &&
                                              Contains("5 % with page faults") && Contains("10 % after the machine's"));
    const Table samples = samples_csv(records);
    const auto cell = [&](std::size_t row, const std::string& name) {
        for (std::size_t i = 0; i < samples.columns.size(); ++i) {
            if (samples.columns[i].name == name) return samples.rows.at(row).at(i);
        }
        throw Error("no column " + name);
    };
    REQUIRE(samples.rows.size() == 20);
    CHECK(cell(0, "disturbed") == "true");
    CHECK(cell(2, "disturbed") == "false");
    CHECK(cell(0, "foreign_load") == "0.5");
    CHECK(cell(0, "steal_s").empty());  // unavailable
    CHECK(cell(0, "involuntary_switches") == "3");
    CHECK(cell(19, "page_faults") == "7");
    CHECK(cell(0, "page_faults").empty());
    CHECK(cell(4, "machine_changed") == "cpu.governor=powersave");
    CHECK(summarise(records).front().disturbed_share == Approx(0.2));
    CHECK(disturbance_text(RecordSet(Journal{})).empty());
}

TEST_CASE("every verdict ends with a command that reproduces it, quoted for a shell") {
    JournalBuilder builder = lengths({});
    builder.journal.run.profile = "smoke";
    const auto verdicts = verify(builder.journal, {.result_path = "my results/a.jsonl"});
    CHECK(verdicts[0].command == "headcount verify 'my results/a.jsonl' --claim R3");
    CHECK(verdicts[1].command ==
          "headcount run 'configs/made by hand.yaml' --profile smoke --filter seq_len=64 --filter backend=naive");
}

TEST_CASE("a combination's command narrows to its part, its axes and what of the claim's own fields it speaks of") {
    JournalBuilder builder = lengths({});
    builder.journal.run.parts.front().name = "timed";
    builder.journal.run.parts.emplace_back();
    builder.journal.run.claims.front().part = "timed";
    builder.journal.run.claims.front().where["num_heads"] = {"1", "8"};
    CHECK(verify(builder.journal)[1].command ==
          "headcount run 'configs/made by hand.yaml' --filter part=timed --filter seq_len=64 --filter backend=naive "
          "--filter num_heads=1,8");
    builder.journal.run.parts.front().name = "";
    builder.journal.run.claims.front().part = "";
    CHECK_THAT(verify(builder.journal)[1].command, Contains(" --filter part=main "));
}

TEST_CASE("what a config or a journal says reaches no terminal and no document raw") {
    JournalBuilder builder = lengths({"128"});
    const std::string evil =
        "\x1b[2J\x1b]0;owned\x07 \xc2\x9b"
        "31m <script>x</script> [y](javascript:z)\rall is well";
    ClaimSpec& claim = builder.journal.run.claims.front();
    claim.says = evil;
    claim.id = "R\x1b[3";
    builder.journal.points.front().outcome = Outcome::failed;
    builder.journal.points.front().reason = evil;
    const auto verdicts = verify(builder.journal);
    std::vector<std::string> texts{verdict_text(verdicts, true)};
    for (const char* format : {"terminal", "markdown", "csv", "latex"}) {
        texts.push_back(render(verdict_table(verdicts, true), format));
    }
    for (const std::string& text : texts) {
        CHECK_THAT(text, !Contains("\x1b") && !Contains("\x07") && !Contains("\r") && !Contains("\xc2\x9b"));
        CHECK_THAT(text, Contains("all is well"));
    }
    CHECK_THAT(texts[2], !Contains("<script>") && !Contains("](javascript"));
}

TEST_CASE("the verdict table fits 120 columns and names what is unexpected") {
    JournalBuilder builder = lengths({"128"});
    builder.claim("R99", "equal", "exactly").says =
        "a reading whose words go on and on, far beyond what a narrow terminal can hold on a single line of its own";
    const std::string text = verdict_text(verify(builder.journal), true);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        CHECK(end - at <= 120);
        at = end + 1;
    }
    CHECK_THAT(text, Contains("refuted") && Contains("R99") && Contains("headcount verify RESULT --claim R3"));
    CHECK(verdict_table(verify(builder.journal)).rows.size() == 2);
    CHECK(verdict_table(verify(builder.journal), true).rows.size() == 10);
}
