// A row a shape, ours beside the others.
#include "harness/analysis/show/beside_table.hpp"

#include <algorithm>

#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;
using headcount::testing::times;

namespace {

Point at(const char* variant, const char* backend, const char* heads) {
    return point({{"variant", variant}, {"backend", backend}, {"num_heads", heads}, {"scope", "core"}});
}

// Two shapes; in the second torch was left out and an engine is not installed. Drift is far larger than what differs.
JournalBuilder journal() {
    JournalBuilder builder({"variant", "backend", "num_heads"});
    constexpr double kDrift = 0.05;
    builder.add_timed(at("streaming", "simd", "1"), "g", 20, times(2, 0.01, 1, kDrift));
    builder.add_timed(at("external", "torch", "1"), "g", 20, times(3, 0.01, 2, kDrift));
    builder.add_timed(at("multi_head", "blas", "1"), "g", 20, times(4, 0.01, 3, kDrift));
    builder.add_timed(at("streaming", "simd", "8"), "h", 20, times(2.5, 0.01, 4));
    PointRecord& absent = builder.add(at("external", "dnn", "8"), 1);
    absent.outcome = Outcome::skipped;
    absent.reason = "engine dnn is missing";
    builder.journal.run.limits["fma_gflops.f32.threads=1"] = 1e-3;
    return builder;
}

std::vector<std::string> names(const Table& table) {
    std::vector<std::string> names;
    for (const Column& column : table.columns) names.push_back(column.name);
    return names;
}

}  // namespace

TEST_CASE("each shape is a row, each other implementation a column") {
    const Table table = beside_table(RecordSet(journal().journal));
    CHECK(names(table) ==
          std::vector<std::string>{"shape", "streaming/simd, ms", "of peak", "torch", "multi_head/blas", "dnn"});
    REQUIRE(table.rows.size() == 2);
    CHECK(table.rows[0][0] == "L = 64, E = 64, H = 1");
    CHECK(table.rows[1][0] == "L = 64, E = 64, H = 8");
    CHECK(table.rows[1][3].empty());
    CHECK(table.rows[1][5] == "skipped");
}

TEST_CASE("ratios are paired by round: a drift that moves both leaves them") {
    const Table table = beside_table(RecordSet(journal().journal), {.one_row_each = true});
    const auto column = [&](const std::string& name) {
        const std::vector<std::string> all = names(table);
        return static_cast<std::size_t>(std::ranges::find(all, name) - all.begin());
    };
    const auto row = std::ranges::find_if(table.rows, [](const auto& cells) { return cells[2] == "torch"; });
    REQUIRE(row != table.rows.end());
    const auto number = [&](const char* name) { return std::stod(row->at(column(name))); };
    CHECK(number("n_paired") == 20);
    CHECK(number("ratio") == Approx(1.5).epsilon(0.01));
    CHECK(number("ratio_low") < 1.5);
    CHECK(number("ratio_high") > 1.5);
    CHECK(number("ratio_high") - number("ratio_low") < 0.03);
}

TEST_CASE("points of different rounds get no ratio") {
    JournalBuilder builder({"variant", "backend"});
    builder.add_timed(at("streaming", "simd", "1"), "g", 20, times(2, 0.01, 1));
    builder.add_timed(at("external", "torch", "1"), "h", 20, times(3, 0.01, 2));
    const Table table = beside_table(RecordSet(builder.journal));
    CHECK_THAT(table.rows[0][3], !Contains("("));
    CHECK_THAT(table.rows[0][3], Contains("3.0") || Contains("2.9"));
}

TEST_CASE("the share of the peak counts two operations a required multiply") {
    JournalBuilder builder = journal();
    builder.journal.points[0].counted.ops = {headcount::testing::scores(500, 1000)};  // 1000 operations in about 3 ms
    builder.journal.run.limits["fma_gflops.f32.threads=1"] = 1e-6;                    // of 1000 a second
    const Table table = beside_table(RecordSet(builder.journal), {.one_row_each = true});
    const double seconds = std::stod(table.rows[0][4]);
    CHECK(std::stod(table.rows[0][7]) == Approx(1 / seconds));
    builder.journal.run.limits.clear();
    CHECK(beside_table(RecordSet(builder.journal)).rows[0][2].empty());
}

TEST_CASE("who stands first is chosen, and refused where it has no point") {
    const Table table = beside_table(RecordSet(journal().journal), {.variant = "external", .backend = "torch"});
    CHECK(table.columns[1].name == "torch, ms");
    CHECK(table.rows.size() == 1);
    CHECK_THROWS_WITH(beside_table(RecordSet(journal().journal), {.variant = "streaming", .backend = "naive"}),
                      Contains("no point of streaming/naive; it has") && Contains("torch"));
}

TEST_CASE("why cells have no time stands below") {
    CHECK_THAT(absent_text(RecordSet(journal().journal)), Contains("dnn: skipped: engine dnn is missing (1 point)"));
}
