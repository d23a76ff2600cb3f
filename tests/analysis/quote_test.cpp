// A claim in one sentence with its sources; verdicts that differ say on their first line how, how far and which way.
#include "harness/analysis/show/quote.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/analysis/show/answer.hpp"
#include "harness/analysis/show/verdict_text.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

/// 4 heads take 1.3 times as long at length 64, and 0.7 times at 128.
JournalBuilder two_ways() {
    JournalBuilder builder({"seq_len", "num_heads"});
    for (const char* length : {"64", "128"}) {
        const double four = length == std::string("64") ? 1.3 : 0.7;
        for (const auto& [heads, factor] : {std::pair{"1", 1.0}, std::pair{"4", four}}) {
            builder.add_timed(point({{"seq_len", length}, {"num_heads", heads}}), length, 20,
                              [f = factor](int round) { return 1e-3 * f * (1 + 1e-4 * (round % 3)); });
        }
    }
    builder.journal.run.started = "2026-12-01T10:00:00Z";
    builder.journal.run.environment = {{"cpu.model", "Example 9000"},      {"cpu.family", "25"},
                                       {"cpu.model_number", "1"},          {"version", "0.1.0"},
                                       {"commit", "0123456789abcdef0123"}, {"dirty", "no"}};
    ClaimSpec& claim = builder.claim("R12", "within", "0.05", "time");
    claim.says = "heads cost no time";
    claim.base = {{"num_heads", "1"}};
    return builder;
}

}  // namespace

TEST_CASE("combinations that differ: how many went which way, the worst case and its direction stand first") {
    const auto verdicts = verify(two_ways().journal);
    REQUIRE(verdicts.front().worst);
    CHECK(verdicts.front().worst->combination == "seq_len=128");  // ln 0.7 is further from 1 than ln 1.3
    CHECK(verdicts.front().worst->direction("time") == "faster");
    const std::string text = verdict_text(verdicts);
    const std::string first = text.substr(0, text.find("observed:"));
    CHECK_THAT(first, Contains("refuted in 2 (1 slower, 1 faster) of 2 combinations") &&
                          Contains("at the farthest 0.7 times the base at\n") && Contains("faster (seq_len=128)"));
    CHECK_THAT(reading_lines(verdicts, 10).front(), Contains("down to 0.7 times at num_heads=4"));
}

TEST_CASE("a one-sided limit's worst case is the one furthest on its side") {
    JournalBuilder builder = two_ways();
    builder.journal.run.claims.front().kind = "at_most";
    builder.journal.run.claims.front().argument = "1.1";
    const auto verdicts = verify(builder.journal);
    REQUIRE(verdicts.front().worst);
    CHECK(verdicts.front().worst->combination == "seq_len=64");
    CHECK_THAT(verdict_text(verdicts), Contains("supported in 1, refuted in 1 of 2 combinations; at worst 1.3 times"));
    CHECK_THAT(verdict_text(verdicts), Contains("at most 1.1 times the base"));
}

TEST_CASE("a quoted sentence has ratio, interval, rounds, shape, machine, library, version and commit") {
    JournalBuilder builder = two_ways();
    const RecordSet records(builder.journal);
    const std::string sentence = quoted_sentence(records, verify(records), "R12");
    CHECK_THAT(
        sentence,
        Contains("At the farthest of 2 cases, 4 heads took 0.7 times as long as 1 head (95 % interval ") &&
            Contains("n = 20 paired rounds; variant multi_head, backend naive, batch 1, seq_len 128, embed_dim 64") &&
            Contains("on Example 9000 (family 25, model 1) with naive: headcount 0.1.0") &&
            Contains("\"heads cost no time\": time between 0.95 and 1.05 times the base") &&
            Contains("is refuted in 2 (1 slower, 1 faster) of 2 combinations") &&
            Contains("[headcount 0.1.0, commit 0123456789ab, 2026-12-01]."));
    CHECK(sentence.find('\n') == std::string::npos);
    CHECK_THROWS_WITH(quoted_sentence(records, verify(records), "R13"), Contains("R12"));
    const std::string latex = quoted_in_latex(sentence, "vaswani2017");
    CHECK_THAT(latex, Contains("95 \\% interval") && Contains("``heads cost no time'': time") &&
                          Contains("seq\\_len 128") && Contains("~\\cite{headcount,vaswani2017}.\n"));
}

/// What is quoted of a claim on counts that grow with the heads: 128 at 1, 1024 at 8, or the same, 128, at both.
std::string quoted_count(bool grows, const std::string& kind, const std::string& argument) {
    JournalBuilder builder({"num_heads", "seq_len"});
    for (const char* seq_len : {"64", "256"}) {
        for (const auto& [heads, factor] : {std::pair{"1", 1}, std::pair{"4", 4}, std::pair{"8", 8}}) {
            builder.add(point({{"num_heads", heads}, {"seq_len", seq_len}}), grows ? 128 * factor : 128);
        }
    }
    builder.claim("R3", kind, argument).outcome = "supported";
    const RecordSet records(builder.journal);
    return quoted_sentence(records, verify(records), "R3");
}

