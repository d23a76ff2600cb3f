#include "harness/analysis/heads/heads_text.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/heads/verdicts_text.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {
namespace {

constexpr double kPoints = 100;  // a share of 1 in percentage points
constexpr double kAlpha = 0.05;

/// Of two shares of 1, as points.
std::string points(const Interval& x) {
    return fmt::format("{:.1f} [{:.1f}, {:.1f}]", kPoints * x.estimate, kPoints * x.low, kPoints * x.high);
}
std::string plain(const Interval& x) { return fmt::format("{:.2f} [{:.2f}, {:.2f}]", x.estimate, x.low, x.high); }

std::string masked_text(const HeadFindings& findings) {
    Table table;
    table.columns.push_back({.name = "layer", .align = Align::right});
    for (std::int64_t head = 0; head < findings.record.num_heads; ++head) {
        table.columns.push_back({.name = fmt::format("head {}", head), .align = Align::right});
    }
    std::int64_t harmful = 0, helpful = 0;
    for (std::int64_t layer = 0; layer < findings.record.layers; ++layer) {
        std::vector<std::string> row(table.columns.size());
        row[0] = fmt::format("{}", layer);
        for (const HeadEffect& effect : findings.masked) {
            if (effect.layer != layer) continue;
            const bool sure = effect.adjusted_p < kAlpha;
            row[static_cast<std::size_t>(effect.head) + 1] =
                fmt::format("{:.1f}{}", kPoints * effect.loss.estimate, sure ? "*" : "");
            if (sure) ++(effect.loss.estimate > 0 ? harmful : helpful);
        }
        table.rows.push_back(std::move(row));
    }
    return fmt::format(
        "\nPoints of recall lost without one head (* not by chance: sign test, Holm's correction over all heads)\n{}"
        "{} of {} heads are missed, {} are better away, of the others nothing is shown\n",
        to_terminal(table), harmful, findings.masked.size(), helpful);
}

std::string only_best_text(const HeadFindings& findings) {
    Table table{.columns = {{.name = "layer", .align = Align::right},
                            {.name = "head kept", .align = Align::right},
                            {.name = "points lost", .align = Align::right}},
                .rows = {}};
    for (const HeadEffect& effect : findings.only_best) {
        table.rows.push_back({fmt::format("{}", effect.layer), fmt::format("{}", effect.head), points(effect.loss)});
    }
    return "\nOne head kept in one layer, its most important\n" + to_terminal(table);
}

/// The fewest heads left whose loss may be none, before it leaves zero for the first time.
std::int64_t fewest_harmless(const std::vector<PruneStep>& steps, const std::string& order) {
    std::int64_t fewest = -1;
    for (const PruneStep& step : steps) {
        if (step.order != order) continue;
        if (step.loss.low > 0) break;
        fewest = step.heads_left;
    }
    return fewest;
}

std::string pruned_text(const HeadFindings& findings) {
    Table table{.columns = {{.name = "order"},
                            {.name = "heads left", .align = Align::right},
                            {.name = "recall at 1", .align = Align::right},
                            {.name = "points lost", .align = Align::right},
                            {.name = "ms per text", .align = Align::right}},
                .rows = {}};
    for (const PruneStep& step : findings.pruned) {
        const auto& time = step.seconds_per_text;
        table.rows.push_back({step.order, fmt::format("{}", step.heads_left), points(step.recall), points(step.loss),
                              time ? fmt::format("{:.2f}", 1e3 * time->estimate) : ""});
    }
    const std::int64_t all = findings.record.layers * findings.record.num_heads;
    const std::int64_t fewest = fewest_harmless(findings.pruned, "importance");
    return fmt::format(
        "\nHeads pruned, by importance on the even questions and at random; measured on the odd ones\n{}{}",
        to_terminal(table),
        fewest < 0 ? "" : fmt::format("by importance {} of {} heads can go before a loss shows\n", all - fewest, all));
}

std::string alike_text(const HeadFindings& findings) {
    Table table{.columns = {{.name = "layer", .align = Align::right},
                            {.name = "JS divergence, bits", .align = Align::right},
                            {.name = "before training", .align = Align::right},
                            {.name = "times as much", .align = Align::right},
                            {.name = "effective heads", .align = Align::right},
                            {.name = "before training", .align = Align::right}},
                .rows = {}};
    for (const LayerAlikeness& layer : findings.alike) {
        table.rows.push_back({fmt::format("{}", layer.layer), fmt::format("{:.3f}", layer.trained_js.estimate),
                              fmt::format("{:.1e}", layer.untrained_js.estimate), plain(layer.js_ratio),
                              plain(layer.trained_effective), plain(layer.untrained_effective)});
    }
    return "\nHow different heads are: where they look, and the spectrum of the alignment of their outputs\n" +
           to_terminal(table);
}

/// Of a head: "32 columns", or where layers differ "64, 128 columns by layer".
std::string columns_text(const HeadStudyRecord& r) {
    if (!r.head_dims.empty()) return fmt::format("{} columns by layer", fmt::join(r.head_dims, ", "));
    return fmt::format("{} columns", r.embed_dim / std::max<std::int64_t>(1, r.num_heads));
}

}  // namespace

std::string heads_text(const HeadFindings& findings) {
    const HeadStudyRecord& r = findings.record;
    std::string text = fmt::format(
        "{}: {} layers, {} heads of {}; attention by {} on {}\n"
        "{} questions, each with one right text among {}, of at most {} tokens ({})\n",
        r.model, r.layers, r.num_heads, columns_text(r), r.variant, r.backend, r.pairs, r.pairs, r.max_tokens,
        r.texts_source);
    if (findings.whole) {
        text += fmt::format("with all heads: recall at 1 {} %, mean reciprocal rank {:.3f}\n",
                            points(findings.whole->recall), findings.whole->mrr);
    }
    if (!findings.masked.empty()) text += masked_text(findings);
    if (!findings.only_best.empty()) text += only_best_text(findings);
    if (!findings.pruned.empty()) text += pruned_text(findings);
    if (!findings.alike.empty()) text += alike_text(findings);
    if (!findings.verdicts.empty()) text += verdicts_text(findings.verdicts);
    return text;
}

}  // namespace headcount
