// Timed points that differ in their number of heads alone, round by round.
#include "harness/analysis/series/head_series.hpp"

#include <algorithm>
#include <array>
#include <map>

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

void fill_seconds(HeadSeries& series) {
    std::map<RoundKey, std::vector<double>> rounds;
    for (std::size_t i = 0; i < series.points.size(); ++i) {
        for (const RoundSample& round : series.points[i]->samples) {
            std::vector<double>& times = rounds[round.key];
            if (times.size() == i) times.push_back(round.sample.wall_s);
        }
    }
    for (auto& [key, times] : rounds) {
        if (times.size() == series.points.size()) series.seconds.push_back(std::move(times));
    }
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
        fill_seconds(series);
    }
    std::erase_if(all, [](const HeadSeries& series) { return series.seconds.empty(); });
    return all;
}

}  // namespace headcount