TEST_CASE("an exact claim of every kind is quoted as a sentence") {
    const auto begins = [](const std::string& middle) {
        return Catch::Matchers::StartsWith("By exact count core.multiplies is " + middle + " (one of 2 combinations: ");
    };
    const std::string same = "128 in each of 3 cases, num_heads=1 to num_heads=8";
    const std::string more = "1024 at num_heads=8, exactly 8 times the 128 at num_heads=1";
    CHECK_THAT(quoted_count(false, "equal", "exactly"),
               begins(same) && Contains("seq_len 64") && Contains(") is supported in all"));
    CHECK_THAT(quoted_count(true, "equal", "exactly"), begins(more) && Contains(") is refuted in all 2"));
    CHECK_THAT(quoted_count(true, "proportional_to", "num_heads"), begins(more));
    CHECK_THAT(quoted_count(false, "proportional_to", "num_heads"),
               begins("128 at num_heads=8, equal to the 128 at num_heads=1; the law says exactly 8 times"));
    CHECK_THAT(quoted_count(true, "equals", "128 * num_heads"),
               begins("what the law says in each of 3 cases, num_heads=1 to num_heads=8, where it is 1024"));
    CHECK_THAT(quoted_count(true, "equals", "128"), begins("512 at num_heads=4, where the law says 128"));
    CHECK_THAT(quoted_count(true, "affine", "128"),
               begins("0 + 128 * num_heads in each of 3 cases, num_heads=1 to num_heads=8"));
    CHECK_THAT(quoted_count(true, "ordering", "rising"),
               begins("larger from case to case, from 128 at num_heads=1 to 1024 at num_heads=8"));
    CHECK_THAT(quoted_count(true, "peaks_at", "8"), begins("1024 at num_heads=8, more than in the 2 other cases"));
    CHECK_THAT(quoted_count(true, "peaks_at", "1"),
               begins("512 at num_heads=4, exactly 4 times the 128 at num_heads=1"));
}

TEST_CASE("of several cases in one combination the worst is told, not the one farthest from 1") {
    JournalBuilder builder({"num_heads"});
    for (const auto& [heads, factor] : {std::pair{"1", 1.0}, std::pair{"2", 1.2}, std::pair{"4", 3.0}}) {
        builder.add_timed(point({{"num_heads", heads}}), "g", 20, headcount::testing::times(factor, 0.001, 3));
    }
    ClaimSpec& claim = builder.claim("P", "at_least", "1.1", "time");
    claim.base = {{"num_heads", "1"}};
    const RecordSet records(builder.journal);
    const auto verdicts = verify(records);
    CHECK_THAT(verdict_text(verdicts),
               Contains("supported; at worst 1.2 times the base at num_heads=2") && !Contains("observed: 3"));
    CHECK_THAT(reading_lines(verdicts, 5).front(), Contains("down to 1.2 times at num_heads=2"));
    CHECK_THAT(quoted_sentence(records, verdicts, "P"),
               Contains("At worst of 2 cases, 2 heads took 1.2 times as long"));
    CHECK_THAT(to_latex(verdict_table(verdicts, false, Audience::paper)),
               Contains("at worst 1.2 at num\\_heads=2, of 2 cases"));
}

TEST_CASE("a quote of what is unfinished, and of crowded processors, says so") {
    JournalBuilder builder = two_ways();
    builder.claim("R3", "equal", "exactly").outcome = "supported";
    builder.journal.run.parts.front().point_ids.push_back(point({{"seq_len", "64"}, {"num_heads", "8"}}).id());
    const RecordSet records(builder.journal);
    CHECK_THAT(quoted_sentence(records, verify(records), "R3"), Contains("nfinished: 1 points missing"));
}

TEST_CASE("sources: a claim's own key, Vaswani for the readings, nobody for others") {
    ClaimSpec claim;
    for (const auto& [id, source] :
         {std::pair{"R1", "vaswani2017"}, std::pair{"R2d.law", "vaswani2017"}, std::pair{"R12.core", "vaswani2017"},
          std::pair{"R13.lookup", ""}, std::pair{"free", ""}, std::pair{"R", ""}}) {
        claim.id = id;
        CHECK(source_of(claim) == source);
    }
    claim.source = "yu2025";
    CHECK(source_of(claim) == "yu2025");
}

TEST_CASE("an entry of BibTeX comes out whole, and an unknown key names the known ones") {
    const headcount::testing::Scratch scratch;
    const auto file = scratch.dir / "a.bib";
    std::ofstream(file) << "% first\n\n@misc{one,\n  title = {A {B} c}\n}\n\n@misc{two,\n  title = {D}\n}\n";
    CHECK(bibtex_entry(file, "one") == "@misc{one,\n  title = {A {B} c}\n}\n");
    CHECK(bibtex_entry(file, "two") == "@misc{two,\n  title = {D}\n}\n");
    CHECK_THROWS_WITH(bibtex_entry(file, "three"), Contains("one") && Contains("two"));
    CHECK_THROWS_AS(bibtex_entry(scratch.dir / "absent.bib", "one"), Error);
}
