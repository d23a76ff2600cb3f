// Tables of points: which rows and columns, in which order, what ratios are to, and what people, papers and programs
// get.
#include "harness/analysis/show/point_table.hpp"

#include <nlohmann/json.hpp>

#include "harness/analysis/verdicts/verdict.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

/// Two variants with 1, 2 and 4 heads in one comparison group: multi_head takes heads + 1 ms, streaming twice that.
JournalBuilder two_variants() {
    JournalBuilder builder({"variant", "num_heads"});
    for (const char* variant : {"multi_head", "streaming"}) {
        for (const int heads : {1, 2, 4}) {
            const double ms = (heads + 1) * (variant == std::string("streaming") ? 2 : 1);
            builder.add_timed(point({{"variant", variant}, {"num_heads", std::to_string(heads)}}), "g", 12,
                              headcount::testing::times(ms, 0.01, 7));  // the same noise for all, so ratios are exact
        }
    }
    builder.journal.run.parts.front().compare_by = {"variant", "num_heads"};
    return builder;
}

ClaimSpec& on_time(JournalBuilder& builder, const std::string& across, const std::string& base) {
    ClaimSpec& claim = builder.claim("C", "at_most", "1.1", "time");
    claim.across = {across};
    claim.base = {{across, base}};
    return claim;
}

std::vector<std::string> names(const Table& table) {
    std::vector<std::string> all;
    for (const Column& column : table.columns) all.push_back(column.name);
    return all;
}

std::vector<std::string> cells(const Table& table, const std::string& name) {
    const auto all = names(table);
    const auto at = std::ranges::find(all, name);
    INFO(name);
    REQUIRE(at != all.end());
    std::vector<std::string> cells;
    for (const auto& row : table.rows) cells.push_back(row[static_cast<std::size_t>(at - all.begin())]);
    return cells;
}

using Cells = std::vector<std::string>;

}  // namespace

TEST_CASE("the ratio is to what the claim on time compares with, and says so: within a variant, not within the group") {
    JournalBuilder builder = two_variants();
    on_time(builder, "num_heads", "1");
    const RecordSet records(builder.journal);
    const Table table = point_table(records);
    CHECK(cells(table, "ratio to num_heads=1") == Cells{"", "1.500", "2.500", "", "1.500", "2.500"});
    // And verify says the same of the same points.
    const auto verdicts = verify(records);
    for (const Verdict& v : verdicts) {
        if (v.summary) continue;
        for (const MeasuredCase& one : v.measured)
            CHECK(one.ratio.estimate == Approx(one.label == "num_heads=2" ? 1.5 : 2.5));
    }
}

TEST_CASE("without a claim on time the base is the first of the group, and each row names it") {
    const Table table = point_table(RecordSet(two_variants().journal));
    CHECK(cells(table, "ratio to variant=multi_head, num_heads=1")[5] == "5.000");
}

TEST_CASE("a chosen base is the point with that value and else the same") {
    const RecordSet records(two_variants().journal);
    CHECK(cells(point_table(records, {.base = {"num_heads=4"}}), "ratio to num_heads=4") ==
          Cells{"0.400", "0.600", "", "0.400", "0.600", ""});
    CHECK(cells(point_table(records, {.base = {"variant=streaming"}}), "ratio to variant=streaming") ==
          Cells{"0.500", "0.500", "0.500", "", "", ""});
    const Table one = point_table(records, {.base = {"variant=streaming", "num_heads=2"}});
    CHECK(cells(one, "ratio to variant=streaming, num_heads=2")[0] == "0.333");
    CHECK_THROWS_WITH(point_table(records, {.base = {"num_heads=8"}}), Contains("no timed point has num_heads=8"));
    CHECK_THROWS_WITH(point_table(records, {.base = {"num_heads=1,2"}}), Contains("one value"));
    CHECK_THROWS_WITH(point_table(records, {.base = {"num_head=1"}}), Contains("did you mean 'num_heads'"));
}

