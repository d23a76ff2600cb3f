// Every shipped table against real counts: how many of its cells have each status, that a wrong printed number is
// caught in every cell that reproduces, and a wrong count in every table.
#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/published/table_result.hpp"
#include "harness/analysis/show/published_overview.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/dependencies.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/sweep/table_config.hpp"
#include "harness/sweep/yaml.hpp"
#include "tests/catch.hpp"

namespace headcount {
namespace {

namespace fs = std::filesystem;

const fs::path kTables = fs::path(HEADCOUNT_SOURCE_DIR) / "configs" / "tables";

/// Each point is counted once in all tests.
const Count& count_of(const Point& point) {
    static std::map<std::string, Count> counts;
    const auto found = counts.find(point.id());
    return found != counts.end() ? found->second : counts.emplace(point.id(), count_point(point)).first->second;
}

Rational counted(const Point& point, std::string_view metric, Ledger ledger) {
    if (const auto followed = dependency_metric(point, metric)) return *followed;
    const Value value = find_metric(metric).counted(point, count_of(point), ledger);
    REQUIRE(value.exact);
    return *value.exact;
}

PublishedTable shipped(const std::string& name) {
    return load_published_table(kTables / (name + ".yaml"), known_fields());
}

/// The printed number with its last digit of the mantissa one higher, or one lower for a 9.
std::string misprinted(std::string printed) {
    std::size_t last = std::min(printed.find('e'), printed.size());
    while (printed[last - 1] == '.') --last;
    char& digit = printed[last - 1];
    digit = static_cast<char>(digit == '9' ? '8' : digit + 1);
    return printed;
}

// Reproduced, within tolerance, not reproduced, ours only, not attempted.
using Statuses = std::array<std::size_t, kCellStatuses.size()>;
const std::map<std::string, Statuses>& expected() {
    static const std::map<std::string, Statuses> all{
        {"bhojanapalli2020_table1", {3, 0, 0, 3, 9}},
        {"bhojanapalli2020_table2", {8, 0, 0, 8, 24}},
        {"chinchilla2022_table_a4", {12, 0, 6, 0, 0}},
        {"deepseekv2_table1", {9, 0, 1, 1, 4}},
        {"deepseekv3_insights_table1", {5, 0, 1, 0, 0}},
        {"flashattention2022_figure2", {0, 0, 5, 4, 3}},
        {"flashattention2022_table21", {16, 0, 2, 24, 0}},
        {"flashattention2022_theorem2", {4, 0, 0, 2, 3}},
        {"gta_gla2025_intensity", {5, 0, 0, 6, 0}},
        {"kaplan2020_table1", {5, 0, 1, 1, 0}},
        {"kimik2_heads", {2, 0, 6, 0, 1}},
        {"korthikanti2022_selective", {6, 0, 4, 2, 0}},
        {"maxtext2025_pr1988", {17, 0, 3, 0, 0}},
        {"megatron2021_table1", {12, 0, 0, 3, 0}},
        {"palm2022_appendix_b", {7, 0, 1, 0, 0}},
        {"shazeer2019_table1", {8, 0, 0, 10, 26}},
        {"shazeer2019_table3", {6, 0, 0, 6, 6}},
        {"sqa2025_sizes", {12, 0, 2, 7, 14}},
        {"step3_table2", {25, 0, 2, 0, 11}},
        {"step3_table3", {27, 0, 3, 0, 11}},
        {"tpa2025_table10", {14, 0, 5, 35, 4}},
        {"vaswani2017_table1", {25, 0, 6, 2, 0}},
        {"vaswani2017_table3", {18, 0, 12, 26, 0}},
    };
    return all;
}

}  // namespace

TEST_CASE("every shipped table decodes, names its source, and comes out as its file expects") {
    const std::vector<std::string> names = yaml_names(kTables);
    std::vector<TableResult> results;
    for (const std::string& name : names) {
        const PublishedTable table = shipped(name);
        CHECK(table.name == name);
        CHECK(table.url.starts_with("https://"));
        results.push_back(evaluate_table(table, counted));
        Statuses statuses{};
        for (std::size_t i = 0; i < statuses.size(); ++i) statuses[i] = results.back().count(kCellStatuses[i]);
        INFO(name << " is of no known statuses; add it to this test");
        REQUIRE(expected().contains(name));
        CHECK(statuses == expected().at(name));
    }
    CHECK(unexpected_text(results) == "Every status is as its table's file expects.\n");
    CHECK(names.size() == expected().size());
    // And the line of each, with totals in the last one.
    const Table overview = published_overview(results, false);
    REQUIRE(overview.rows.size() == names.size() + 1);
    CHECK(overview.rows.front().front() == names.front());
    CHECK(overview.rows.back().back() == "yes");
}

TEST_CASE("every finding says what ours is instead, and is held to it") {
    for (const std::string& name : yaml_names(kTables)) {
        for (const TableRow& row : shipped(name).rows) {
            for (const TableCell& cell : row.cells) {
                INFO(cell.location);
                CHECK((cell.finding.empty() || cell.ours));
            }
        }
    }
}

TEST_CASE("what ours is said to be is held to its digits, whatever is printed") {
    const Point point = point_from_id("multi_head/counting/seq_len=4,embed_dim=8,num_heads=2");
    const auto result_of = [&](std::optional<std::string> printed, const std::string& finding,
                               const std::string& ours) {
        const TableCell cell{.column = "c",
                             .printed = std::move(printed),
                             .computation = "10/3",
                             .tolerance = {},
                             .finding = finding,
                             .note = {},
                             .ours = ours,
                             .location = "t.yaml:3:7"};
        const TableRow row{
            .name = "r", .values = {}, .points = {{"p", point}}, .cells = {cell}, .location = "t.yaml:3:1"};
        return evaluate_table({.name = "t",
                               .title = "T",
                               .source = "S",
                               .url = {},
                               .says = "says",
                               .path = "t.yaml",
                               .columns = {{.name = "c", .says = "a column", .unit = {}, .computation = {}}},
                               .rows = {row},
                               .findings = {{"why", "because"}}},
                              counted);
    };
    CHECK(result_of("4", "why", "3.33").as_expected());
    CHECK(result_of("4", "why", "3").as_expected());
    CHECK(result_of("4", "why", "33e-1").as_expected());
    CHECK_FALSE(result_of("4", "why", "3.34").as_expected());
    CHECK_FALSE(result_of("4", "why", "4").as_expected());
    CHECK_FALSE(result_of("3", "why", "3.33").as_expected());  // it reproduces, which a finding does not expect
    CHECK(result_of("3", "", "3.33").as_expected());
    CHECK_FALSE(result_of("3", "", "3.34").as_expected());
    CHECK(result_of(std::nullopt, "", "3.3").as_expected());
    const TableResult wrong = result_of(std::nullopt, "", "3.4");
    CHECK_FALSE(wrong.as_expected());
    CHECK(unexpected_text({wrong}).find("it says that ours is 3.4\n") != std::string::npos);
}

TEST_CASE("a wrong printed number is caught in every cell that reproduces") {
    for (const std::string& name : yaml_names(kTables)) {
        const PublishedTable table = shipped(name);
        const TableResult right = evaluate_table(table, counted);
        for (std::size_t r = 0; r < table.rows.size(); ++r) {
            for (std::size_t c = 0; c < table.rows[r].cells.size(); ++c) {
                if (right.rows[r].cells[c].status != CellStatus::reproduced) continue;
                PublishedTable wrong = table;
                wrong.rows = {table.rows[r]};
                wrong.rows[0].cells[c].printed = misprinted(*table.rows[r].cells[c].printed);
                INFO(table.rows[r].cells[c].location << ": " << *wrong.rows[0].cells[c].printed);
                const TableResult result = evaluate_table(wrong, counted);
                CHECK_FALSE(result.rows[0].cells[c].as_expected);
                CHECK_FALSE(unexpected_text({result}).find(table.rows[r].cells[c].location) == std::string::npos);
            }
        }
    }
}

TEST_CASE("a wrong count is seen by every shipped table") {
    const CountFunction wrong = [](const Point& point, std::string_view metric, Ledger ledger) {
        const Rational extra(point.problem.num_heads * point.problem.q_len * 4096);
        return Rational(counted(point, metric, ledger) * 9 / 8 + extra);
    };
    for (const std::string& name : yaml_names(kTables)) {
        bool seen = false;
        try {
            seen = !evaluate_table(shipped(name), wrong).as_expected();
        } catch (const UsageError&) {
            seen = true;  // an exponent that is no longer a whole number
        }
        INFO(name);
        CHECK(seen);
    }
}

}  // namespace headcount
