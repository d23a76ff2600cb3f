// Tables as CSV, Markdown, LaTeX and terminal text; exports; Google Benchmark's JSON.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/model/breakdown.hpp"
#include "harness/analysis/show/export.hpp"
#include "harness/analysis/show/gbench_json.hpp"
#include "harness/analysis/show/point_table.hpp"
#include "harness/analysis/show/verdict_text.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

Table awkward() {
    return {.columns = {{.name = "na,me"}, {.name = "value_s", .align = Align::right}},
            .rows = {{"say \"hi\"", "1"}, {"50 % & {x}_1^2 \\ ~ # $", "2"}, {"two\nlines | pipe", "3"}},
            .caption = "100 % of it"};
}

JournalBuilder two_points() {
    JournalBuilder builder({"num_heads"});
    builder.add_timed(point({{"num_heads", "1"}}), "g", 12, [](int) { return 2e-3; });
    builder.add_timed(point({{"num_heads", "8"}}), "g", 12, [](int) { return 3e-3; });
    const auto spans = [](double softmax) {
        return std::vector<SpanRecord>{{"matmul", "query", 5e-4},
                                       {"matmul", "scores", 4e-4},
                                       {"softmax_rows", "weights", softmax},
                                       {"copy", "split", 1e-4},
                                       {"attend", "context", 2e-4}};
    };
    builder.journal.points[0].breakdown = spans(1e-4);
    builder.journal.points[1].breakdown = spans(8e-4);
    builder.journal.points[0].traced_s = 1.4e-3;
    builder.journal.points[1].traced_s = 2.3e-3;
    builder.claim("R3", "equal", "exactly").outcome = "supported";
    builder.claim("R12", "within", "0.02", "time");
    return builder;
}

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::size_t lines(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

}  // namespace

TEST_CASE("CSV quotes what must be quoted and nothing else") {
    CHECK(csv_cell("plain text_1") == "plain text_1");
    CHECK(csv_cell("a,b") == "\"a,b\"");
    CHECK(csv_cell("say \"hi\"") == "\"say \"\"hi\"\"\"");
    CHECK(csv_cell("two\nlines") == "\"two\nlines\"");
    CHECK(to_csv(awkward()).starts_with("\"na,me\",value_s\n\"say \"\"hi\"\"\",1\n"));
}

TEST_CASE("LaTeX sees none of its special characters") {
    CHECK(latex_text("50 % & {x}_1^2 \\ ~ # $") ==
          "50 \\% \\& \\{x\\}\\_1\\textasciicircum{}2 \\textbackslash{} \\textasciitilde{} \\# \\$");
    const std::string text = to_latex(awkward());
    CHECK_THAT(text, Contains("\\begin{tabular}{lr}") && Contains("\\toprule") && Contains("\\midrule") &&
                         Contains("\\bottomrule") && Contains("\\caption{100 \\% of it.}") &&
                         Contains("two lines | pipe & 3 \\\\"));
}

TEST_CASE("Markdown keeps its pipes apart") {
    const std::string text = to_markdown(awkward());
    CHECK_THAT(text, Contains("| na,me | value_s |\n| --- | ---: |") && Contains("two<br>lines \\| pipe | 3 |"));
}

TEST_CASE("terminal tables break long cells at spaces, and words only when they must") {
    Table table{
        .columns = {{.name = "name"}, {.name = "text", .wraps = true}, {.name = "n", .align = Align::right}},
        .rows = {{"a", "one two three four five six seven eight nine ten", "12"}, {"b", std::string(70, 'x'), "3"}}};
    const std::string text = to_terminal(table, 40);
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) CHECK(line.size() <= 40);
    CHECK_THAT(text, Contains("one two three") && !Contains("thr\n"));
    CHECK(std::ranges::count(text, 'x') == 70 + 2);  // no letter is lost; "text" and "six" have one each
}

TEST_CASE("an unknown table format names the known ones") {
    CHECK_THROWS_WITH(render(awkward(), "html"), Contains("markdown") && Contains("latex"));
    CHECK_THROWS_AS(render(awkward(), "html"), UsageError);
}

TEST_CASE("the point table carries medians, intervals and the ratio with its base") {
    const Table table = point_table(RecordSet(two_points().journal));
    REQUIRE(table.rows.size() == 2);
    const std::string text = to_csv(table);
    CHECK_THAT(text, Contains(",2,") && Contains(",3,") && Contains("1.500") && Contains("base"));
}

