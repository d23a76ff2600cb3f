// Points with more threads than processors bear a mark in every table; and what exports say of the machine.
#include "harness/analysis/records/oversubscription.hpp"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/analysis/compare/diff.hpp"
#include "harness/analysis/show/beside_table.hpp"
#include "harness/analysis/show/diff_text.hpp"
#include "harness/analysis/show/export.hpp"
#include "harness/analysis/show/gbench_json.hpp"
#include "harness/analysis/show/point_table.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

using Environment = std::map<std::string, std::string>;

JournalBuilder two_and_four_threads(const Environment& environment) {
    JournalBuilder builder({"num_threads"});
    builder.add_timed(point({{"num_threads", "2"}}), "g", 12, [](int) { return 2e-3; });
    builder.add_timed(point({{"num_threads", "4"}}), "g", 12, [](int) { return 3e-3; });
    builder.journal.run.environment = environment;
    return builder;
}

nlohmann::json context(const Environment& environment) {
    return nlohmann::json::parse(to_gbench_json(RecordSet(two_and_four_threads(environment).journal))).at("context");
}

}  // namespace

TEST_CASE("how many processors a run could use, by what its journal says") {
    CHECK(processors_of({{"cpu.usable", "2 by affinity"}, {"cpu.affinity", "0,1"}}) == 2);
    CHECK(processors_of({{"cpu.usable", "1 by a quota of 1.5 (/x/cpu.max)"}, {"cpu.affinity", "0,1"}}) == 1);
    CHECK(processors_of({{"cpu.affinity", "0,1,5"}}) == 3);  // an older journal
    CHECK(processors_of({{"cpu.affinity", "unavailable: no"}}) == 0);
    CHECK(processors_of({{"cpu.usable", "differs: 2 by affinity | 4 by affinity"}}) == 0);
    CHECK(processors_of({}) == 0);
}

TEST_CASE("every table marks points with more threads than processors, and no others") {
    const std::string mark = "oversubscribed: 4 threads on 2 processors";
    const JournalBuilder builder = two_and_four_threads({{"cpu.usable", "2 by affinity"}});
    const RecordSet records(builder.journal);
    CHECK(oversubscription(records.entries()[0]).empty());
    CHECK(oversubscription(records.entries()[1]) == mark);
    const BesideOptions beside{.variant = records.entries()[0].point.variant,
                               .backend = records.entries()[0].point.backend};
    for (const Table& table : {point_table(records), beside_table(records, beside)}) {
        for (const char* format : {"terminal", "markdown", "latex"}) {
            INFO(format);
            const std::string text = render(table, format);
            CHECK_THAT(text, Contains(mark));
            CHECK_THAT(text, Contains("1 point had more threads than processors"));
        }
    }
    CHECK_THAT(render(point_table(records, {.audience = Audience::programs}), "csv"), Contains(mark));
    CHECK_THAT(to_csv(points_csv(records)), Contains("oversubscribed"));
    CHECK_THAT(to_csv(diff_table(diff_journals(builder.journal, builder.journal))), Contains(mark));

    const RecordSet enough(two_and_four_threads({{"cpu.usable", "4 by affinity"}}).journal);
    const RecordSet unknown(two_and_four_threads({}).journal);
    for (const RecordSet* none : {&enough, &unknown}) {
        CHECK(oversubscription_note(*none).empty());
        CHECK(render(point_table(*none), "terminal").find("oversubscribed") == std::string::npos);
    }
}

TEST_CASE("each run of a merged file has its own processors") {
    JournalBuilder builder = two_and_four_threads({});
    SourceRecord small, large;
    small.id = "small";
    small.environment = {{"cpu.usable", "2 by affinity"}};
    large.id = "large";
    large.environment = {{"cpu.usable", "8 by affinity"}};
    builder.journal.run.sources = {small, large};
    builder.journal.points[0].run = "small";
    builder.journal.points[1].run = "large";
    CHECK(oversubscription_note(RecordSet(builder.journal)).empty());
    builder.journal.points[1].run = "small";
    CHECK_THAT(oversubscription_note(RecordSet(builder.journal)), Contains("4 threads on 2 processors"));
}

TEST_CASE("Google Benchmark's JSON has the processors and caches that the run saw") {
    const auto now = context({{"cpu.online", "0-3,8"},
                              {"cpu.usable", "2 by affinity"},
                              {"cpu.caches",
                               "L1 Data 32K (1 processor), L1 Instruction 32K (1 processor), "
                               "L3 Unified 32768K (8 processors), L4 Unified of unknown size (1 processor)"}});
    CHECK(now.at("num_cpus") == 5);
    REQUIRE(now.at("caches").size() == 3);
    CHECK(now.at("caches")[0] == nlohmann::json{{"type", "Data"}, {"level", 1}, {"size", 32768}, {"num_sharing", 1}});
    CHECK(now.at("caches")[2].at("size") == 32 << 20);
    CHECK(now.at("caches")[2].at("num_sharing") == 8);

    const auto old = context({{"cpu.online", "0-1"}, {"cpu.caches", "L1 Data 48K, L2 Unified 1024K"}});
    CHECK(old.at("num_cpus") == 2);
    REQUIRE(old.at("caches").size() == 2);
    CHECK(old.at("caches")[1] == nlohmann::json{{"type", "Unified"}, {"level", 2}, {"size", 1 << 20}});

    const auto none = context({{"cpu.online", "unavailable: no /sys"},
                               {"cpu.affinity", "0,1,2"},
                               {"cpu.caches", "unavailable: no, not one"}});
    CHECK(none.at("num_cpus") == 3);
    CHECK(none.at("caches").empty());
}
