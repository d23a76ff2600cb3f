// Published tables: statuses, rounding, evidence, errors, and three shipped tables against closed forms that are
// written here once more, apart from the counting code. exact_tables_test.cpp has all tables against real counts.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "harness/analysis/published/table_result.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/sweep/table_config.hpp"
#include "harness/sweep/yaml.hpp"
#include "tests/catch.hpp"

namespace headcount {
namespace {

namespace fs = std::filesystem;

const fs::path kTables = fs::path(HEADCOUNT_SOURCE_DIR) / "configs" / "tables";

/// Of what Vaswani's Table 1 has besides, under a causal mask: chains and paths count what docs/mechanisms.md says.
std::optional<Rational> of_sequence(const Point& point, std::string_view metric) {
    const std::int64_t n = point.problem.q_len, k = number_of(point, "kernel_size").value_or(0);
    const std::int64_t w = number_of(point, "window").value_or(0);
    const Rational d(point.problem.embed_dim), pairs(k * n - k * (k - 1) / 2);
    const bool recurrent = point.variant == "recurrent", separable = point.variant == "separable_convolution";
    const auto layers = [n](std::int64_t reach) { return (n - 1 + reach - 1) / reach; };
    if (metric == "total.multiplies" && recurrent) return Rational(2 * n - 1) * d * d;
    if (metric == "total.multiplies" && k > 0) return separable ? pairs * d + n * d * d : pairs * d * d;
    if (metric == "sequential_operations" || metric == "path_length") {
        const bool path = metric == "path_length";
        if (recurrent) return Rational(2 * n + 1);
        if (k > 0) return Rational((separable ? k + 1 : k) * (path ? layers(k - 1) : 1));
        if (w > 0) return Rational(3 * (path ? layers(w - 1) : 1));
        return Rational(path ? 3 : 5);
    }
    if (metric != "dilated_path_length") return std::nullopt;
    std::int64_t height = 0;
    for (std::int64_t reached = 1; reached < n; reached *= k) ++height;
    return Rational(k * height);
}

/// Full attention without bias, from the equation; `local` under a causal mask sees `window` keys, its own the last.
Rational closed_form(const Point& point, std::string_view metric, Ledger) {
    const Problem& p = point.problem;
    if (const auto other = of_sequence(point, metric)) return *other;
    const Rational b(p.batch), n(p.q_len), d(p.embed_dim), h(p.num_heads), dk(p.head_dim), dv(p.value_head_dim);
    if (metric == "parameters") return 2 * d * h * dk + 2 * d * h * dv;
    if (metric == "projections.multiplies") return b * n * (2 * d * h * dk + 2 * d * h * dv);
    if (metric == "core.multiplies") {
        const Rational w(number_of(point, "window").value_or(0));
        const Rational pairs = point.variant == "local" ? w * n - w * (w - 1) / 2 : n * n;
        return b * pairs * h * (dk + dv);
    }
    if (metric == "total.exps") return b * n * n * h;
    if (metric == "score_bytes") {
        return point.variant == "streaming" ? Rational(0) : Rational(b * n * n * h * size_in_bytes(p.dtype));
    }
    throw UsageError("unknown metric '" + std::string(metric) + "'");
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TableResult shipped(const std::string& name) {
    return evaluate_table(load_published_table(kTables / (name + ".yaml"), known_fields()), closed_form);
}

Rational ours(const TableResult& result, const std::string& row, const std::string& column) {
    const CellResult* cell = result.find(row, column);
    REQUIRE(cell != nullptr);
    return cell->ours;
}

TableCell cell_of(std::string computation, std::optional<std::string> printed) {
    return {.column = "c",
            .printed = std::move(printed),
            .computation = std::move(computation),
            .tolerance = {},
            .finding = {},
            .note = {},
            .location = "t.yaml:3:7"};
}

PublishedTable table_of(TableCell cell, std::map<std::string, std::string> values = {}) {
    const Point point = point_from_id("multi_head/counting/seq_len=4,embed_dim=8,num_heads=2");
    return {.name = "t",
            .title = "T",
            .source = "S",
            .url = {},
            .says = "says",
            .path = "t.yaml",
            .columns = {{.name = "c", .says = "a column", .unit = "", .computation = ""}},
            .rows = {{.name = "r",
                      .values = std::move(values),
                      .points = {{"at", point}},
                      .cells = {std::move(cell)},
                      .location = "t.yaml:3:1"}},
            .findings = {{"why", "because"}}};
}

CellResult result_of(const TableCell& cell, const std::map<std::string, std::string>& values = {}) {
    return evaluate_table(table_of(cell, values), closed_form).rows.at(0).cells.at(0);
}

std::string error_of(const std::string& computation, const std::map<std::string, std::string>& values = {}) {
    try {
        result_of(cell_of(computation, "1"), values);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "no error";
}

TEST_CASE("a cell is reproduced when it equals the printed digits after the paper's rounding") {
    CHECK(result_of(cell_of("649/10", "65")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("645/10", "65")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("6449/100", "65")).status == CellStatus::does_not_reproduce);
    CHECK(result_of(cell_of("6449/100", "64.5")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("1/3", "0.333")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("1/3", "0.330")).status == CellStatus::does_not_reproduce);
    CHECK(result_of(cell_of("-5/2", "-3")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("2^53 + 1", "9007199254740993")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("2^53 + 1", "9007199254740992")).status == CellStatus::does_not_reproduce);
    TableCell down = cell_of("1049/10", "104");
    CHECK(result_of(down).status == CellStatus::does_not_reproduce);
    down.rounding = Rounding::down;
    CHECK(result_of(down).status == CellStatus::reproduced);
    down = cell_of("-1049/10", "-104");
    down.rounding = Rounding::down;
    CHECK(result_of(down).status == CellStatus::reproduced);
}

TEST_CASE("a number with an exponent is rounded to its own digits, whatever their size") {
    CHECK(result_of(cell_of("147354288128", "1.47e11")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("147354288128", "1.47e11")).ours_rounded == "1.47e11");
    CHECK(result_of(cell_of("147500000000", "1.47e11")).status == CellStatus::does_not_reproduce);
    CHECK(result_of(cell_of("147500000000", "1.48e11")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("147354288128", "1.47e12")).status == CellStatus::does_not_reproduce);
    CHECK(result_of(cell_of("147354288128", "1.474e11")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("1/800", "1.25e-3")).status == CellStatus::reproduced);
    CHECK(result_of(cell_of("1/800", "1e-3")).ours_rounded == "1e-3");
    CHECK(result_of(cell_of("1/800", "1.2e-3")).status == CellStatus::does_not_reproduce);
    TableCell down = cell_of("1299999", "1.2e6");
    down.rounding = Rounding::down;
    CHECK(result_of(down).status == CellStatus::reproduced);
}

TEST_CASE("a cell that is not attempted computes nothing and surprises nobody") {
    TableCell cell = cell_of("", "84.1+-0.34");
    cell.not_attempted = "why";
    const TableResult result = evaluate_table(table_of(cell), closed_form);
    const CellResult& shown = result.rows.at(0).cells.at(0);
    CHECK(shown.status == CellStatus::not_attempted);
    CHECK(shown.not_attempted == "because");
    CHECK(shown.ours_rounded.empty());
    CHECK(result.as_expected());
    CHECK(contains(render(result, "terminal"), "not attempted [1]"));
    CHECK(contains(render(result, "terminal"), "[1] because"));
    CHECK(contains(render(result, "csv"), "84.1+-0.34,,,not attempted,true,"));
    // What is printed there is no number that another cell may read.
    PublishedTable other = table_of(cell);
    other.rows[0].cells.push_back(cell_of("printed.c", "1"));
    other.rows[0].cells.back().column = "d";
    CHECK_THROWS_AS(evaluate_table(other, closed_form), UsageError);
}

TEST_CASE("a tolerance is relative to the printed value and holds for the unrounded one") {
    TableCell cell = cell_of("102", "100");
    CHECK(result_of(cell).status == CellStatus::does_not_reproduce);
    cell.tolerance = "0.02";
    CHECK(result_of(cell).status == CellStatus::within_tolerance);
    CHECK(result_of(cell).as_expected);
    cell.tolerance = "0.0199";
    CHECK(result_of(cell).status == CellStatus::does_not_reproduce);
    CHECK_FALSE(result_of(cell).as_expected);
    cell = cell_of("-98", "-100");
    cell.tolerance = "0.02";
    CHECK(result_of(cell).status == CellStatus::within_tolerance);
    cell = cell_of("98", "-100");
    cell.tolerance = "0.02";
    CHECK(result_of(cell).status == CellStatus::does_not_reproduce);
}

TEST_CASE("a finding expects a miss, and its absence expects a hit") {
    TableCell cell = cell_of("3", "2");
    cell.finding = "why";
    CHECK(result_of(cell).as_expected);
    CHECK(result_of(cell).finding == "because");
    cell.computation = "2";
    CHECK_FALSE(result_of(cell).as_expected);
    CHECK_FALSE(evaluate_table(table_of(cell), closed_form).as_expected());
    CHECK(result_of(cell_of("3", std::nullopt)).status == CellStatus::ours_only);
    CHECK(result_of(cell_of("3", std::nullopt)).as_expected);
}

TEST_CASE("a cell knows what was counted for it, through any number of values") {
    CHECK(result_of(cell_of("2 * 3", "6")).counted.empty());
    CHECK(result_of(cell_of("at.embed_dim + at.dtype_bytes + at.causal", "12")).counted.empty());
    const CellResult cell = result_of(cell_of("twice", "512"), {{"twice", "2 * once"}, {"once", "at.parameters"}});
    CHECK(cell.status == CellStatus::reproduced);
    REQUIRE(cell.counted.size() == 1);
    CHECK(cell.counted[0] == "parameters of multi_head/counting/seq_len=4,embed_dim=8,num_heads=2");
    CHECK(result_of(cell_of("printed.c * 2", "0")).ours == 0);
}

TEST_CASE("errors of a computation say which cell, and what is known") {
    CHECK(contains(error_of("at.parameters +"), "t.yaml:3:7: row 'r', column 'c': "));
    CHECK(contains(error_of("valu", {{"value", "1"}}), "did you mean 'value'?"));
    CHECK(contains(error_of("att.parameters"), "unknown point 'att'; did you mean 'at'?"));
    CHECK(contains(error_of("at.nonsense"), "unknown metric 'nonsense'"));
    CHECK(contains(error_of("printed.other"), "prints no 'other'"));
    CHECK(contains(error_of("a", {{"a", "b"}, {"b", "a"}}), "defined by itself"));
    CHECK(contains(error_of("1 / 0"), "division by zero"));
    std::map<std::string, std::string> chain{{"v0", "1"}};
    for (int i = 1; i < 200; ++i) chain["v" + std::to_string(i)] = "v" + std::to_string(i - 1);
    CHECK(contains(error_of("v199", chain), "deep"));
}

TEST_CASE("every shipped table comes out as its file expects") {
    const std::vector<std::string> names = yaml_names(kTables);
    for (const char* name : {"vaswani2017_table1", "vaswani2017_table3", "flashattention2022_table21"}) {
        CHECK(std::find(names.begin(), names.end(), name) != names.end());
        const TableResult result = shipped(name);
        INFO(render(result, "terminal"));
        CHECK(result.as_expected());
        CHECK(result.count(CellStatus::reproduced) > 0);
    }
}

TEST_CASE("one vocabulary fits ten rows of Vaswani's Table 3 and none fits eleven") {
    const TableResult result = shipped("vaswani2017_table3");
    Rational from(0), to(1000000), big_from, big_to;
    int rows = 0;
    for (const RowResult& row : result.rows) {
        if (result.find(row.name, "vocabulary_from") == nullptr) continue;
        const Rational low = ours(result, row.name, "vocabulary_from");
        const Rational high = ours(result, row.name, "vocabulary_to");
        if (row.name == "big") {
            big_from = low;
            big_to = high;
        } else {
            from = std::max(from, low);
            to = std::min(to, high);
            ++rows;
        }
    }
    CHECK(rows == 10);
    // 41,003 gives 52,499,968 parameters for d_ff = 1024, which round to 52, not to the printed 53.
    CHECK(from == 41004);
    CHECK(to == 41208);
    CHECK(big_from == 35368);
    CHECK(big_to == 36344);
    CHECK(big_to < from);
    CHECK(ours(result, "base", "params_37000") == Rational("63045632") / 1000000);
    CHECK(ours(result, "big", "params_37000") == Rational("214171648") / 1000000);
    CHECK(ours(result, "(B) d_k=16", "params_37000") == Rational("55967744") / 1000000);
    CHECK(ours(result, "(C) d_ff=4096", "params_41100") == Rational("90335232") / 1000000);
}

TEST_CASE("rows (A) of Vaswani's Table 3 share parameters and products but not exponentials") {
    const TableResult result = shipped("vaswani2017_table3");
    for (const int h : {1, 4, 16, 32}) {
        const std::string row = "(A) h=" + std::to_string(h);
        CHECK(ours(result, row, "parameters_ratio") == 1);
        CHECK(ours(result, row, "products_ratio") == 1);
        CHECK(ours(result, row, "exps_ratio") == Rational(h, 8));
    }
}

TEST_CASE("the self-attention row's exponents hold for the core and fail for the layer") {
    const TableResult result = shipped("vaswani2017_table1");
    CHECK(ours(result, "core products in n", "exponent") == 2);
    CHECK(ours(result, "core products in d", "exponent") == 1);
    CHECK(ours(result, "whole layer in n, at n = d", "exponent") == Rational(4, 3));
    CHECK(ours(result, "whole layer in d, at n = d", "exponent") == Rational(5, 3));
    CHECK(ours(result, "projections over core, at n = 2 d", "ratio") == 1);
    CHECK(ours(result, "projections over core, at n = d", "ratio") == 2);
}

TEST_CASE("FlashAttention's memory table follows from four score buffers and ten activations") {
    const TableResult result = shipped("flashattention2022_table21");
    const std::map<std::string, int> printed{{"N=128", 36},    {"N=256", 104},   {"N=512", 336},
                                             {"N=1024", 1184}, {"N=2048", 4416}, {"N=4096", 17024}};
    for (const auto& [row, value] : printed) {
        CHECK(ours(result, row, "pytorch") == value);  // exact, before any rounding
        CHECK(result.find(row, "pytorch")->counted.size() == 1);
        CHECK(result.find(row, "flash")->counted.empty());
    }
    CHECK(ours(result, "N=512", "flash") == Rational(209, 2));
    CHECK(result.find("N=128", "flash")->status == CellStatus::does_not_reproduce);
    CHECK(result.find("N=65536", "flash")->status == CellStatus::reproduced);
    CHECK(ours(result, "N=1024", "pytorch_one_head") == 288);
    // What the paper prints as out of memory needs more than its card's 40 GB.
    CHECK(ours(result, "N=8192", "pytorch") * 1048576 > Rational("40000000000"));
    CHECK(ours(result, "N=4096", "pytorch") * 1048576 < Rational("40000000000"));
}

TEST_CASE("adding a published table takes one YAML file") {
    const fs::path directory = fs::temp_directory_path() / "headcount_published_table_test";
    fs::create_directories(directory);
    {
        std::ofstream file(directory / "scratch2026_table1.yaml");
        file << "title: Scratch\nsource: nobody\nsays: a test\n"
                "points: {p: {variant: multi_head, backend: counting, seq_len: 8, embed_dim: 16}}\n"
                "columns: {heads: {says: parameters of a layer, computation: p.parameters / 4}}\n"
                "rows:\n"
                "  - {row: four heads, points: {p: {num_heads: 4}}, printed: {heads: 256}}\n"
                "  - {row: wrong, points: {p: {num_heads: 2}}, printed: {heads: {value: 99, finding: no}}}\n"
                "findings: {no: \"not so | at all\"}\n";
    }
    CHECK(yaml_names(directory) == std::vector<std::string>{"scratch2026_table1"});
    const TableResult result = evaluate_table(load_published_table(directory / "scratch2026_table1.yaml"), closed_form);
    fs::remove_all(directory);
    CHECK(result.as_expected());
    CHECK(result.count(CellStatus::reproduced) == 1);
    CHECK(result.count(CellStatus::does_not_reproduce) == 1);

    const std::string terminal = render(result, "terminal");
    CHECK(contains(terminal, "p.parameters / 4"));
    CHECK(contains(terminal, "does not reproduce [1]"));
    CHECK(contains(terminal, "[1] not so | at all"));
    const std::string markdown = render(result, "markdown");
    CHECK(contains(markdown, "| four heads | 256 | 256 | 256 | reproduced | counted parameters |"));
    CHECK(contains(markdown, "not so \\| at all"));
    const std::string csv = render(result, "csv");
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
    CHECK(contains(csv, "scratch2026_table1,wrong,heads,,99,256,256,does not reproduce,true,p.parameters / 4,"));
    const std::string latex = render(result, "latex");
    CHECK(contains(latex, "\\toprule"));
    CHECK(contains(latex, "four heads & 256 & 256 & reproduced \\\\"));
}

TEST_CASE("hostile text cannot break out of a rendered table") {
    PublishedTable table = table_of(cell_of("1", "1"));
    table.title = "100% & \\input{x} $y$ | <script> `_`";
    table.rows[0].name = "a,\"b\"|c";
    const TableResult result = evaluate_table(table, closed_form);
    CHECK(contains(render(result, "latex"), "100\\% \\& \\textbackslash{}input\\{x\\} \\$y\\$"));
    CHECK(contains(render(result, "markdown"), "\\| &lt;script>"));
    CHECK(contains(render(result, "csv"), "\"a,\"\"b\"\"|c\""));
}

}  // namespace
}  // namespace headcount
