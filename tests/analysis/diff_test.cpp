// Two journals compared: each verdict reached, machines told apart, what differs listed.
#include "harness/analysis/diff.hpp"

#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

double noise(int round, double relative) { return 1 + relative * (((round * 7) % 11) - 5) / 5.0; }

Journal journal_with(double seconds, double relative, int rounds = 20, const std::string& host = "here") {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(point({{"num_heads", "2"}}), "g", rounds,
                      [=](int round) { return seconds * noise(round, relative); });
    builder.journal.run.environment = {
        {"host", host}, {"cpu.model", "m"}, {"cpu.governor", host + "'s"}, {"load", host}};
    return builder.journal;
}

Change change(const Journal& a, const Journal& b) {
    const Diff diff = diff_journals(a, b);
    REQUIRE(diff.points.size() == 1);
    CHECK(diff.overall == diff.points[0].change);
    return diff.points[0].change;
}

}  // namespace

TEST_CASE("a clear difference is faster or slower, a small one within tight intervals is none") {
    const Journal base = journal_with(0.010, 0.005);
    CHECK(change(base, journal_with(0.008, 0.005)) == Change::faster);
    CHECK(change(base, journal_with(0.012, 0.005)) == Change::slower);
    CHECK(change(base, journal_with(0.010, 0.005)) == Change::same);
    CHECK(change(base, base) == Change::same);
}

TEST_CASE("noise wider than the margin, or too few rounds, leave it open") {
    CHECK(change(journal_with(0.010, 0.1), journal_with(0.0102, 0.1)) == Change::cannot_tell);
    const Diff few = diff_journals(journal_with(0.010, 0.001, 3), journal_with(0.020, 0.001, 3));
    CHECK(few.points[0].change == Change::cannot_tell);
    CHECK(few.points[0].note == "too few rounds for an interval");
}

TEST_CASE("different machines are refused unless that is wanted, and what differs is said") {
    const Journal here = journal_with(0.010, 0.005), there = journal_with(0.010, 0.005, 20, "there");
    CHECK_THROWS_AS(diff_journals(here, there), UsageError);
    const Diff diff = diff_journals(here, there, {.margin = 0.02, .across_machines = true});
    CHECK(diff.points[0].change == Change::same);
    CHECK(diff.environment == std::vector<std::string>{"cpu.governor: here's, there's", "host: here, there"});
}

TEST_CASE("points that only one file has are counted, not compared, and changed counts are noted") {
    JournalBuilder more({"num_heads"});
    more.journal = journal_with(0.010, 0.005);
    more.add_timed(point({{"num_heads", "4"}}), "g", 20, [](int) { return 0.01; });
    more.journal.points.front().ops.front().executed.multiplies = 2;
    const Diff diff = diff_journals(more.journal, journal_with(0.010, 0.005));
    CHECK(diff.points.size() == 1);
    CHECK(diff.only_a == 1);
    CHECK(diff.only_b == 0);
    CHECK(diff.points[0].note.find("FLOP") != std::string::npos);
    CHECK(diff_table(diff).rows.size() == 1);
}

TEST_CASE("faster here and slower there is neither") {
    const auto two = [](double first, double second) {
        JournalBuilder builder({"num_heads"});
        builder.add_timed(point({{"num_heads", "2"}}), "g", 20, [=](int) { return first; });
        builder.add_timed(point({{"num_heads", "4"}}), "g", 20, [=](int) { return second; });
        return builder.journal;
    };
    const Diff diff = diff_journals(two(1, 1), two(0.5, 2));
    CHECK(diff.overall == Change::cannot_tell);
    CHECK(diff.overall_text.find("faster here, slower there") == 0);
}
