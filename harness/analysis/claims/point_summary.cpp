// The timing of each point in numbers: median with interval, spread, paired ratio to its group's base.
#include "harness/analysis/claims/point_summary.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "harness/analysis/claims/claim_scope.hpp"
#include "harness/analysis/records/paired_rounds.hpp"
#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"
#include "harness/stats/autocorrelation.hpp"
#include "harness/stats/modes.hpp"
#include "harness/stats/paired.hpp"

namespace headcount {

namespace {

using Bases = std::vector<std::optional<std::size_t>>;

bool timed(const Entry& entry) { return entry.resolved && !entry.samples.empty(); }

std::size_t group_of(const Entry& entry) { return entry.samples.front().key.group; }

/// As the claim compares: the base case of each combination for every point of it.
void take_from_claim(const RecordSet& records, const ClaimSpec& spec, Bases& bases) {
    const ClaimScope claim = understand(records, spec);
    std::map<std::string, std::vector<std::size_t>> combinations;
    for (const std::size_t i : claim.part.entries) {
        const Entry& entry = records.entries()[i];
        if (timed(entry) && claim.speaks_of(entry)) combinations[claim.combination_of(entry)].push_back(i);
    }
    for (const auto& [name, members] : combinations) {
        const auto base =
            std::ranges::find_if(members, [&](std::size_t i) { return claim.is_base(records.entries()[i]); });
        if (base == members.end()) continue;
        for (const std::size_t i : members) {
            if (!bases[i]) bases[i] = *base;
        }
    }
}

/// Does it agree with `point` in all fields but the base's own and what follows from them?
bool differs_only_in(const Point& point, const Point& other, const std::map<std::string, std::string>& base,
                     const FieldTable& fields) {
    return std::ranges::all_of(fields.all(), [&](const Field& field) {
        const auto of_base = [&](const auto& wanted) {
            return field.name == wanted.first || field.follows_from(wanted.first) ||
                   one_sets_the_other(field.name, wanted.first);
        };
        if (field.is_alias() || std::ranges::any_of(base, of_base)) return true;
        return !differ_in(point, other, field.name);
    });
}

Bases chosen_bases(const RecordSet& records, const std::map<std::string, std::string>& base) {
    const std::vector<Entry>& entries = records.entries();
    Bases bases(entries.size());
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const bool has_all = timed(entries[i]) && std::ranges::all_of(base, [&](const auto& wanted) {
                                 return get_field(entries[i].point, wanted.first) == wanted.second;
                             });
        if (has_all) candidates.push_back(i);
    }
    if (candidates.empty() && std::ranges::none_of(entries, timed)) {
        throw UsageError("nothing in this result was timed, so there are no ratios: leave the base out");
    }
    if (candidates.empty()) {
        std::string text;
        for (const auto& [field, value] : base) text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field, value);
        throw UsageError(fmt::format("no timed point has {}: choose a base that the result has", text));
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!timed(entries[i])) continue;
        const auto found = std::ranges::find_if(candidates, [&](std::size_t k) {
            return group_of(entries[k]) == group_of(entries[i]) &&
                   differs_only_in(entries[i].point, entries[k].point, base, records.fields());
        });
        if (found != candidates.end()) bases[i] = *found;
    }
    return bases;
}

Bases declared_bases(const RecordSet& records) {
    const std::vector<Entry>& entries = records.entries();
    Bases bases(entries.size());
    for (const ClaimSpec& claim : records.run().claims) {
        if (claim.metric == "time") take_from_claim(records, claim, bases);
    }
    std::map<std::size_t, std::size_t> first;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!timed(entries[i])) continue;
        const auto of_group = first.try_emplace(group_of(entries[i]), i).first;
        if (!bases[i]) bases[i] = of_group->second;
    }
    return bases;
}

double disturbed_share(const Entry& entry, const RecordSet& records) {
    int known = 0, disturbed = 0;
    for (const RoundSample& sample : entry.samples) {
        const RoundMarks& marks = records.marks()[sample.marks];
        known += marks.foreign_load >= 0 ? 1 : 0;
        disturbed += marks.disturbed ? 1 : 0;
    }
    return known == 0 ? -1 : static_cast<double>(disturbed) / known;
}

}  // namespace

std::vector<PointSummary> summarise(const RecordSet& records, const std::map<std::string, std::string>& base) {
    const Bases bases = base.empty() ? declared_bases(records) : chosen_bases(records, base);
    std::vector<PointSummary> summaries;
    for (std::size_t i = 0; i < records.entries().size(); ++i) {
        const Entry& entry = records.entries()[i];
        PointSummary summary;
        summary.rounds = entry.samples.size();
        if (summary.rounds > 0) {
            const std::vector<double> seconds = entry.seconds();
            summary.time = median_interval(seconds);
            summary.p5 = quantile(seconds, 0.05);
            summary.p95 = quantile(seconds, 0.95);
            summary.autocorrelated = is_autocorrelated(seconds);
            summary.several_modes = has_several_modes(seconds);
            summary.disturbed_share = disturbed_share(entry, records);
            if (bases[i]) {
                const PairedRounds rounds = paired_rounds(entry, records.entries()[*bases[i]]);
                if (!rounds.value.empty()) {
                    summary.base = bases[i];
                    summary.ratio = PairedRatio(rounds.value, rounds.base).interval();
                }
            }
        }
        summaries.push_back(summary);
    }
    return summaries;
}

bool differ_in(const Point& point, const Point& other, std::string_view field) {
    const std::string here = get_field(point, field), there = get_field(other, field);
    return !here.empty() && !there.empty() && here != there;
}

}  // namespace headcount
