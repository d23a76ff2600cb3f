// results/README.md shows the fields as the code has them.
#include "harness/journal/describe.hpp"

#include <fstream>
#include <iterator>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"
#include "tests/journal/records.hpp"

using namespace headcount;

namespace {

const std::string kPage = std::string(HEADCOUNT_SOURCE_DIR) + "/results/README.md";

std::string text_of_page() {
    std::ifstream file(kPage);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The page with the table of each kind as it should be.
std::string written(std::string text) {
    for (const std::string& kind : journal_kinds()) {
        const std::string begin = "<!-- fields of " + kind + ": written by test_journal [write] -->\n";
        const std::string end = "<!-- end of fields -->\n";
        const std::size_t from = text.find(begin);
        REQUIRE(from != std::string::npos);
        const std::size_t to = text.find(end, from);
        REQUIRE(to != std::string::npos);
        text.replace(from, to - from, begin + field_table(kind));
    }
    return text;
}

}  // namespace

TEST_CASE("results/README.md has the tables of all fields; test_journal [write] writes them") {
    const std::string page = text_of_page();
    REQUIRE(written(page) == page);
}

TEST_CASE("the tables of results/README.md are written", "[.write]") {
    const std::string page = written(text_of_page());
    std::ofstream(kPage) << page;
}

TEST_CASE("a table names nested fields by their path, with unit and meaning") {
    const std::string table = field_table("point");
    CHECK(contains(table, "| `check.bound` |  | what was allowed there |"));
    CHECK(contains(table, "| `memory.peak_bytes` | bytes | "));
    CHECK(contains(table, "| `ops[].role` |"));
    CHECK_FALSE(contains(table, "schema_version"));
    CHECK(contains(field_table("round"), "| `samples[].wall_s` | s | one pass |"));
    CHECK_THROWS_AS(field_table("dance"), Error);
}
