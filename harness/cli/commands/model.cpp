// headcount model: what a whole published model costs, and what its number of heads changes in that.
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/model_report.hpp"
#include "harness/cli/paths.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/sweep/model_config.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string model;
    std::string dtype = "bf16";
    std::string format = "text";
    double context = 8192, batch = 1, memory_gib = 0, weight_bits = 0;
    std::vector<int> num_heads;
};

constexpr double kLongest = 1e9;
constexpr double kLeastMemory = 1e-6, kMostMemory = 1e9;  // GiB; its bytes are a 64-bit number
constexpr std::int64_t kFirstLength = std::int64_t{1} << 10, kLastLength = std::int64_t{1} << 20;

DType dtype_of(const std::string& name) {
    PointSpec spec;
    known_fields().set(spec, "dtype", name);
    return *spec.problem.dtype;
}

HeadsRow heads_row(const ModelCost& own, DType dtype, const Options& options, std::int64_t num_heads, Keep keep) {
    HeadsRow row{.num_heads = num_heads, .keep = std::string(to_string(keep))};
    OtherHeads other = with_heads(own.model(), own.problem(), num_heads, keep);
    row.why_not = std::move(other.why_not);
    if (!other.model) return row;
    const ModelCost cost(std::move(*other.model), known_fields(), count_point, dtype);
    row.figures = figures_at(cost, std::llround(options.context), std::llround(options.batch));
    return row;
}

std::vector<HeadsRow> heads_rows(const ModelCost& own, const ModelFigures& figures, DType dtype,
                                 const Options& options) {
    const std::int64_t heads = own.problem().num_heads;
    std::vector<std::int64_t> asked(options.num_heads.begin(), options.num_heads.end());
    if (asked.empty()) asked = {heads / 2, heads, 2 * heads};
    std::vector<HeadsRow> rows;
    for (const std::int64_t num_heads : asked) {
        if (num_heads < 1) throw UsageError("--num-heads: a layer has at least 1 head");
        if (num_heads == heads) {
            rows.push_back({.num_heads = heads, .keep = "own", .figures = figures});
            continue;
        }
        for (const Keep keep : {Keep::head_dim, Keep::width}) {
            rows.push_back(heads_row(own, dtype, options, num_heads, keep));
        }
    }
    return rows;
}

ModelReport report_of(const Options& options) {
    const DType dtype = dtype_of(options.dtype);
    const ModelCost cost(load_model(find_config(options.model, "models"), known_fields()), known_fields(), count_point,
                         dtype);
    const std::int64_t context = std::llround(options.context), batch = std::llround(options.batch);
    const std::int64_t bits = options.weight_bits > 0 ? std::llround(options.weight_bits) : 8 * size_in_bytes(dtype);
    ModelReport report{.model = cost.model().name,
                       .source = cost.model().source,
                       .dtype = options.dtype,
                       .batch = batch,
                       .longest = cost.model().longest,
                       .weight_bits = bits,
                       .weight_bytes = cost.weight_bytes(bits),
                       .own = figures_at(cost, context, batch)};
    report.published = compare_with_published(cost);
    if (options.memory_gib > 0) {
        report.memory_bytes = std::llround(options.memory_gib * static_cast<double>(std::int64_t{1} << 30));
        report.fits = cost.writes() ? cost.longest_within(report.memory_bytes, batch, bits) : 0;
    }
    for (std::int64_t length = kFirstLength; length <= kLastLength; length *= 2) {
        report.lengths.push_back(figures_at(cost, length, batch));
    }
    report.heads = heads_rows(cost, report.own, dtype, options);
    report.points = cost.points(context);
    return report;
}

void run(const Options& options, int& exit_code) {
    const ModelReport report = report_of(options);
    if (options.format == "json") {
        fmt::print("{}", model_as_json(report));
    } else {
        fmt::print("{}",
                   options.format == "text" ? model_as_text(report) : render(model_as_table(report), options.format));
    }
    for (const PublishedResult& one : report.published) {
        if (!one.as_expected()) exit_code = exit_code::not_as_expected;
    }
}

constexpr char kExamples[] = R"(
Examples:
  headcount model llama-3-8b --context 8192 --memory 24
  headcount model deepseek-v3 --context 131072 --memory 1536 --weight-bits 8
  headcount model kimi-k2 --context 131072 --num-heads 64,128
  headcount model my_models/mine.yaml --format json
`headcount list configs` has the models.

Exit: 1 when a published number comes out otherwise than its file states.)";

}  // namespace

Command model() {
    return {.name = "model",
            .summary = "A whole model: parameters, FLOPs and cache a token, attention's share, what other heads change",
            .declare = [](int& exit_code) {
                auto options = std::make_shared<Options>();
                return CommandLine{.flags = {{.name = "model",
                                              .into = &options->model,
                                              .doc = "a model by name or file (.yaml)",
                                              .required = true},
                                             {.name = "--context",
                                              .into = &options->context,
                                              .doc = "tokens of the prompt, or in the cache",
                                              .shows_default = true,
                                              .range = {1, kLongest},
                                              .whole = true},
                                             {.name = "--batch",
                                              .into = &options->batch,
                                              .doc = "sequences in the cache",
                                              .shows_default = true,
                                              .range = {1, kLongest},
                                              .whole = true},
                                             {.name = "--memory",
                                              .into = &options->memory_gib,
                                              .doc = "GiB: what context fits into it beside the weights",
                                              .range = {kLeastMemory, kMostMemory}},
                                             {.name = "--dtype",
                                              .into = &options->dtype,
                                              .doc = "type of weights and cache",
                                              .shows_default = true,
                                              .choices = {"bf16", "f32"}},
                                             {.name = "--weight-bits",
                                              .into = &options->weight_bits,
                                              .doc = "bits of a weight in memory, where they are fewer than the type's",
                                              .range = {1, 64},
                                              .whole = true},
                                             {.name = "--num-heads",
                                              .into = &options->num_heads,
                                              .doc = "other numbers of heads; without: half as many and twice as many",
                                              .delimiter = ','},
                                             {.name = "--format",
                                              .into = &options->format,
                                              .shows_default = true,
                                              .choices = {"text", "json", "csv", "tsv"}}},
                                   .run = [options, &exit_code] { run(*options, exit_code); },
                                   .footer = kExamples};
            }};
}

}  // namespace headcount::commands
