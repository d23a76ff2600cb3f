// headcount crossover: the size at which one mechanism becomes cheaper than another, from counts.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/analysis/models/sizes.hpp"
#include "harness/analysis/table/table.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/counted_metric.hpp"
#include "harness/cli/exact_json.hpp"
#include "harness/cli/named_variant.hpp"
#include "harness/core/convention.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/known_fields.hpp"

namespace headcount::commands {
namespace {

struct Options {
    PointOptions point;
    std::string first, second, over;
    std::string metric = "total.multiplies";
    std::string format = "text";
    double from = 1, to = 1 << 20;
};

/// What both cost at the ends of a regime.
struct Crossing {
    Regime regime;
    Rational first_from, second_from, first_to, second_to;
};

struct Report {
    std::string first, second;
    std::vector<Crossing> regimes{};
    std::vector<std::string> points{};  ///< both, at the first size: they show what was not given
    std::string beyond{};               ///< why the last size was not compared; empty: it was
};

Report report_of(const Options& options) {
    if (known_fields().at(options.over).type != FieldType::integer) {
        throw UsageError(
            fmt::format("--over {}: only whole numbers have a size to cross at, such as seq_len, kv_len, "
                        "q_len, batch or an option that is a number",
                        options.over));
    }
    const std::vector<NamedVariant> both{{options.first, options.point}, {options.second, options.point}};
    check_flags(options.point, both);
    check_has(options.over, both);
    const auto cost = [&](std::size_t which, std::int64_t size) {
        return counted_metric(both[which].with(options.over, size), options.metric, Ledger::required);
    };
    std::string why;
    const Quantity difference = [&](std::int64_t size) -> std::optional<Rational> {
        try {
            return cost(0, size) - cost(1, size);
        } catch (const UsageError& e) {
            why = e.what();
            return std::nullopt;
        }
    };
    const auto from = std::llround(options.from), to = std::llround(options.to);
    if (from >= to) throw UsageError(fmt::format("--from {} has to be below --to {}", from, to));
    Report report{.first = options.first, .second = options.second};
    for (const Regime& regime : regimes(difference, from, to)) {
        report.regimes.push_back({.regime = regime,
                                  .first_from = cost(0, regime.from),
                                  .second_from = cost(1, regime.from),
                                  .first_to = cost(0, regime.to),
                                  .second_to = cost(1, regime.to)});
    }
    if (report.regimes.empty()) throw UsageError(why);
    for (const NamedVariant& one : both) {
        report.points.push_back(one.with(options.over, report.regimes.front().regime.from).id());
    }
    if (report.regimes.back().regime.to < to) report.beyond = why;  // the last size was the last to be tried
    return report;
}

std::string cheaper(const Report& report, int sign) {
    if (sign == 0) return "both cost the same";
    return (sign < 0 ? report.first : report.second) + " costs less";
}

std::string as_text(const Options& options, const Report& report) {
    std::string text = fmt::format(
        "{} over {}\nconvention {}, required work; counted: every size up to {}, four in each octave beyond, and "
        "between two of\nthese with different answers down to the size\nthe first: {}\nthe other: {}\n\n",
        options.metric, options.over, kOurConvention, kAllUpTo, report.points[0], report.points[1]);
    Table table{.columns = {{.name = options.over, .align = Align::right},
                            {.name = report.first, .align = Align::right},
                            {.name = report.second, .align = Align::right},
                            {.name = "answer"}},
                .rows = {}};
    for (const Crossing& one : report.regimes) {
        const std::string answer = cheaper(report, one.regime.sign);
        table.rows.push_back(
            {std::to_string(one.regime.from), to_text(one.first_from), to_text(one.second_from), answer});
        if (one.regime.to == one.regime.from) continue;
        table.rows.push_back({std::to_string(one.regime.to), to_text(one.first_to), to_text(one.second_to), answer});
    }
    text += to_terminal(table) + "\n";
    if (!report.beyond.empty()) {
        text += fmt::format("nothing was compared beyond {}: {}\n", report.regimes.back().regime.to, report.beyond);
    }
    if (report.regimes.size() == 1) {
        return text + fmt::format("no crossover from {} to {}: {}\n", report.regimes[0].regime.from,
                                  report.regimes[0].regime.to, cheaper(report, report.regimes[0].regime.sign));
    }
    for (std::size_t i = 1; i < report.regimes.size(); ++i) {
        text += fmt::format("crossover: from {} {} on {}\n", options.over, report.regimes[i].regime.from,
                            cheaper(report, report.regimes[i].regime.sign));
    }
    return text;
}

std::string winner(const Report& report, int sign) {
    return sign == 0 ? "equal" : (sign < 0 ? report.first : report.second);
}

Table as_table(const Options& options, const Report& report) {
    Table table{.columns = {}, .rows = {}};
    for (const char* name : {"over", "metric", "from", "to", "cheaper", "first_at_from", "second_at_from",
                             "first_at_to", "second_at_to"}) {
        table.columns.push_back({.name = name});
    }
    for (const Crossing& one : report.regimes) {
        table.rows.push_back({options.over, options.metric, std::to_string(one.regime.from),
                              std::to_string(one.regime.to), winner(report, one.regime.sign), to_text(one.first_from),
                              to_text(one.second_from), to_text(one.first_to), to_text(one.second_to)});
    }
    return table;
}

std::string as_json(const Options& options, const Report& report) {
    nlohmann::ordered_json json{{"convention", kOurConvention}, {"ledger", "required"},  {"metric", options.metric},
                                {"over", options.over},         {"first", report.first}, {"second", report.second}};
    nlohmann::ordered_json crossovers = nlohmann::ordered_json::array(), all = crossovers;
    for (const Crossing& one : report.regimes) {
        if (!all.empty()) crossovers.push_back(one.regime.from);
        all.push_back({{"from", one.regime.from},
                       {"to", one.regime.to},
                       {"cheaper", winner(report, one.regime.sign)},
                       {"at_from", {exact_json(one.first_from), exact_json(one.second_from)}},
                       {"at_to", {exact_json(one.first_to), exact_json(one.second_to)}}});
    }
    json["crossovers"] = std::move(crossovers);
    json["regimes"] = std::move(all);
    json["points"] = report.points;
    if (!report.beyond.empty()) json["beyond"] = report.beyond;
    return json.dump(2) + "\n";
}

void run(const Options& options) {
    const Report report = report_of(options);
    if (options.format == "json") {
        fmt::print("{}", as_json(options, report));
    } else {
        fmt::print("{}", options.format == "text" ? as_text(options, report)
                                                  : render(as_table(options, report), options.format));
    }
}

constexpr char kExamples[] = R"(
Examples:
  headcount crossover latent,form=absorbed latent,form=materialised --over q_len --kv-len 4096 \
      --kv-rank 512 --rope-dim 64 --embed-dim 7168 --num-heads 128 --head-dim 128
  headcount crossover linear multi_head --over seq_len --embed-dim 512 --num-heads 8
  headcount crossover local,window=256 multi_head --over seq_len --embed-dim 512 --num-heads 8 --causal)";

}  // namespace

Command crossover() {
    return {.name = "crossover",
            .summary = "The length, batch or width at which one mechanism becomes cheaper than another",
            .declare = [](int&) {
                auto options = std::make_shared<Options>();
                CommandLine line{
                    .flags = {{.name = "first",
                               .into = &options->first,
                               .doc = "VARIANT[,field=value,...], e.g. latent,form=absorbed",
                               .required = true},
                              {.name = "second", .into = &options->second, .doc = "the other one", .required = true},
                              {.name = "--over",
                               .into = &options->over,
                               .doc = "what grows: seq_len, kv_len, q_len, batch, ..., or an option that is a number",
                               .required = true},
                              {.name = "--metric",
                               .into = &options->metric,
                               .doc = "what it costs: an exact metric of `headcount list metrics`",
                               .shows_default = true},
                              {.name = "--from",
                               .into = &options->from,
                               .doc = "the first size",
                               .shows_default = true,
                               .range = {1, 1e12},
                               .whole = true},
                              {.name = "--to",
                               .into = &options->to,
                               .doc = "the last size",
                               .shows_default = true,
                               .range = {1, 1e12},
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