TEST_CASE("the point table leaves counted points out beside timed ones unless asked") {
    JournalBuilder builder = two_points();
    builder.add(point({{"num_heads", "4"}}), 1).outcome = Outcome::counted;
    const RecordSet records(builder.journal);
    CHECK(point_table(records).rows.size() == 2);
    const Table all = point_table(records, {.audience = Audience::programs});
    CHECK(all.rows.size() == 3);
    CHECK(all.columns.front().name == "point");
}

TEST_CASE("exported files have a row for everything and the columns that plots read") {
    const std::filesystem::path directory =
        std::filesystem::temp_directory_path() / ("headcount_export_test_" + std::to_string(getpid())) / "nested";
    std::filesystem::remove_all(directory);
    JournalBuilder builder = two_points();
    export_data(builder.journal, "r.jsonl", directory);
    const std::string points = read(directory / "points.csv");
    CHECK(points.starts_with(
        "point,part,group,outcome,reason,variant,backend,task,batch,q_len,kv_len,embed_dim,num_heads,"));
    CHECK_THAT(points, Contains(",n_rounds,median_s,low_s,high_s,p5_s,p95_s,ratio,ratio_low,ratio_high,ratio_base,"));
    CHECK_THAT(points, Contains(",0.002,") && Contains(",1.5,") && Contains("main"));
    CHECK(lines(points) == 3);
    CHECK(lines(read(directory / "samples.csv")) == 25);
    CHECK(lines(read(directory / "ops.csv")) == 5);
    CHECK(lines(read(directory / "breakdown.csv")) == 11);
    CHECK(lines(read(directory / "exponents.csv")) == 1);  // one length only
    CHECK(lines(read(directory / "shares.csv")) == 1 + kShares.size());
    CHECK(read(directory / "shares.csv").find("scores,scores Q K^T\n") != std::string::npos);
    CHECK(read(directory / "breakdown.csv").find(",scores,,\n") != std::string::npos);
    CHECK(lines(read(directory / "verdicts.csv")) == 5);
    const auto run = nlohmann::json::parse(read(directory / "run.json"));
    CHECK(run.at("claims").size() == 2);
    CHECK(run.at("name") == "made_by_hand");
    std::filesystem::remove_all(directory.parent_path());
}

TEST_CASE("every row of every export is as long as its header") {
    JournalBuilder builder = two_points();
    builder.add(point({{"num_heads", "4"}}), 1).outcome = Outcome::failed;
    builder.journal.run.parts.front().point_ids.push_back("multi_head/naive/embed_dim=64,num_heads=12,q_len=64");
    builder.journal.run.parts.front().point_ids.push_back(point({{"num_heads", "2"}}).id());
    const RecordSet records(builder.journal);
    REQUIRE(records.entries().size() == 5);
    CHECK_FALSE(records.entries()[3].resolved);
    const std::vector<Verdict> verdicts = verify(records);
    for (const Table& table :
         {points_csv(records), ops_csv(records), breakdown_csv(records), exponents_csv(records), samples_csv(records),
          verdicts_csv(verdicts), point_table(records), verdict_table(verdicts, true)}) {
        for (const auto& row : table.rows) CHECK(row.size() == table.columns.size());
    }
}

TEST_CASE("Google Benchmark's JSON has the fields that its compare.py reads") {
    const auto json = nlohmann::json::parse(to_gbench_json(RecordSet(two_points().journal)));
    for (const char* key : {"date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "cpu_scaling_enabled",
                            "caches", "load_avg", "library_build_type"}) {
        CHECK(json.at("context").contains(key));
    }
    const auto& benchmarks = json.at("benchmarks");
    REQUIRE(benchmarks.size() == 2 * (12 + 4));
    for (const auto& line : benchmarks) {
        for (const char* key : {"name", "family_index", "per_family_instance_index", "run_name", "run_type",
                                "repetitions", "threads", "iterations", "real_time", "cpu_time", "time_unit"}) {
            CHECK(line.contains(key));
        }
        const bool aggregate = line.at("run_type") == "aggregate";
        CHECK(line.contains(aggregate ? "aggregate_name" : "repetition_index"));
    }
    CHECK(benchmarks[0].at("real_time").get<double>() == Approx(2e6));
}

