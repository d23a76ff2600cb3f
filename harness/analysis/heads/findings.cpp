#include "harness/analysis/heads/findings.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

#include "harness/analysis/heads/head_claims.hpp"
#include "harness/stats/bootstrap.hpp"
#include "harness/stats/paired.hpp"
#include "harness/stats/spectrum.hpp"

namespace headcount {
namespace {

/// Every question, or the odd ones: the even ones chose the order in which heads are pruned.
enum class Questions : std::uint8_t { all, odd };

struct Outcomes {
    std::vector<double> hits, losses;
    double reciprocals = 0, reciprocals_lost = 0;
    std::int64_t won = 0, lost = 0;
};

Outcomes compare(const HeadConditionRecord& condition, const HeadConditionRecord& whole, Questions questions) {
    Outcomes outcomes;
    const std::size_t step = questions == Questions::all ? 1 : 2;
    for (std::size_t i = step - 1; i < condition.ranks.size(); i += step) {
        const bool hit = condition.ranks[i] == 1, was_hit = whole.ranks[i] == 1;
        outcomes.hits.push_back(hit ? 1 : 0);
        outcomes.losses.push_back((was_hit ? 1 : 0) - (hit ? 1 : 0));
        const double reciprocal = 1 / static_cast<double>(condition.ranks[i]);
        outcomes.reciprocals += reciprocal;
        outcomes.reciprocals_lost += 1 / static_cast<double>(whole.ranks[i]) - reciprocal;
        outcomes.won += hit && !was_hit ? 1 : 0;
        outcomes.lost += was_hit && !hit ? 1 : 0;
    }
    return outcomes;
}

HeadEffect effect_of(const HeadConditionRecord& condition, const HeadConditionRecord& whole) {
    const Outcomes outcomes = compare(condition, whole, Questions::all);
    const auto n = static_cast<double>(outcomes.hits.size());
    return {.name = condition.name,
            .recall = bootstrap_mean(outcomes.hits),
            .loss = bootstrap_mean(outcomes.losses),
            .mrr = outcomes.reciprocals / n,
            .mrr_loss = outcomes.reciprocals_lost / n,
            .lost = outcomes.lost,
            .won = outcomes.won,
            .p = sign_test(outcomes.won, outcomes.lost)};
}

/// "without 3.5": layer 3, head 5.
bool read_place(std::string_view name, std::string_view kind, HeadEffect& effect) {
    if (!name.starts_with(kind)) return false;
    name.remove_prefix(kind.size());
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) return false;
    const auto read = [](std::string_view digits, std::int64_t& into) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
        return error == std::errc{} && end == digits.data() + digits.size();
    };
    return read(name.substr(0, dot), effect.layer) && read(name.substr(dot + 1), effect.head);
}

void correct(std::vector<HeadEffect>& effects) {
    std::vector<double> p;
    for (const HeadEffect& effect : effects) p.push_back(effect.p);
    const std::vector<double> adjusted = holm(p);
    for (std::size_t i = 0; i < effects.size(); ++i) effects[i].adjusted_p = adjusted[i];
}

std::optional<Interval> seconds_per_text(const HeadStudy& study, std::int64_t heads_left) {
    for (const HeadTimingRecord& timing : study.timings) {
        if (timing.heads_left != heads_left || timing.seconds.empty() || timing.texts < 1) continue;
        std::vector<double> each;
        for (const double seconds : timing.seconds) each.push_back(seconds / static_cast<double>(timing.texts));
        return median_interval(each);
    }
    return std::nullopt;
}

/// The whole model as the first step of its order.
PruneStep step_of(const HeadStudy& study, const std::string& order, std::int64_t left,
                  const HeadConditionRecord& condition, const HeadConditionRecord& whole) {
    const Outcomes outcomes = compare(condition, whole, Questions::odd);
    return {.order = order,
            .heads_left = left,
            .recall = bootstrap_mean(outcomes.hits),
            .loss = bootstrap_mean(outcomes.losses),
            .seconds_per_text = order == "importance" ? seconds_per_text(study, left) : std::nullopt};
}

