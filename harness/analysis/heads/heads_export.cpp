// The tables of a study of heads as files, for plots and other people's tools.
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/analysis/heads/csv_files.hpp"
#include "harness/analysis/heads/heads_text.hpp"
#include "harness/analysis/heads/pruning_text.hpp"

namespace headcount {
namespace {

std::string judged(const HeadEffect& effect) {
    constexpr double kAlpha = 0.05;
    if (effect.adjusted_p >= kAlpha) return "no";
    return effect.loss.estimate > 0 ? "yes" : "helpful";
}

Table masked_csv(const HeadFindings& findings) {
    Table table = table_of({"layer", "head", "recall", "loss", "loss_low", "loss_high", "adjusted_p", "harmful"});
    for (const HeadEffect& e : findings.masked) {
        table.rows.push_back(csv_row(e.layer, e.head, e.recall.estimate, e.loss.estimate, e.loss.low, e.loss.high,
                                     e.adjusted_p, judged(e)));
    }
    return table;
}

Table pruned_csv(const HeadFindings& findings) {
    Table table = table_of({"order", "heads_left", "recall", "recall_low", "recall_high", "seconds_per_text",
                            "seconds_low", "seconds_high"});
    for (const PruneStep& s : findings.pruned) {
        std::vector<std::string> cells = csv_row(s.order, s.heads_left, s.recall.estimate, s.recall.low, s.recall.high);
        const auto time = s.seconds_per_text;
        for (const double Interval::*end : {&Interval::estimate, &Interval::low, &Interval::high}) {
            cells.push_back(time && time->bounded() ? fmt::format("{}", *time.*end) : "");
        }
        table.rows.push_back(std::move(cells));
    }
    return table;
}

/// How models are called in a study and in the tables.
constexpr const char *kTrained = "trained", *kRandom = "random";
constexpr std::array<std::pair<const char*, const char*>, 2> kModels{{{"trained", kTrained}, {"untrained", kRandom}}};

/// Nothing where the model was not looked at.
template <class F>
std::optional<double> mean_over_folds(const HeadStudy& study, std::string_view model, const F& value) {
    double sum = 0, folds = 0;
    for (const HeadDiversityRecord& record : study.diversities) {
        if (record.model != model) continue;
        sum += value(record);
        ++folds;
    }
    return folds > 0 ? std::optional(sum / folds) : std::nullopt;
}

Table attention_csv(const HeadStudy& study) {
    Table table =
        table_of({"layer", "head", "model", "entropy", "to_self", "to_previous", "to_next", "to_first", "to_last"});
    constexpr std::array kShares{&HeadGaze::entropy, &HeadGaze::to_self,  &HeadGaze::to_previous,
                                 &HeadGaze::to_next, &HeadGaze::to_first, &HeadGaze::to_last};
    const auto layers = static_cast<std::size_t>(study.record.layers);
    const auto heads = static_cast<std::size_t>(study.record.num_heads);
    for (const auto& [model, name] : kModels) {
        for (std::size_t place = 0; place < layers * heads; ++place) {
            const std::size_t layer = place / heads, head = place % heads;
            std::vector<std::string> cells = csv_row(layer, head, name);
            for (double HeadGaze::*const share : kShares) {
                const auto mean = mean_over_folds(study, model, [&](const HeadDiversityRecord& fold) {
                    return fold.layers[layer].heads[head].*share;
                });
                if (mean) cells.push_back(fmt::format("{}", *mean));
            }
            if (cells.size() == table.columns.size()) table.rows.push_back(std::move(cells));
        }
    }
    return table;
}

constexpr std::array<std::pair<const char*, std::vector<double> LayerDiversity::*>, 3> kMeasures{
    {{"js_divergence", &LayerDiversity::js_divergence},
     {"cka", &LayerDiversity::cka},
     {"subspace", &LayerDiversity::subspace}}};

/// One row a pair of heads and measure: the mean over the folds.
Table alike_csv(const HeadStudy& study) {
    Table table = table_of({"layer", "model", "measure", "head_a", "head_b", "value"});
    const auto heads = static_cast<std::size_t>(study.record.num_heads);
    const auto layers = static_cast<std::size_t>(study.record.layers);
    for (const auto& [model, name] : kModels) {
        for (std::size_t layer = 0; layer < layers; ++layer) {
            for (const auto& [measure, of_layer] : kMeasures) {
                const auto matrix = of_layer;  // clang 14 lets no lambda see a structured binding
                for (std::size_t pair = 0; pair < heads * heads; ++pair) {
                    const std::size_t a = pair / heads, b = pair % heads;
                    if (b >= a) continue;
                    const auto mean = mean_over_folds(study, model, [&](const HeadDiversityRecord& fold) {
                        return (fold.layers[layer].*matrix)[pair];
                    });
                    if (mean) table.rows.push_back(csv_row(layer, name, measure, a, b, *mean));
                }
            }
        }
    }
    return table;
}

/// Over the folds.
Table effective_csv(const HeadFindings& findings) {
    Table table = table_of({"layer", "model", "effective_heads", "low", "high"});
    for (const LayerAlikeness& layer : findings.alike) {
        for (const bool trained : {true, false}) {
            const Interval& heads = trained ? layer.trained_effective : layer.untrained_effective;
            table.rows.push_back({fmt::format("{}", layer.layer), trained ? kTrained : kRandom,
                                  fmt::format("{}", heads.estimate), finite_cell(heads.low), finite_cell(heads.high)});
        }
    }
    return table;
}

Table verdicts_csv(const HeadFindings& findings) {
    Table table = table_of({"claim", "verdict", "says", "found"});
    for (const HeadVerdict& verdict : findings.verdicts) {
        table.rows.push_back(csv_row(verdict.id, to_string(verdict.status), verdict.says, verdict.found));
    }
    return table;
}

}  // namespace

void export_heads(const HeadStudy& study, const HeadFindings& findings, const std::filesystem::path& directory,
                  std::string_view format) {
    make_folder(directory);
    const HeadStudyRecord& r = study.record;
    const nlohmann::ordered_json run{{"kind", "heads"},
                                     {"model", r.model},
                                     {"pairs", r.pairs},
                                     {"max_tokens", r.max_tokens},
                                     {"num_heads", r.num_heads},
                                     {"num_layers", r.layers},
                                     {"variant", r.variant},
                                     {"backend", r.backend},
                                     {"environment", r.environment}};
    write_file(directory / "run.json", run.dump(1) + "\n");
    write_tables(directory,
                 {{"heads_masked", masked_csv(findings)},
                  {"heads_pruned", pruned_csv(findings)},
                  {"heads_attention", attention_csv(study)},
                  {"heads_alike", alike_csv(study)},
                  {"heads_verdicts", verdicts_csv(findings)},
                  {"heads_effective", effective_csv(findings)}},
                 format);
}

bool export_if_heads(const std::filesystem::path& study, const std::filesystem::path& directory,
                     std::string_view format) {
    if (is_pruning_study(study)) {
        export_pruning(find_pruning(read_pruning_study(study)), directory, format);
        return true;
    }
    if (!is_head_study(study)) return false;
    const HeadStudy read = read_head_study(study);
    export_heads(read, find_heads(read), directory, format);
    return true;
}

}  // namespace headcount