TEST_CASE("metrics have names of their own, a unit or none, and a line of documentation") {
    std::vector<std::string> names = metric_names();
    std::ranges::sort(names);
    CHECK(std::ranges::adjacent_find(names) == names.end());
    for (const Metric& metric : all_metrics()) {
        CHECK_FALSE(metric.doc.empty());
        CHECK(find_metric(metric.name).name == metric.name);
    }
    for (const char* name : {"core.multiplies", "products.multiplies", "projections.multiplies", "softmax.exps",
                             "core.intensity", "total.flops", "parameters", "kv_cache_bytes", "score_bytes",
                             "workspace_bytes", "peak_bytes", "process_peak_bytes", "time", "time.softmax"}) {
        CHECK_NOTHROW(find_metric(name));
    }
    CHECK_THROWS_WITH(find_metric("core.multiplys"), Contains("did you mean 'core.multiplies'"));
}

TEST_CASE("selectors split an attention layer as the readings do") {
    JournalBuilder builder({"num_heads"});
    PointRecord& record = builder.add(point({{"num_heads", "8"}}), 100);
    const auto part = [](const char* op, const char* role, OpCost cost) {
        OpPart p;
        p.op = op;
        p.role = role;
        p.required = cost;
        p.executed = cost;
        return p;
    };
    record.counted.ops = {
        part("matmul", "query", {.multiplies = 7}),
        part("bias", "query", {.adds = 3}),
        part("matmul", "qkv", {.multiplies = 11}),
        part("matmul", "scores", {.multiplies = 100, .adds = 90, .bytes_read = 20, .bytes_written = 12}),
        part("scale", "scores", {.multiplies = 13}),
        part("softmax", "weights", {.adds = 5, .exps = 17, .bytes_read = 12, .bytes_written = 12}),
        part("matmul", "context", {.multiplies = 100, .adds = 80, .bytes_read = 24, .bytes_written = 20}),
        part("copy", "context", {.bytes_read = 1000})};
    const RecordSet records(builder.journal);
    const auto value = [&](const char* name) {
        return *find_metric(name).value(records.entries().front(), Ledger::required).exact;
    };
    CHECK(value("core.multiplies") == 200);
    CHECK(value("core.adds") == 170);
    CHECK(value("core.exps") == 17);
    CHECK(value("core.bytes") == 100);
    CHECK(value("core.intensity") == 4);
    CHECK(value("scores.multiplies") == 100);
    CHECK(value("scale.multiplies") == 13);
    CHECK(value("elementwise.multiplies") == 13);
    CHECK(value("attention.multiplies") == 213);
    CHECK(value("projections.multiplies") == 18);
    CHECK(value("projections.adds") == 3);
    CHECK(value("copies.bytes") == 1000);
    CHECK(value("total.multiplies") == 231);
    CHECK(value("products.flops") == 370);
}

TEST_CASE("text that a spreadsheet would run gets a quote in front, numbers do not") {
    CHECK(csv_cell("=1+1") == "'=1+1");
    CHECK(csv_cell("@SUM(A1)") == "'@SUM(A1)");
    CHECK(csv_cell("+cmd") == "'+cmd");
    CHECK(csv_cell("-2+3+cmd|' /C calc'!A0") == "'-2+3+cmd|' /C calc'!A0");
    CHECK(csv_cell("=HYPERLINK(\"x\",1)") == "\"'=HYPERLINK(\"\"x\"\",1)\"");
    CHECK(csv_cell("\t=1") == "'\t=1");
    for (const char* number : {"-1", "-3/4", "+5", "-1.5e-07", "", "-", "1=2"}) CHECK(csv_cell(number) == number);
}

TEST_CASE("cells neither steer a terminal nor open an element in Markdown") {
    const Table table{.columns = {{.name = "a"}}, .rows = {{"x\x1b[31my\rz\x07"}, {"<script>alert(1)</script>"}}};
    const std::string terminal = to_terminal(table);
    CHECK(terminal.find('\x1b') == std::string::npos);
    CHECK(terminal.find('\r') == std::string::npos);
    CHECK(to_markdown(table).find("<script>") == std::string::npos);
}
