// Reading published tables: what the decoder accepts, and where and how it refuses.
#include "harness/sweep/table_config.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/core/error.hpp"
#include "harness/sweep/yaml.hpp"
#include "tests/catch.hpp"

namespace headcount {
namespace {

namespace fs = std::filesystem;

const std::string kHead = "title: T\nsource: S\nsays: words\n";
const std::string kColumns = "columns: {c: {says: a column, computation: 1 + 1}}\n";

PublishedTable load(const std::string& text) {
    const fs::path path = fs::temp_directory_path() / "headcount_table_config_test.yaml";
    {
        std::ofstream file(path);
        file << text;
    }
    try {
        PublishedTable table = load_published_table(path);
        fs::remove(path);
        return table;
    } catch (...) {
        fs::remove(path);
        throw;
    }
}

std::string refusal(const std::string& text) {
    try {
        load(text);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("a row's values and points lie over those of the table") {
    const PublishedTable table =
        load(kHead + kColumns +
             "values: {a: 1, b: a + 1}\n"
             "points: {p: {variant: multi_head, backend: counting, seq_len: 8, embed_dim: 64}}\n"
             "rows:\n"
             "  - {row: first, printed: {c: 2}}\n"
             "  - {row: 2, values: {a: 5}, points: {p: {num_heads: 4}}, printed: {c: ~}}\n");
    REQUIRE(table.rows.size() == 2);
    CHECK(table.rows[0].values.at("a") == "1");
    CHECK(table.rows[1].values.at("a") == "5");
    CHECK(table.rows[1].values.at("b") == "a + 1");
    CHECK(table.rows[0].points.at("p").problem.num_heads == 1);
    CHECK(table.rows[1].points.at("p").problem.num_heads == 4);
    CHECK(table.rows[1].name == "2");
    CHECK(table.rows[0].cells.at(0).printed == "2");
    CHECK_FALSE(table.rows[1].cells.at(0).printed.has_value());
    CHECK(table.rows[0].cells.at(0).computation == "1 + 1");
    CHECK(table.ledger == Ledger::required);
}

TEST_CASE("a cell may carry its own computation, rounding, tolerance, finding and note") {
    const PublishedTable table =
        load(kHead + kColumns +
             "ledger: executed\nfindings: {f: a finding, n: a note}\n"
             "rows: [{row: r, printed: {c: {value: 1.50, computation: 3/2, rounding: down, tolerance: 0.1, "
             "finding: f, note: n}}}]\n");
    const TableCell& cell = table.rows.at(0).cells.at(0);
    CHECK(cell.printed == "1.50");  // the printed digits decide the rounding, so they are kept as text
    CHECK(cell.computation == "3/2");
    CHECK(cell.rounding == Rounding::down);
    CHECK(cell.tolerance == "0.1");
    CHECK(cell.finding == "f");
    CHECK(cell.note == "n");
    CHECK(table.ledger == Ledger::executed);
    CHECK(contains(cell.location, "headcount_table_config_test.yaml:7:"));
}

TEST_CASE("every mistake in a table is refused with its place and a remedy") {
    const std::string rows = "rows: [{row: r, printed: {c: 2}}]\n";
    CHECK(refusal(kHead + kColumns + rows) == "accepted");
    CHECK(contains(refusal(kColumns + rows), "a published table lacks 'title'"));
    CHECK(contains(refusal(kHead + kColumns), "a published table lacks 'rows'"));
    CHECK(contains(refusal(kHead + "colums: {}\n" + kColumns + rows), ":4:1: unknown key 'colums'; did you mean"));
    CHECK(contains(refusal(kHead + kColumns + "rows: [{row: r, printed: {d: 2}}]\n"), "unknown column 'd'"));
    CHECK(contains(refusal(kHead + kColumns + "rows: [{row: r, printed: {c: about 2}}]\n"), "plain decimal number"));
    for (const std::string number : {"1e", "e9", "1e1.5", "1e+9", "1e999", "1.2.3e4", "-", "1,000", "110.6K"}) {
        INFO(number);
        CHECK(contains(refusal(kHead + kColumns + "rows: [{row: r, printed: {c: '" + number + "'}}]\n"),
                       "plain decimal number"));
    }
    CHECK(contains(refusal(kHead + kColumns + "rows: [{row: r, printed: {c: [1]}}]\n"), "not a list"));
    CHECK(contains(refusal(kHead + kColumns + "rows: [{row: r, printed: {c: " + std::string(40, '1') + "}}]\n"),
                   "plain decimal number"));
    CHECK(contains(refusal(kHead + kColumns + "rows: []\n"), "rows"));
    CHECK(contains(refusal(kHead + kColumns + "rows: [{row: r, printed: {c: 2}}, {row: r, printed: {c: 2}}]\n"),
                   "written twice"));
    CHECK(contains(refusal(kHead + "columns: {c: {says: no computation}}\n" + rows), "needs one"));
    CHECK(contains(refusal(kHead + kColumns + "rows: [{row: r, printed: {c: {value: 2, finding: x}}}]\n"),
                   "unknown finding 'x'"));
    CHECK(contains(
        refusal(kHead + kColumns + "findings: {x: y}\nrows: [{row: r, printed: {c: {value: ~, finding: x}}}]\n"),
        "use a note"));
    CHECK(contains(refusal(kHead + kColumns + "rows: [{row: r, printed: {c: {value: 2, rounding: up}}}]\n"),
                   "unknown rounding 'up'"));
    CHECK(contains(refusal(kHead + kColumns + "values: {a.b: 1}\n" + rows), "letters, digits"));
    CHECK(contains(refusal(kHead + kColumns + "values: {printed: 1}\n" + rows), "taken"));
    CHECK(contains(refusal(kHead + kColumns + "ledger: both\n" + rows), "unknown ledger"));
    CHECK(contains(refusal(kHead + kColumns + "points: {p: {num_head: 3}}\n" + rows), "did you mean 'num_heads'?"));
    CHECK(contains(refusal(kHead + kColumns + "points: {p: {num_heads: many}}\n" + rows), "whole number"));
    CHECK(contains(refusal(kHead + kColumns + "points: {p: {num_heads: 3}}\n" + rows), "variant is missing"));
    CHECK(contains(refusal(kHead + kColumns +
                           "points: {p: {variant: v, backend: b, seq_len: 4, embed_dim: 8, num_heads: 3}}\n" + rows),
                   ":5:10: point 'p': "));
    CHECK(contains(refusal(kHead + "title: again\n" + kColumns + rows), "title"));
    CHECK(contains(refusal(""), "map"));
    CHECK_THROWS_AS(load_published_table("/nonexistent/table.yaml"), UsageError);
}

TEST_CASE("a printed number may have an exponent") {
    for (const std::string number : {"1.47e11", "-2e-3", "1e99", "5.80e10"}) {
        const PublishedTable table = load(kHead + kColumns + "rows: [{row: r, printed: {c: " + number + "}}]\n");
        CHECK(table.rows.at(0).cells.at(0).printed == number);
    }
}

TEST_CASE("what is not attempted shows any text, and says why") {
    const std::string columns =
        "columns: {c: {says: a column, computation: 1}, q: {says: quality, not_attempted: why}}\n";
    const std::string head = kHead + "findings: {why: it needs training}\n" + columns;
    const PublishedTable table = load(head +
                                      "rows: [{row: r, printed: {q: 84.1+-0.34, c: {value: O(n), not_attempted: "
                                      "why}}}, {row: s, printed: {q: ~}}]\n");
    for (const TableCell& cell : table.rows.at(0).cells) {
        CHECK(cell.not_attempted == "why");
        CHECK(cell.computation.empty());
    }
    CHECK(table.rows[0].cells[0].printed == "84.1+-0.34");
    CHECK(table.rows[0].cells[1].printed == "O(n)");
    CHECK_FALSE(table.rows[1].cells[0].printed.has_value());
    const auto refused = [&](const std::string& cell) {
        return refusal(head + "rows: [{row: r, printed: {c: " + cell + "}}]\n");
    };
    CHECK(contains(refused("{value: 1, not_attempted: nowhere}"), "unknown finding 'nowhere'"));
    CHECK(contains(refused("{value: 1, not_attempted: why, computation: 2}"), "not attempted has no computation"));
    CHECK(contains(refused("{value: 1, not_attempted: why, finding: why}"), "not attempted has no finding"));
    CHECK(contains(refused("{value: 1, not_attempted: why, ours: 2}"), "not attempted has no ours"));
    CHECK(contains(refused("{value: 1, ours: about 2}"), "plain decimal number"));
    CHECK(contains(refused("O(n)"), "plain decimal number"));
    CHECK(contains(refusal(kHead + "findings: {why: y}\ncolumns: {c: {says: s, computation: 1, not_attempted: why}}\n" +
                           "rows: [{row: r, printed: {c: 1}}]\n"),
                   "leave out one"));
    CHECK(contains(refusal(kHead + "columns: {c: {says: s, not_attempted: why}}\nrows: [{row: r, printed: {c: 1}}]\n"),
                   "unknown finding 'why'"));
}

TEST_CASE("a folder that is not there has no tables") {
    CHECK(yaml_names(fs::path(HEADCOUNT_SOURCE_DIR) / "configs" / "nowhere").empty());
}

}  // namespace
}  // namespace headcount