std::vector<PruneStep> prune_steps(const HeadStudy& study, const HeadConditionRecord& whole) {
    const std::int64_t all = study.record.layers * study.record.num_heads;
    std::map<std::string, std::vector<PruneStep>> orders;
    for (const HeadConditionRecord& condition : study.conditions) {
        const auto space = condition.name.rfind(' ');
        if (space == std::string::npos) continue;
        const std::string order = condition.name.substr(0, space);
        if (order != "importance" && !order.starts_with("random ")) continue;
        std::vector<PruneStep>& steps = orders[order];
        if (steps.empty()) steps.push_back(step_of(study, order, all, whole, whole));
        const auto left = all - static_cast<std::int64_t>(condition.removed.size());
        steps.push_back(step_of(study, order, left, condition, whole));
    }
    std::vector<PruneStep> result;
    for (auto& [order, steps] : orders) {
        std::ranges::sort(steps, std::greater<>{}, &PruneStep::heads_left);
        result.insert(result.end(), steps.begin(), steps.end());
    }
    return result;
}

const HeadDiversityRecord* of_fold(const HeadStudy& study, const std::string& model, std::int64_t fold) {
    for (const HeadDiversityRecord& record : study.diversities) {
        if (record.model == model && record.fold == fold) return &record;
    }
    return nullptr;
}

/// Over pairs of different heads.
double mean_of_pairs(const std::vector<double>& matrix, std::int64_t heads) {
    const auto n = static_cast<std::size_t>(heads);
    double sum = 0;
    for (std::size_t a = 0; a < n; ++a) {
        for (std::size_t b = 0; b < a; ++b) sum += matrix[a * n + b];
    }
    return n > 1 ? sum / (static_cast<double>(n * (n - 1)) / 2) : 0;
}

std::vector<LayerAlikeness> alikeness(const HeadStudy& study) {
    std::vector<LayerAlikeness> result;
    const std::int64_t heads = study.record.num_heads;
    for (std::int64_t layer = 0; layer < study.record.layers; ++layer) {
        std::vector<double> trained_js, untrained_js, trained_effective, untrained_effective;
        for (const HeadDiversityRecord& trained : study.diversities) {
            const HeadDiversityRecord* const untrained = of_fold(study, "untrained", trained.fold);
            if (trained.model != "trained" || untrained == nullptr) continue;
            const auto index = static_cast<std::size_t>(layer);
            const LayerDiversity &mine = trained.layers[index], &theirs = untrained->layers[index];
            trained_js.push_back(mean_of_pairs(mine.js_divergence, heads));
            untrained_js.push_back(mean_of_pairs(theirs.js_divergence, heads));
            const auto n = static_cast<std::size_t>(heads);
            trained_effective.push_back(effective_rank(mine.cka, n));
            untrained_effective.push_back(effective_rank(theirs.cka, n));
        }
        if (trained_js.empty()) return {};
        // Heads that are quite alike have no ratio.
        constexpr double kLeast = 1e-12;
        for (std::vector<double>* values : {&trained_js, &untrained_js}) {
            for (double& value : *values) value = std::max(value, kLeast);
        }
        const auto over_folds = [](const std::vector<double>& values) {
            return SignedRank(values, Draws::independent).interval();
        };
        result.push_back({.layer = layer,
                          .trained_js = over_folds(trained_js),
                          .untrained_js = over_folds(untrained_js),
                          .js_ratio = PairedRatio(trained_js, untrained_js, Draws::independent).interval(),
                          .trained_effective = over_folds(trained_effective),
                          .untrained_effective = over_folds(untrained_effective)});
    }
    return result;
}

}  // namespace

HeadFindings find_heads(const HeadStudy& study) {
    HeadFindings findings;
    findings.record = study.record;
    const HeadConditionRecord* whole = nullptr;
    for (const HeadConditionRecord& condition : study.conditions) {
        if (condition.name == "whole") whole = &condition;
    }
    if (whole != nullptr) {
        findings.whole = effect_of(*whole, *whole);
        for (const HeadConditionRecord& condition : study.conditions) {
            HeadEffect place;
            const bool masks = read_place(condition.name, "without ", place);
            if (!masks && !read_place(condition.name, "only ", place)) continue;
            HeadEffect effect = effect_of(condition, *whole);
            effect.layer = place.layer;
            effect.head = place.head;
            (masks ? findings.masked : findings.only_best).push_back(std::move(effect));
        }
        correct(findings.masked);
        findings.pruned = prune_steps(study, *whole);
    }
    findings.alike = alikeness(study);
    findings.verdicts = judge_heads(findings);
    return findings;
}

}  // namespace headcount
