// Limits measured beside the rounds stand for the session: a median, of each source its own.
#include "harness/analysis/records/session_limits.hpp"

#include "harness/analysis/records/record_set.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

const std::string kPeak = "fma_gflops.f32.threads=1";

RoundRecord round_of(const std::string& run, std::map<std::string, double> limits) {
    RoundRecord round;
    round.run = run;
    round.limits = std::move(limits);
    return round;
}

SourceRecord source(const std::string& id, double peak) {
    return {
        .id = id, .run = id, .shard = "", .started = "", .command = {}, .environment = {}, .limits = {{kPeak, peak}}};
}

}  // namespace

TEST_CASE("what rounds measured again replaces the first look by its median, the rest stays") {
    RunRecord run;
    run.limits = {{kPeak, 258}, {"read_gbps.threads=1", 40}};
    use_limits_of_rounds(run, {round_of("r", {{kPeak, 240}}), round_of("r", {}), round_of("r", {{kPeak, 250}}),
                               round_of("r", {{kPeak, 244}})});
    CHECK(run.limits.at(kPeak) == 244);
    CHECK(run.limits.at("read_gbps.threads=1") == 40);
    use_limits_of_rounds(run, {round_of("r", {})});
    CHECK(run.limits.at(kPeak) == 244);
}

TEST_CASE("of a merged file each source has the limits of its own rounds") {
    RunRecord run;
    run.limits = {{"read_gbps.threads=1", 40}};
    run.sources = {source("a", 100), source("b", 200), source("c", 300)};
    use_limits_of_rounds(run, {round_of("a", {{kPeak, 90}}), round_of("b", {{kPeak, 180}})});
    CHECK(run.sources[0].limits.at(kPeak) == 90);
    CHECK(run.sources[1].limits.at(kPeak) == 180);
    CHECK(run.sources[2].limits.at(kPeak) == 300);
    CHECK_FALSE(run.limits.contains(kPeak));
}

TEST_CASE("a joined journal speaks of the peak of its rounds") {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(point({{"num_heads", "1"}}), "g", 10, [](int) { return 1.0; });
    builder.journal.run.limits = {{kPeak, 258}};
    builder.journal.rounds.front().limits = {{kPeak, 245}};
    const RecordSet records(builder.journal);
    CHECK(records.run().limits.at(kPeak) == 245);
    CHECK(records.entries().front().machine->values.at(kPeak) == 245);
}
