// Timed points that differ in their number of heads alone, round by round.
#include "harness/analysis/series/head_series.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "harness/analysis/records/paired_rounds.hpp"

namespace headcount {

namespace {

/// Everything but the heads and the widths that follow from them.
std::string family_of(const Entry& entry, const FieldTable& fields) {
    std::string family = std::to_string(entry.samples.front().key.group);
    for (const Field& field : fields.all()) {
        if (field.is_alias() || field.name == "num_heads" || field.follows_from("num_heads")) continue;
        family += "/" + get_field(entry.point, field.name);
    }
    return family;
}

}  // namespace

std::vector<double> HeadSeries::times_of(std::size_t point) const {
    std::vector<double> times;
    times.reserve(seconds.size());
    for (const std::vector<double>& round : seconds) times.push_back(round[point]);
    return times;
}

std::vector<HeadSeries> head_series(const RecordSet& records) {
    std::vector<HeadSeries> all;
    std::map<std::string, std::size_t> index;
    for (const Entry& entry : records.entries()) {
        if (!entry.resolved || entry.samples.empty() || entry.record.outcome == Outcome::failed) continue;
        const auto [place, added] = index.try_emplace(family_of(entry, records.fields()), all.size());
        if (added) all.emplace_back();
        all[place->second].points.push_back(&entry);
    }
    std::erase_if(all, [](const HeadSeries& series) { return series.points.size() < 2; });
    for (HeadSeries& series : all) {
        std::ranges::stable_sort(series.points, {}, [](const Entry* e) { return e->point.problem.num_heads; });
        series.name = series.points.front()->id;
        series.embed_dim = static_cast<double>(series.points.front()->point.problem.embed_dim);
        for (const Entry* entry : series.points) {
            series.heads.push_back(static_cast<double>(entry->point.problem.num_heads));
        }
        series.seconds = shared_rounds(series.points).complete;
    }
    std::erase_if(all, [](const HeadSeries& series) { return series.seconds.empty(); });
    return all;
}

}  // namespace headcount
