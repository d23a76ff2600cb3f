#include "harness/analysis/heads/pruning_findings.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "harness/analysis/heads/pruning_claims.hpp"
#include "harness/stats/bootstrap.hpp"
#include "harness/stats/decision.hpp"
#include "harness/stats/paired.hpp"
#include "harness/stats/signed_rank.hpp"

namespace headcount {
namespace {

/// By seed; null for one that is not there.
using Conditions = std::vector<const PruningConditionRecord*>;

double mean_of(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval over_seeds(const std::vector<double>& values) { return SignedRank(values, Draws::independent).interval(); }

/// Seconds of a pass, of each round the mean over these sizes; nothing where one was not timed.
std::vector<double> pass_seconds(const PruningStudy& study, const Conditions& conditions) {
    std::vector<double> seconds;
    for (const PruningConditionRecord* const condition : conditions) {
        const PruningTimingRecord* const timing = study.timing(condition->heads);
        if (timing == nullptr || timing->seconds.empty()) return {};
        seconds.resize(seconds.empty() ? timing->seconds.size() : std::min(seconds.size(), timing->seconds.size()));
        for (std::size_t i = 0; i < seconds.size(); ++i) {
            seconds[i] += timing->seconds[i] / static_cast<double>(conditions.size());
        }
    }
    return seconds;
}

class Reader {
public:
    explicit Reader(const PruningStudy& study) : study_(&study) {
        for (std::int64_t seed = 0; seed < study.record.seeds; ++seed) {
            const PruningConditionRecord* const whole = study.condition(seed, "whole");
            if (whole == nullptr || study.importance(seed) == nullptr) continue;
            seeds_.push_back(seed);
            whole_.push_back(whole);
        }
    }

    const std::vector<std::int64_t>& seeds() const { return seeds_; }
    Interval whole_error() const { return over_seeds(errors(whole_)); }
    std::optional<Interval> whole_pass() const {
        const std::vector<double> seconds = pass_seconds(*study_, whole_);
        return seconds.empty() ? std::nullopt : std::optional(median_interval(seconds));
    }

    /// The condition of each seed that `name` calls; empty unless all are there.
    Conditions named(const std::function<std::string(std::int64_t seed)>& name) const {
        Conditions conditions;
        for (const std::int64_t seed : seeds_) {
            conditions.push_back(study_->condition(seed, name(seed)));
            if (conditions.back() == nullptr) return {};
        }
        return conditions;
    }

    static std::vector<double> errors(const Conditions& conditions) {
        std::vector<double> errors;
        for (const PruningConditionRecord* const condition : conditions) errors.push_back(mean_of(condition->errors));
        return errors;
    }

    PruningStep step(std::string name, const Conditions& conditions) const {
        const std::vector<double> here = errors(conditions), whole = errors(whole_);
        std::vector<double> added;
        for (std::size_t i = 0; i < here.size(); ++i) added.push_back(here[i] - whole[i]);
        PruningStep step{.name = std::move(name), .added = over_seeds(added), .error = over_seeds(here)};
        const std::vector<double> seconds = pass_seconds(*study_, conditions), all = pass_seconds(*study_, whole_);
        if (seconds.empty() || all.size() != seconds.size()) return step;
        std::vector<double> saved;
        for (std::size_t i = 0; i < all.size(); ++i) saved.push_back(all[i] - seconds[i]);
        step.pass = median_interval(seconds);
        step.saved = SignedRank(saved).interval();
        return step;
    }

private:
    const PruningStudy* study_;
    std::vector<std::int64_t> seeds_;
    Conditions whole_;
};

std::string without(const HeadPlace& place) { return fmt::format("without {}.{}", place.layer, place.head); }

std::vector<MaskedHead> masked_heads(const PruningStudy& study, const Reader& reader) {
    std::vector<MaskedHead> masked;
    std::vector<double> p;
    for (const std::int64_t seed : reader.seeds()) {
        const PruningImportanceRecord& importance = *study.importance(seed);
        const std::vector<double>& whole = study.condition(seed, "whole")->errors;
        for (std::size_t i = 0; i < importance.order.size(); ++i) {
            const HeadPlace place = importance.order[i];
            const PruningConditionRecord* const condition = study.condition(seed, without(place));
            if (condition == nullptr) continue;
            std::vector<double> added;
            for (std::size_t e = 0; e < whole.size(); ++e) added.push_back(condition->errors[e] - whole[e]);
            MaskedHead head{.seed = seed, .layer = place.layer, .head = place.head};
            head.place = static_cast<std::int64_t>(i);
            head.importance =
                importance.importance[static_cast<std::size_t>(place.layer)][static_cast<std::size_t>(place.head)];
            head.added = bootstrap_mean(added);
            head.p = mean_test(added);
            p.push_back(head.p);
            masked.push_back(head);
        }
    }
    const std::vector<double> adjusted = holm(p);
    for (std::size_t i = 0; i < masked.size(); ++i) masked[i].adjusted_p = adjusted[i];
    return masked;
}

std::vector<double> ranks_of(const std::vector<double>& values) {
    std::vector<double> ranks;
    for (const double value : values) {
        const auto below = std::ranges::count_if(values, [&](double other) { return other < value; });
        const auto equal = std::ranges::count(values, value);
        ranks.push_back(static_cast<double>(below) + static_cast<double>(equal - 1) / 2);
    }
    return ranks;
}

/// Spearman's; 0 where all values of one are equal.
double rank_correlation(const std::vector<double>& x, const std::vector<double>& y) {
    const std::vector<double> a = ranks_of(x), b = ranks_of(y);
    const double mean = static_cast<double>(a.size() - 1) / 2;
    double both = 0, one = 0, other = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        both += (a[i] - mean) * (b[i] - mean);
        one += (a[i] - mean) * (a[i] - mean);
        other += (b[i] - mean) * (b[i] - mean);
    }
    return one > 0 && other > 0 ? both / std::sqrt(one * other) : 0;
}

Interval correlation_over_seeds(const std::vector<MaskedHead>& masked, const std::vector<std::int64_t>& seeds) {
    std::vector<double> each;
    for (const std::int64_t seed : seeds) {
        std::vector<double> importance, added;
        for (const MaskedHead& head : masked) {
            if (head.seed != seed) continue;
            importance.push_back(head.importance);
            added.push_back(head.added.estimate);
        }
        if (importance.size() > 1) each.push_back(rank_correlation(importance, added));
    }
    return each.empty() ? Interval{} : over_seeds(each);
}

/// Numbers of heads left of which all seeds have all three models, from the most.
std::vector<PruningCurve> curve_of(const PruningStudy& study, const Reader& reader) {
    std::vector<PruningCurve> curve;
    for (std::int64_t left = study.record.layers * study.record.num_heads - 1; left >= 0; --left) {
        const auto in = [&](const char* order) {
            return reader.named([&](std::int64_t) { return fmt::format("{} {}", order, left); });
        };
        const Conditions pruned = in("importance"), random = in("random"), small = in("small");
        if (pruned.empty() || random.empty() || small.empty()) continue;
        const std::vector<double> small_errors = Reader::errors(small), pruned_errors = Reader::errors(pruned);
        curve.push_back({.left = left,
                         .pruned = reader.step(fmt::format("importance {}", left), pruned),
                         .random = reader.step(fmt::format("random {}", left), random),
                         .small = reader.step(fmt::format("small {}", left), small),
                         .small_over_pruned = PairedRatio(small_errors, pruned_errors, Draws::independent).interval()});
    }
    return curve;
}

}  // namespace

PruningFindings find_pruning(const PruningStudy& study) {
    const Reader reader(study);
    PruningFindings findings;
    findings.record = study.record;
    findings.seeds = std::ssize(reader.seeds());
    if (findings.seeds == 0) return findings;
    findings.whole = reader.whole_error();
    findings.pass = reader.whole_pass();
    findings.masked = masked_heads(study, reader);
    findings.rank_correlation = correlation_over_seeds(findings.masked, reader.seeds());
    for (std::int64_t i = 0; i < study.record.layers * study.record.num_heads; ++i) {
        const Conditions here = reader.named(
            [&](std::int64_t seed) { return without(study.importance(seed)->order[static_cast<std::size_t>(i)]); });
        if (!here.empty()) findings.places.push_back(reader.step(fmt::format("without place {}", i), here));
    }
    for (std::int64_t layer = 0; layer < study.record.layers; ++layer) {
        const Conditions here = reader.named([&](std::int64_t seed) {
            const std::vector<double>& of = study.importance(seed)->importance[static_cast<std::size_t>(layer)];
            return fmt::format("only {}.{}", layer, std::ranges::max_element(of) - of.begin());
        });
        if (!here.empty()) findings.only.push_back(reader.step(fmt::format("only in layer {}", layer), here));
    }
    findings.curve = curve_of(study, reader);
    findings.verdicts = judge_pruning(findings);
    return findings;
}

}  // namespace headcount