TEST_CASE("a base of another variant need not have the options of a row") {
    JournalBuilder builder({"variant"});
    builder.journal.run.parts.front().compare_by = {"variant", "window"};
    Field window;
    window.name = "window";
    window.min = 1;
    window.max = kLargestExtent;
    window.otherwise = "8";
    window.doc = "keys that a query sees";
    FieldTable fields;
    fields.add({.kind = FieldOwner::Kind::variant, .name = "local"}, {window});
    for (const FieldTable::Declaration& declared : fields.declarations()) {
        builder.journal.run.fields.push_back({.field = declared.field, .of = declared.owner.text()});
    }
    builder.add_timed(point({{"num_heads", "2"}}), "g", 12, headcount::testing::times(2, 0.01, 7));
    builder.add_timed(fields.point_from_id("local/naive/seq_len=64,embed_dim=64,num_heads=2,window=4"), "g", 12,
                      headcount::testing::times(1, 0.01, 7));
    const Table table = point_table(RecordSet(builder.journal), {.base = {"variant=multi_head"}});
    CHECK(cells(table, "ratio to variant=multi_head") == Cells{"", "0.500"});
}

TEST_CASE("where rows have different bases each names its own, in a column") {
    JournalBuilder builder = two_variants();
    on_time(builder, "num_heads", "2").where = {{"variant", {"streaming"}}};
    const Table table = point_table(RecordSet(builder.journal));
    CHECK(cells(table, "base") ==
          Cells{"itself", "num_heads=1", "num_heads=1", "num_heads=2", "itself", "num_heads=2"});
    CHECK(cells(table, "ratio")[2] == "2.500");
    CHECK(cells(table, "ratio")[5] == "1.667");
}

TEST_CASE("rows are those that were asked for, in the order that was asked for") {
    const RecordSet records(two_variants().journal);
    const Table some = point_table(records, {.where = {"num_heads=1,4", "variant=streaming"}});
    CHECK(cells(some, "num_heads") == Cells{"1", "4"});
    CHECK_THROWS_WITH(point_table(records, {.where = {"num_heads=3"}}),
                      Contains("no point of the result has num_heads=3"));
    CHECK_THROWS_WITH(point_table(records, {.where = {"num_heads"}}), Contains("FIELD=VALUE"));
    CHECK_THROWS_WITH(point_table(records, {.where = {"num_heads=x"}}), Contains("num_heads"));
    const Table sorted = point_table(records, {.sort = {"num_heads:desc", "time"}});
    CHECK(cells(sorted, "num_heads") == Cells{"4", "4", "2", "2", "1", "1"});
    CHECK(cells(sorted, "variant")[0] == "multi_head");
    CHECK(cells(point_table(records, {.sort = {"time:desc"}}), "num_heads").front() == "4");
    CHECK_THROWS_AS(point_table(records, {.sort = {"tme"}}), UsageError);
}

TEST_CASE("columns are fields, metrics and those of a table; what is not shown and differs is said") {
    const RecordSet records(two_variants().journal);
    const Table table = point_table(records, {.columns = {"num_heads", "time", "core.multiplies"}});
    CHECK(names(table) == Cells{"num_heads", "median ms", "core.multiplies"});
    CHECK_THAT(table.notes.front(), Contains("rows differ in variant, too"));
    const Table whole = point_table(records, {.columns = {"variant", "num_heads", "ratio"}});
    for (const std::string& note : whole.notes) CHECK(note.empty());
    CHECK_THROWS_WITH(point_table(records, {.columns = {"tiem"}}), Contains("did you mean 'time'"));
}

TEST_CASE("what all rows share stands in the conditions and in no column") {
    const Table table = point_table(RecordSet(two_variants().journal));
    const auto all = names(table);
    for (const char* constant : {"embed_dim", "dtype", "backend", "batch", "rounds", "outcome"}) {
        CHECK(std::ranges::find(all, constant) == all.end());
    }
    CHECK_THAT(table.conditions, Contains("embed_dim 64") && Contains("dtype f32") && Contains("backend naive") &&
                                     Contains("batch 1") && Contains("12 rounds"));
    CHECK_THAT(to_markdown(table), Contains("12 rounds"));
    CHECK_THAT(to_terminal(table), Contains("12 rounds"));
    CHECK_THAT(to_csv(table), !Contains("12 rounds"));
}

