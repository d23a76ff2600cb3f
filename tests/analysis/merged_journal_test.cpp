// Journals of several runs in one: rounds of different runs are never the same round.
#include <set>
#include <tuple>

#include "harness/analysis/records/record_set.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

Journal of_two_runs(bool swapped) {
    const Point one = testing::point({{"num_heads", "1"}});
    const Point two = testing::point({{"num_heads", "2"}});
    testing::JournalBuilder builder({"num_heads"});
    builder.add_timed(one, "g", 3, [](int) { return 1.0; });
    builder.add_timed(two, "g", 3, [](int) { return 2.0; });
    Journal journal = builder.journal;
    for (RoundRecord& round : journal.rounds) round.run = "source-a";
    for (PointRecord& point : journal.points) point.run = "source-a";
    const Journal first = journal;
    for (RoundRecord round : first.rounds) {
        round.run = "source-b";
        for (Sample& sample : round.samples) sample.wall_s *= 10;
        journal.rounds.push_back(round);
    }
    for (PointRecord point : first.points) {
        point.run = "source-b";
        point.memory.peak_bytes = 77;
        journal.points.push_back(point);
    }
    if (swapped) {
        std::reverse(journal.rounds.begin(), journal.rounds.end());
        std::reverse(journal.points.begin(), journal.points.end());
    }
    return journal;
}

}  // namespace

TEST_CASE("equal numbers of round and stratum in two runs are two strata, whatever the order of the lines") {
    for (const bool swapped : {false, true}) {
        const RecordSet records(of_two_runs(swapped));
        REQUIRE(records.entries().size() == 2);
        for (const Entry& entry : records.entries()) {
            REQUIRE(entry.samples.size() == 6);
            std::set<std::tuple<std::size_t, int, int>> keys;
            for (const RoundSample& round : entry.samples) {
                keys.emplace(round.key.group, round.key.stratum, round.key.round);
            }
            CHECK(keys.size() == 6);
            CHECK(entry.samples.front().key.stratum == 0);
            CHECK(entry.samples.back().key.stratum == 1);
            CHECK(entry.samples.back().sample.wall_s == 10 * entry.samples.front().sample.wall_s);
        }
    }
}

TEST_CASE("of several runs' records of a point a measured one counts, and the order of the lines decides nothing") {
    for (const bool swapped : {false, true}) {
        Journal journal = of_two_runs(swapped);
        CHECK(RecordSet(journal).entries()[0].record.run == "source-a");
        for (PointRecord& point : journal.points) {
            if (point.run == "source-a") point.outcome = Outcome::failed;
        }
        CHECK(RecordSet(journal).entries()[0].record.run == "source-b");
    }
}
