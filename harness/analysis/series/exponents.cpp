// How time grows with the sequence length: the slope on logarithmic axes of points that differ in length alone.
#include "harness/analysis/series/exponents.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "harness/analysis/records/paired_rounds.hpp"
#include "harness/core/base_fields.hpp"
#include "harness/stats/fit.hpp"

namespace headcount {

namespace {

/// Everything but the lengths, and of these how they hang together.
std::string family_of(const Entry& entry, const FieldTable& fields) {
    std::string family;
    for (const Field& field : fields.all()) {
        if (field.name == "seq_len" || one_sets_the_other(field.name, "seq_len")) continue;
        family += "/" + get_field(entry.point, field.name);
    }
    const Problem& p = entry.point.problem;
    return family + (p.q_len == p.kv_len ? "/self" : "/" + std::to_string(p.q_len));
}

Exponent exponent_of(const std::vector<const Entry*>& points) {
    std::vector<double> lengths, medians;
    std::vector<std::vector<double>> samples;
    for (const Entry* entry : points) {
        lengths.push_back(static_cast<double>(entry->point.problem.kv_len));
        samples.push_back(entry->seconds());
        medians.push_back(median(samples.back()));
    }
    const auto rounds = shared_rounds(points).complete;
    const auto step = [&](std::size_t i) {
        return log_log_slope(std::span(lengths).subspan(i, 2), std::span(medians).subspan(i, 2));
    };
    return {.shortest = points.front(),
            .lengths = points.size(),
            .paired = !rounds.empty(),
            .slope = rounds.empty() ? slope_of_centres(lengths, samples) : slopes_by_round(lengths, rounds).interval(),
            .of_medians = rounds.empty() ? slope_of_medians(lengths, samples) : median_slope_by_round(lengths, rounds),
            .first_step = step(0),
            .last_step = step(points.size() - 2)};
}

}  // namespace

std::vector<Exponent> exponents(const RecordSet& records) {
    std::vector<std::vector<const Entry*>> families;
    std::map<std::string, std::size_t> index;
    for (const Entry& entry : records.entries()) {
        if (!entry.resolved || entry.samples.empty() || entry.record.outcome == Outcome::failed) continue;
        const auto [place, added] = index.try_emplace(family_of(entry, records.fields()), families.size());
        if (added) families.emplace_back();
        families[place->second].push_back(&entry);
    }
    std::vector<Exponent> all;
    for (std::vector<const Entry*>& points : families) {
        if (points.size() < 3) continue;
        std::ranges::stable_sort(points, {}, [](const Entry* e) { return e->point.problem.kv_len; });
        all.push_back(exponent_of(points));
    }
    return all;
}

}  // namespace headcount
