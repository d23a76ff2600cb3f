// The timing of each point in numbers: median with interval, spread, paired ratio to its group's base.
#include "harness/analysis/claims/point_summary.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "harness/analysis/records/paired_rounds.hpp"
#include "harness/stats/autocorrelation.hpp"
#include "harness/stats/modes.hpp"
#include "harness/stats/paired.hpp"

namespace headcount {

namespace {

/// The base case of every comparison group that has samples.
std::map<std::size_t, std::size_t> bases_of(const RecordSet& records) {
    const std::vector<Entry>& entries = records.entries();
    const auto timed = [&](std::size_t i) { return entries[i].resolved && !entries[i].samples.empty(); };
    std::map<std::size_t, std::size_t> bases;
    for (const ClaimSpec& claim : records.run().claims) {
        if (claim.metric != "time" || claim.base.empty()) continue;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (!timed(i)) continue;
            const bool is_base = std::ranges::all_of(claim.base, [&](const auto& wanted) {
                return get_field(entries[i].point, wanted.first) == wanted.second;
            });
            if (is_base) bases.try_emplace(entries[i].samples.front().key.group, i);
        }
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (timed(i)) bases.try_emplace(entries[i].samples.front().key.group, i);
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

std::vector<PointSummary> summarise(const RecordSet& records) {
    const std::map<std::size_t, std::size_t> bases = bases_of(records);
    std::vector<PointSummary> summaries;
    for (const Entry& entry : records.entries()) {
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
            const auto base = bases.find(entry.samples.front().key.group);
            if (base != bases.end()) {
                const PairedRounds rounds = paired_rounds(entry, records.entries()[base->second]);
                if (!rounds.value.empty()) {
                    summary.base = base->second;
                    summary.ratio = PairedRatio(rounds.value, rounds.base).interval();
                }
            }
        }
        summaries.push_back(summary);
    }
    return summaries;
}

std::string differing_fields(const Point& point, const Point& other, const FieldTable& fields) {
    std::string text;
    for (const bool derived : {false, true}) {
        for (const Field& field : fields.all()) {
            if (field.is_alias() || field.follows_from("num_heads") != derived) continue;
            const std::string value = get_field(other, field.name);
            if (get_field(point, field.name) == value) continue;
            text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field.name, value);
        }
        if (!text.empty()) return text;  // derived widths speak only when nothing else differs
    }
    return "the same point";
}

}  // namespace headcount
