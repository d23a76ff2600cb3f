// headcount match: the size at which a mechanism has as many parameters, FLOPs or bytes of cache as another.
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/cli/command.hpp"
#include "harness/cli/match_report.hpp"
#include "harness/cli/named_variant.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/known_fields.hpp"

namespace headcount::commands {
namespace {

constexpr double kMost = 1e9;
constexpr std::string_view kFfnDim = "ffn_dim";

struct Options {
    PointOptions point;
    std::string variant, to, equal, vary;
    std::string format = "text";
    double ffn_dim = 0, attention_layers = 1, ffn_layers = 1, up_to = 1 << 14;
    bool gated = false;
};

Stack stack_of(const Options& options, std::int64_t ffn_dim) {
    return {.attention_layers = std::llround(options.attention_layers),
            .ffn_layers = ffn_dim == 0 ? 0 : std::llround(options.ffn_layers),
            .ffn = {.ffn_dim = ffn_dim, .gated = options.gated}};
}

StackCosts count_costs(const Point& point, const Stack& stack) { return costs_of(point, count_point(point), stack); }

MatchReport report_of(const Options& options) {
    const std::vector<NamedVariant> both{{options.variant, options.point}, {options.to, options.point}};
    check_flags(options.point, both);
    const std::int64_t ffn_dim = std::llround(options.ffn_dim);
    const bool varies_ffn = options.vary == kFfnDim;
    if (varies_ffn && ffn_dim == 0) {
        throw UsageError("--vary ffn_dim needs --ffn-dim N: the width that the other one has");
    }
    if (!varies_ffn && known_fields().at(options.vary).type != FieldType::integer) {
        throw UsageError(
            fmt::format("--vary {}: only whole numbers vary, such as ffn_dim, num_heads, head_dim or an "
                        "option that is a number",
                        options.vary));
    }
    if (!varies_ffn) check_has(options.vary, {both[0]});
    MatchReport report{.equal = options.equal,
                       .vary = options.vary,
                       .variant = options.variant,
                       .to = options.to,
                       .to_point = both[1].point().id(),
                       .stack = stack_of(options, ffn_dim)};
    report.theirs = count_costs(both[1].point(), report.stack);
    const Rational target = quantity_of(report.theirs, options.equal);

    std::optional<std::pair<Point, Count>> fixed;  // attention that the varied size does not concern
    if (varies_ffn) fixed.emplace(both[0].point(), count_point(both[0].point()));
    const auto costs = [&](std::int64_t size) {
        if (fixed) return costs_of(fixed->first, fixed->second, stack_of(options, size));
        return count_costs(both[0].with(options.vary, size), report.stack);
    };
    std::string why;
    const Quantity quantity = [&](std::int64_t size) -> std::optional<Rational> {
        try {
            return quantity_of(costs(size), options.equal);
        } catch (const UsageError& e) {
            why = e.what();
            return std::nullopt;
        }
    };
    report.matches = match_sizes(quantity, target, std::llround(options.up_to));
    if (report.matches.possible == 0) throw UsageError(why);
    const auto show = [&](std::int64_t size) {
        const std::string id = fixed ? fixed->first.id() : both[0].with(options.vary, size).id();
        report.sizes.push_back({.size = size, .point = id, .ours = costs(size)});
    };
    if (!report.matches.exact.empty()) {
        show(report.matches.exact.front());
    } else {
        if (report.matches.below) show(report.matches.below->size);
        if (report.matches.above) show(report.matches.above->size);
    }
    return report;
}

void run(const Options& options) {
    const MatchReport report = report_of(options);
    if (options.format == "json") {
        fmt::print("{}", match_as_json(report));
    } else {
        fmt::print("{}",
                   options.format == "text" ? match_as_text(report) : render(match_as_table(report), options.format));
    }
}

constexpr char kExamples[] = R"(
Examples:
  headcount match multi_query,num_kv_heads=1 --to multi_head --equal parameters --vary ffn_dim \
      --ffn-dim 4096 --attention-layers 18 --ffn-layers 12 --embed-dim 1024 --num-heads 8      Shazeer's 5440
  headcount match tensor_product --to multi_head --equal parameters --vary num_heads \
      --embed-dim 1024 --num-heads 16 --head-dim 64
  headcount match latent --to grouped_query,num_kv_heads=8 --equal kv_cache_bytes --vary kv_rank \
      --embed-dim 4096 --num-heads 32 --rope-dim 64)";

}  // namespace

Command match() {
    return {.name = "match",
            .summary = "The size at which a mechanism costs as much as another, and what that parity costs elsewhere",
            .declare = [](int&) {
                auto options = std::make_shared<Options>();
                CommandLine line{
                    .flags = {{.name = "variant",
                               .into = &options->variant,
                               .doc = "VARIANT[,field=value,...]: the one whose size is sought",
                               .required = true},
                              {.name = "--to",
                               .into = &options->to,
                               .doc = "VARIANT[,field=value,...]: the one that it shall equal",
                               .required = true},
                              {.name = "--equal",
                               .into = &options->equal,
                               .doc = "what shall be equal",
                               .required = true,
                               .choices = {"parameters", "flops", "kv_cache_bytes"}},
                              {.name = "--vary",
                               .into = &options->vary,
                               .doc = "the size that is sought: ffn_dim, num_heads, head_dim or an option",
                               .required = true},
                              {.name = "--ffn-dim",
                               .into = &options->ffn_dim,
                               .doc = "width of feed-forward networks beside attention, without biases; 0: none",
                               .range = {0, kMost},
                               .whole = true},
                              {.name = "--gated", .into = &options->gated, .doc = "they have three matrices, not two"},
                              {.name = "--attention-layers",
                               .into = &options->attention_layers,
                               .doc = "layers of attention: 18 in an encoder-decoder of 6 and 6",
                               .shows_default = true,
                               .range = {1, kMost},
                               .whole = true},
                              {.name = "--ffn-layers",
                               .into = &options->ffn_layers,
                               .doc = "feed-forward networks: 12 there",
                               .shows_default = true,
                               .range = {1, kMost},
                               .whole = true},
                              {.name = "--up-to",
                               .into = &options->up_to,
                               .doc = "the largest size that is looked at",
                               .shows_default = true,
                               .range = {1, kMost},
                               .whole = true},
                              {.name = "--format",
                               .into = &options->format,
                               .shows_default = true,
                               .choices = {"text", "json", "csv", "tsv"}}},
                    .run = [options] { run(*options); },
                    .footer = kExamples};
                for (Flag& flag : problem_flags(options->point)) line.flags.push_back(std::move(flag));
                return line;
            }};
}

}  // namespace headcount::commands
