// headcount count: the exact cost of one problem, from its flags, without running anything.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/cli/command.hpp"
#include "harness/cli/convention_report.hpp"
#include "harness/cli/count_columns.hpp"
#include "harness/cli/count_report.hpp"
#include "harness/cli/counted_metric.hpp"
#include "harness/cli/point_options.hpp"
#include "harness/cli/vocabulary.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/known_fields.hpp"

namespace headcount::commands {
namespace {

struct Options {
    PointOptions point;
    std::string preset;
    std::string ledger = "required";
    std::string format = "text";
    std::string convention;  ///< empty: the report of our own
    bool block = false;
    double ffn_dim = 0;
};

Point point_of(const Options& options, const PointOptions& given) {
    PointSpec base;
    if (!options.preset.empty()) base.problem = find_preset(options.preset).problem;
    PointSpec spec = given.over(base);
    if (!spec.variant) spec.variant = "multi_head";
    if (!spec.backend) spec.backend = "counting";
    if (const std::string why = known_fields().why_not_its_own(spec); !why.empty()) throw UsageError(why);
    return resolve(spec, known_fields());
}

std::optional<TransformerBlock> block_of(const Options& options, const Point& point) {
    if (!options.block) return std::nullopt;
    if (options.preset.empty()) throw UsageError("--block needs --preset: the rest of a block is the model's own");
    const Preset& preset = find_preset(options.preset);
    auto ffn_dim = static_cast<std::int64_t>(options.ffn_dim);
    if (ffn_dim == 0) {
        ffn_dim = preset.ffn_dim;
        const std::int64_t wide = preset.problem.embed_dim.value_or(point.problem.embed_dim);
        if (wide != point.problem.embed_dim) {
            throw UsageError(
                fmt::format("{} has a feed-forward part of {} beside an embed_dim of {}; say what it is beside {}: "
                            "--ffn-dim {} keeps the ratio, --ffn-dim {} the width",
                            options.preset, ffn_dim, wide, point.problem.embed_dim,
                            ffn_dim * point.problem.embed_dim / wide, ffn_dim));
        }
    }
    return count_transformer_block(point, ffn_dim, activation_from(preset.activation));
}

Count count_of(const Point& point, Ledger ledger) {
    Count count = count_point(point);
    if (!count.knows(ledger)) {
        throw UsageError(fmt::format("what engine {} executes is not known; only --ledger required is", point.backend));
    }
    return count;
}

int layers_of(const Options& options) { return options.preset.empty() ? 0 : find_preset(options.preset).num_layers; }

void print_columns(const Options& options, const std::string& field, const std::vector<PointOptions>& each,
                   Ledger ledger) {
    if (options.block) throw UsageError("--block takes one value of each field; leave it or the list out");
    if (!options.convention.empty())
        throw UsageError("--convention takes one value of each field; leave it or the list out");
    std::vector<CountedPoint> points;
    for (const PointOptions& one : each) {
        const Point point = point_of(options, one);
        points.push_back({.point = point, .count = count_of(point, ledger)});
    }
    if (options.format == "json") {
        nlohmann::ordered_json all = nlohmann::ordered_json::array();
        for (const CountedPoint& p : points) all.push_back(count_as_json(p.point, p.count, ledger, layers_of(options)));
        fmt::print("{}\n", all.dump(2));
        return;
    }
    const std::string format = options.format == "text" ? "terminal" : options.format;
    const Table table = count_columns(points, field, ledger, layers_of(options), audience_of(format));
    fmt::print("{}", render(table, format));
}

void print_conventions(const Options& options, const Point& point, Ledger ledger) {
    if (options.block) throw UsageError("--convention speaks of attention alone; leave --block or --convention out");
    const std::vector<ConventionResult> results =
        evaluate_conventions(conventions_named(options.convention), point, ledger, counted_metric);
    if (options.format == "json") {
        fmt::print("{}\n", conventions_as_json(point, ledger, results).dump(2));
    } else if (options.format == "text") {
        fmt::print("{}", conventions_as_text(point, ledger, results));
    } else {
        fmt::print("{}", render(conventions_as_table(results), options.format));
    }
}

void run(const Options& options) {
    const Ledger ledger = options.ledger == "executed" ? Ledger::executed : Ledger::required;
    if (options.ffn_dim > 0 && !options.block) throw UsageError("--ffn-dim speaks of the rest of a block; add --block");
    const auto [field, each] = options.point.spread();
    if (!field.empty()) {
        print_columns(options, field, each, ledger);
        return;
    }
    const Point point = point_of(options, options.point);
    if (!options.convention.empty()) {
        print_conventions(options, point, ledger);
        return;
    }
    const Count count = count_of(point, ledger);
    const std::optional<TransformerBlock> block = block_of(options, point);
    if (options.format == "json") {
        nlohmann::ordered_json report = count_as_json(point, count, ledger, layers_of(options));
        if (block) report["block"] = block_as_json(*block, ledger);
        fmt::print("{}\n", report.dump(2));
    } else if (options.format == "text") {
        fmt::print("{}", count_as_text(point, count, ledger, layers_of(options)));
        if (block) fmt::print("{}", block_as_text(*block, ledger));
    } else {
        fmt::print("{}", render(count_as_table(count, ledger), options.format));
    }
}

constexpr char kExamples[] = R"(
Examples:
  headcount count --variant multi_head --seq-len 1024 --embed-dim 512 --num-heads 8
  headcount count --variant multi_head --batch 2 --q-len 33 --kv-len 77 --embed-dim 96 --num-heads 8 --format json
  headcount count --preset bert-base --block
  headcount count --seq-len 1024 --embed-dim 512 --num-heads 1,8,64     side by side, with ratios
  headcount count --seq-len 1024 --embed-dim 512 --num-heads 8 --convention all     the same as others count it
  headcount count --variant streaming --seq-len 65536 --embed-dim 4096 --num-heads 32 --causal --ledger executed)";

}  // namespace

Command count() {
    return {.name = "count",
            .summary = "Count one problem exactly, in microseconds, without running it",
            .declare = [](int&) {
                auto options = std::make_shared<Options>();
                CommandLine line{
                    .flags = {{.name = "--preset",
                               .into = &options->preset,
                               .doc = "sizes of a published model; other flags win over them"},
                              {.name = "--block",
                               .into = &options->block,
                               .doc = "attention's share of a whole Transformer block (needs --preset)"},
                              {.name = "--ffn-dim",
                               .into = &options->ffn_dim,
                               .doc = "width of the block's feed-forward part; the preset's when absent",
                               .positive = true,
                               .whole = true},
                              {.name = "--ledger",
                               .into = &options->ledger,
                               .doc = "required: what the definition needs; executed: what this path does",
                               .shows_default = true,
                               .choices = {"required", "executed"}},
                              {.name = "--convention",
                               .into = &options->convention,
                               .doc = "as others count: all, one of `headcount list conventions`, or a file (.yaml)"},
                              {.name = "--format",
                               .into = &options->format,
                               .shows_default = true,
                               .choices = {"text", "json", "csv", "tsv"}}},
                    .run = [options] { run(*options); },
                    .footer = kExamples};
                for (Flag& flag : options->point.flags()) line.flags.push_back(std::move(flag));
                return line;
            }};
}

}  // namespace headcount::commands
