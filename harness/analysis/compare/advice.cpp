#include "harness/analysis/compare/advice.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "harness/analysis/compare/front.hpp"
#include "harness/analysis/records/paired_rounds.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/stats/paired.hpp"

namespace headcount {
namespace {

constexpr const char* kError = "test_error";
constexpr std::pair<const char*, double Candidate::*> kFronts[] = {{"least error for time", &Candidate::step_s},
                                                                   {"... for FLOPs", &Candidate::flops},
                                                                   {"... for cache", &Candidate::kept}};

double median_of(const std::vector<RoundValue>& rounds) {
    std::vector<double> values;
    for (const RoundValue& round : rounds) values.push_back(round.value);
    return median(values);
}

bool is_trained(const Entry& entry) {
    return entry.resolved && entry.point.trains() && entry.record.outcome != Outcome::failed &&
           !result_by_round(entry, kError).empty();
}

/// Of two points without a common seed nothing is known.
Interval error_ratio(const Entry& value, const Entry& base) {
    const PairedRounds rounds = paired_rounds(result_by_round(value, kError), result_by_round(base, kError));
    const auto positive = [](const std::vector<double>& all) {
        return std::ranges::all_of(all, [](double x) { return x > 0; });
    };
    if (rounds.value.empty() || !positive(rounds.value) || !positive(rounds.base)) {
        return {.estimate = std::nan(""), .low = 0};
    }
    return PairedRatio(rounds.value, rounds.base, Draws::independent).interval();
}

void rank(HeadAdvice& advice, double budget_s) {
    for (Candidate& candidate : advice.candidates) {
        candidate.step_s = median_of(by_round(*candidate.entry));
        for (const OpPart& part : candidate.entry->record.counted.ops) {
            candidate.flops += static_cast<double>(part.required.flops());
        }
        candidate.kept = static_cast<double>(candidate.entry->record.counted.kv_cache_bytes) /
                         static_cast<double>(candidate.entry->point.problem.batch);
        candidate.error = median_of(result_by_round(*candidate.entry, kError));
        candidate.affordable = candidate.step_s <= budget_s;
    }
    std::ranges::stable_sort(advice.candidates, [](const Candidate& a, const Candidate& b) {
        return a.affordable != b.affordable ? a.affordable : a.error < b.error;
    });
    Candidate& best = advice.candidates.front();
    best.ratio = {.estimate = 1, .low = 1, .high = 1};
    for (std::size_t i = 1; i < advice.candidates.size(); ++i) {
        advice.candidates[i].ratio = error_ratio(*advice.candidates[i].entry, *best.entry);
    }
}

/// "multi_query, num_heads=4, num_kv_heads=1": the mechanism, its heads, and what tells it from others of its kind.
std::string name_of(const Candidate& candidate, const HeadAdvice& advice, const FieldTable& fields) {
    const Point& point = candidate.entry->point;
    const auto any = [&](auto holds) {
        return std::ranges::any_of(advice.candidates, [&](const Candidate& c) { return holds(c.entry->point); });
    };
    std::string text = point.variant;
    for (const Field& field : fields.all()) {
        if (field.is_alias() || field.name == "variant") continue;
        const std::string here = get_field(point, field.name);
        const bool of_heads = field.follows_from("num_heads");
        const bool told = any([&](const Point& other) {
            const bool alike = other.variant == point.variant || field.name == "num_heads";
            // What follows from the number of heads says nothing that the number does not.
            const bool known = of_heads && other.problem.num_heads != point.problem.num_heads;
            return alike && !known && get_field(other, field.name) != here;
        });
        const bool shared = field.name == "num_kv_heads" && point.problem.num_kv_heads != point.problem.num_heads;
        if (told || shared) text += fmt::format(", {}={}", field.name, here);
    }
    return text;
}

std::string numbers_of(const Candidate& c) {
    return fmt::format("error {:.3g}, {:.3g} ms a step", c.error, 1e3 * c.step_s);
}

/// The Pareto front of errors and of one cost, by name.
std::string front_of(const HeadAdvice& advice, double Candidate::*cost, const FieldTable& fields) {
    std::vector<CostAndError> all;
    for (const Candidate& c : advice.candidates) all.push_back({.cost = c.*cost, .error = c.error});
    std::string text;
    for (const std::size_t place : pareto_front(all)) {
        text += (text.empty() ? "" : "; ") + name_of(advice.candidates[place], advice, fields);
    }
    return text;
}

std::string ratio_of(const Candidate& c) {
    if (std::isnan(c.ratio.estimate)) return "no seed in common";
    if (!c.ratio.bounded())
        return fmt::format("{:.3g} times the error; too few seeds for an interval", c.ratio.estimate);
    return fmt::format("{:.3g} [{:.3g}, {:.3g}] times the error", c.ratio.estimate, c.ratio.low, c.ratio.high);
}

}  // namespace

std::vector<HeadAdvice> advise(const RecordSet& records, std::string_view task, double budget_s) {
    std::map<std::string, HeadAdvice> groups;
    std::set<std::string> tasks;
    for (const Entry& entry : records.entries()) {
        if (!is_trained(entry)) continue;
        tasks.insert(entry.point.task);
        if (entry.point.task != task) continue;
        HeadAdvice& advice = groups[entry.record.group];
        advice.group = entry.record.group;
        advice.candidates.push_back({.entry = &entry});
    }
    if (groups.empty()) {
        if (tasks.empty()) throw UsageError("this result has no trained points: their `task` is none");
        throw UsageError(unknown_name("task", task, {tasks.begin(), tasks.end()}));
    }
    std::vector<HeadAdvice> all;
    for (auto& [group, advice] : groups) {
        rank(advice, budget_s);
        all.push_back(std::move(advice));
    }
    return all;
}

std::string advice_text(const std::vector<HeadAdvice>& all, double budget_s, const FieldTable& fields) {
    std::string text;
    for (const HeadAdvice& advice : all) {
        text += fmt::format("{}{}\n", text.empty() ? "" : "\n", advice.group);
        const Candidate& best = advice.candidates.front();
        const auto line = [&](const char* what, const Candidate& c, const std::string& more) {
            text += fmt::format("  {:<22} {}: {}{}\n", what, name_of(c, advice, fields), numbers_of(c), more);
        };
        if (!best.affordable) {
            text += fmt::format("  nothing trained here takes {:.3g} ms a step or less\n", 1e3 * budget_s);
        } else {
            line("take", best, "");
        }
        for (const Candidate& c : advice.candidates) {
            if (&c == &best && best.affordable) continue;
            if (!c.affordable) {
                line("over the budget", c, "");
            } else {
                line(c.tied() ? "not told apart from it" : "worse", c, "; " + ratio_of(c));
            }
        }
        for (const auto& [what, cost] : kFronts) {
            text += fmt::format("  {:<22} {}\n", what, front_of(advice, cost, fields));
        }
    }
    return text;
}

}  // namespace headcount
