#include "harness/analysis/verdicts/prospect.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/core/base_fields.hpp"

namespace headcount {
namespace {

struct Planned {
    const Entry* entry;
    Prospect prospect;
};

std::string base_text(const ClaimSpec& spec) {
    std::string text;
    for (const auto& [field, value] : spec.base) text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field, value);
    return text;
}

/// "1, 2, 4": what the points of a claim have of the fields that it compares.
std::string values_text(const ClaimSpec& spec, const std::vector<Planned>& points) {
    std::vector<std::string> values;
    for (const Planned& point : points) {
        std::string text;
        for (const std::string& field : spec.across) {
            text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field, get_field(point.entry->point, field));
        }
        if (std::ranges::find(values, text) == values.end()) values.push_back(std::move(text));
    }
    return fmt::format("{}", fmt::join(values, "; "));
}

/// Empty where this combination may come to a verdict.
std::string why_not(const ClaimScope& claim, const std::vector<Planned>& points) {
    // What cannot run here may run elsewhere: a verdict says then that it was skipped.
    if (std::ranges::any_of(points, [](const Planned& p) { return p.prospect.skipped; })) return {};
    const auto base = std::ranges::find_if(points, [&](const Planned& p) { return claim.is_base(*p.entry); });
    if (base == points.end()) {
        return fmt::format("no point is its base {}; its points are {}", base_text(claim.spec),
                           values_text(claim.spec, points));
    }
    if (points.size() < 2) return "its base stands alone: no other point to compare";
    if (claim.metric.of_training && !base->entry->point.trains()) {
        return claim.metric.name + " comes from training, and its base is not trained; give a task";
    }
    if (!claim.metric.by_round) return {};
    if (std::ranges::all_of(points, [](const Planned& p) { return p.prospect.groups.empty(); })) {
        return fmt::format(
            "{} comes from rounds, and none of its points is timed (protocol.max_rounds, backend counting)",
            claim.metric.name);
    }
    const bool together = std::ranges::any_of(points, [&](const Planned& p) {
        return p.entry != base->entry && std::ranges::any_of(p.prospect.groups, [&](const std::string& group) {
                   return base->prospect.groups.contains(group);
               });
    });
    if (together) return {};
    const std::vector<std::string>& axes = claim.part.record.compare_by;
    return fmt::format("no round visits its base and another of its points: rounds run across {}; add {} to compare_by",
                       axes.empty() ? "nothing" : fmt::format("{}", fmt::join(axes, ", ")),
                       fmt::join(claim.spec.across, ", "));
}

/// Those whose rounds visit the base and another of the points.
void add_groups(const ClaimScope& claim, const std::vector<Planned>& points, std::set<std::string>& groups) {
    const auto base = std::ranges::find_if(points, [&](const Planned& p) { return claim.is_base(*p.entry); });
    if (base == points.end()) return;
    for (const Planned& point : points) {
        if (point.entry == base->entry) continue;
        std::ranges::set_intersection(point.prospect.groups, base->prospect.groups,
                                      std::inserter(groups, groups.end()));
    }
}

}  // namespace

std::vector<ClaimProspect> claim_prospects(const RecordSet& planned,
                                           const std::function<Prospect(const std::string& point)>& prospect) {
    std::vector<ClaimProspect> claims;
    for (const ClaimSpec& spec : planned.run().claims) {
        ClaimProspect claim{.scope = understand(planned, spec)};
        std::map<std::string, std::vector<Planned>> combinations;
        for (const std::size_t index : claim.scope.part.entries) {
            const Entry& entry = planned.entries()[index];
            if (!entry.resolved || !claim.scope.speaks_of(entry)) continue;
            combinations[claim.scope.combination_of(entry)].push_back(
                {.entry = &entry, .prospect = prospect(entry.id)});
        }
        if (combinations.empty()) claim.why = "no point matches its `where`";
        for (const auto& [combination, points] : combinations) {
            ++claim.comparisons;
            claim.points += points.size();
            if (std::ranges::all_of(points, [](const Planned& p) { return p.prospect.skipped; })) ++claim.skipped;
            const std::string why = why_not(claim.scope, points);
            if (!why.empty()) {
                ++claim.hopeless;
                if (claim.why.empty()) claim.why = why;
            } else if (claim.scope.metric.by_round) {
                add_groups(claim.scope, points, claim.groups);
            }
        }
        claims.push_back(std::move(claim));
    }
    return claims;
}

std::vector<Hopeless> claims_without_verdict(const std::vector<ClaimProspect>& claims) {
    std::vector<Hopeless> hopeless;
    for (const ClaimProspect& claim : claims) {
        if (claim.may_be_judged()) continue;
        const ClaimSpec& spec = claim.scope.spec;
        hopeless.push_back({.claim = spec.id, .location = spec.location, .why = claim.why});
    }
    return hopeless;
}

}  // namespace headcount