TEST_CASE("programs get every field, numbers as numbers, ends of intervals apart and units in names") {
    const RecordSet records(two_variants().journal);
    const Table table = point_table(records, {.audience = Audience::programs});
    for (const char* name :
         {"point", "dtype", "median_s", "low_s", "high_s", "ratio_low", "ratio_high", "ratio_base", "n_rounds"}) {
        CHECK_NOTHROW(cells(table, name));
    }
    const auto json = nlohmann::json::parse(to_json(table));
    REQUIRE(json.at("rows").size() == 6);
    const auto& row = json["rows"][1];
    CHECK(row.at("median_s").is_number());
    CHECK(row.at("num_heads") == 2);
    CHECK(row.at("causal") == false);
    CHECK(row.at("variant") == "multi_head");
    CHECK(json["rows"][0].at("ratio").is_null());
    for (const auto& [name, cell] : row.items()) {
        INFO(name);
        CHECK((!cell.is_string() || (cell != "" && !cell.get<std::string>().starts_with("["))));
    }
    const std::string tabs = to_tsv(table);
    CHECK(std::ranges::count(tabs, '\n') == 7);
    CHECK(std::ranges::count(tabs, '\t') == static_cast<std::ptrdiff_t>(7 * (table.columns.size() - 1)));
}

TEST_CASE("a paper gets label, caption, packages and footnotes, and no commands") {
    JournalBuilder builder = two_variants();
    PointRecord& skipped = builder.add(point({{"num_heads", "8"}}), 1);
    skipped.outcome = Outcome::skipped;
    skipped.reason = "8 heads are 100 % too many";
    on_time(builder, "num_heads", "1");
    const std::string text = to_latex(point_table(RecordSet(builder.journal), {.audience = Audience::paper}));
    CHECK_THAT(text, Contains("% \\usepackage{booktabs,graphicx}") && Contains("\\label{tab:made_by_hand}") &&
                         Contains("\\caption{made\\_by\\_hand: median time of one pass") && Contains("12 rounds") &&
                         Contains("\\shortstack[r]{ratio to\\\\num\\_heads=1}") && Contains(" -- &") &&
                         Contains("A dash: "));
    CHECK_THAT(text, Contains("[a] skipped: 8 heads are 100 \\% too many") && Contains("& [a] \\\\"));
    CHECK_THAT(text, !Contains("headcount run"));
}

TEST_CASE("a table beyond a page is several floats of one number") {
    Table table{.columns = {{.name = "n"}}, .rows = {}, .caption = "Many", .label = "many"};
    for (int i = 0; i < 100; ++i) table.rows.push_back({std::to_string(i)});
    const std::string text = to_latex(table);
    const auto count = [&](const std::string& words) {
        int times = 0;
        for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++times;
        return times;
    };
    CHECK(count("\\begin{table}") == 3);
    CHECK(count("\\caption{Many.}") == 1);
    CHECK(count("\\label{tab:many}") == 1);
    CHECK(count("\\addtocounter{table}{-1}\n  \\caption{(continued)}") == 2);
    CHECK_THAT(text, Contains("\n    99 \\\\\n"));
}

TEST_CASE("a ratio that no row has, or whose base differs, says so") {
    const RecordSet records(two_variants().journal);
    const Table differs = point_table(records, {.columns = {"variant", "num_heads", "ratio"}, .base = {"num_heads=1"}});
    CHECK(names(differs) == Cells{"variant", "num_heads", "ratio to num_heads=1"});
    JournalBuilder mixed = two_variants();
    on_time(mixed, "num_heads", "2").where = {{"variant", {"streaming"}}};
    CHECK(names(point_table(RecordSet(mixed.journal), {.columns = {"variant", "num_heads", "ratio"}})) ==
          Cells{"variant", "num_heads", "ratio", "base"});
    const Table none = point_table(records, {.columns = {"num_heads", "ratio"},
                                             .where = {"variant=streaming", "num_heads=1"},
                                             .base = {"variant=streaming"}});
    CHECK_THAT(none.notes.back(), Contains("no ratios"));
    CHECK_THROWS_WITH(point_table(records, {.columns = {"time", "time"}}), Contains("asked for twice"));
    JournalBuilder counted({"num_heads"});
    counted.add(point({{"num_heads", "1"}}), 1);
    CHECK_THROWS_WITH(point_table(RecordSet(counted.journal), {.base = {"num_heads=1"}}),
                      Contains("nothing in this result was timed"));
    CHECK_THAT(point_table(RecordSet(counted.journal)).caption, Contains("exact counts"));
}

TEST_CASE("for programs one length is two columns of numbers") {
    const Table table = point_table(RecordSet(two_variants().journal),
                                    {.audience = Audience::programs, .columns = {"seq_len", "kv_len", "time"}});
    CHECK(names(table) == Cells{"point", "q_len", "kv_len", "median_s"});
}
