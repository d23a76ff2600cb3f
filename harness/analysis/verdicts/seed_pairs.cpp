// Pairs points by what they share but the seed, and judges each pair as any comparison is judged.
#include "harness/analysis/verdicts/seed_pairs.hpp"

#include <cmath>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/analysis/records/paired_rounds.hpp"
#include "harness/stats/paired.hpp"
#include "harness/stats/resolvable_margin.hpp"

namespace headcount {
namespace {

std::string percent(double share) {
    return std::isfinite(share) ? fmt::format("{:.2g} %", 100 * share) : std::string("no interval");
}

bool same_but_seed(const Point& a, Point b) {
    if (a.seed == b.seed) return false;
    b.seed = a.seed;
    return a == b;
}

double median_of(const Entry& entry, double (*what)(const Sample&)) {
    std::vector<double> values;
    for (const RoundSample& taken : entry.samples) values.push_back(what(taken.sample));
    return median(values);
}

SeedPair summary_of(const Entry& base, const Entry& value, const PairedRounds& rounds,
                    const std::vector<int>& at_rounds) {
    const PairedRatio ratio(rounds.value, rounds.base);
    SeedPair summary{
        .point = base.id,
        .sample_s = median_of(base, [](const Sample& s) { return s.wall_s * static_cast<double>(s.iterations); }),
        .time_s = median_of(base, [](const Sample& s) { return s.wall_s; }),
        .rounds = rounds.value.size(),
        .stopped_because = base.record.stopped_because,
        .ratio = ratio.interval(),
        .noise = visit_noise(rounds.value, rounds.base),
        .lag1 = ratio.logs().lag1(),
        .autocorrelated = ratio.logs().autocorrelated(),
        .resolvable = {}};
    const auto visit_s = [](const Entry& entry) {  // a warm iteration and the sample
        return median_of(entry, [](const Sample& s) { return s.wall_s * static_cast<double>(s.iterations + 1); });
    };
    const double round_s = visit_s(base) + visit_s(value);
    for (const int count : at_rounds) {
        summary.resolvable.push_back(
            {.rounds = count,
             .seconds = count * round_s,
             .margin = resolvable_margin(rounds.value, rounds.base, static_cast<std::size_t>(count))});
    }
    return summary;
}

}  // namespace

std::vector<SeedPair> seed_pairs(const RecordSet& records, const std::vector<int>& at_rounds) {
    std::vector<SeedPair> summaries;
    for (const PartView& part : records.parts()) {
        for (std::size_t i = 0; i < part.entries.size(); ++i) {
            const Entry& base = records.entries()[part.entries[i]];
            for (std::size_t j = i + 1; j < part.entries.size(); ++j) {
                const Entry& value = records.entries()[part.entries[j]];
                if (!base.resolved || !value.resolved || !same_but_seed(base.point, value.point)) continue;
                const PairedRounds rounds = paired_rounds(value, base);
                if (!rounds.value.empty()) summaries.push_back(summary_of(base, value, rounds, at_rounds));
            }
        }
    }
    return summaries;
}

Table seed_pair_table(const std::vector<SeedPair>& summaries) {
    Table table{.columns = {{.name = "point", .wraps = true},
                            {.name = "time", .align = Align::right},
                            {.name = "a visit", .align = Align::right},
                            {.name = "rounds", .align = Align::right},
                            {.name = "ratio", .align = Align::right},
                            {.name = "95 % interval", .align = Align::right},
                            {.name = "verdict"},
                            {.name = "noise a visit", .align = Align::right},
                            {.name = "lag-1", .align = Align::right}},
                .rows = {},
                .caption = "Two points that do the same (A/A)"};
    for (const SeedPair& s : summaries) {
        table.rows.push_back({s.point, quantity(s.time_s, "s"), quantity(s.sample_s, "s"), fmt::format("{}", s.rounds),
                              fmt::format("{:.4f}", s.ratio.estimate),
                              s.ratio.bounded() ? fmt::format("[{:.4f}, {:.4f}]", s.ratio.low, s.ratio.high) : "",
                              !s.ratio.bounded() ? "too few rounds" : (s.different() ? "DIFFERENT" : "same"),
                              percent(s.noise), fmt::format("{:.2f}{}", s.lag1, s.autocorrelated ? " (!)" : "")});
    }
    return table;
}

Table resolvable_table(const std::vector<SeedPair>& summaries) {
    Table table{.columns = {{.name = "point", .wraps = true}},
                .rows = {},
                .caption = "The smallest difference that can be told, by rounds (80 % power)"};
    if (summaries.empty()) return table;
    for (const Resolvable& r : summaries.front().resolvable) {
        table.columns.push_back({.name = fmt::format("{} rounds", r.rounds), .align = Align::right});
    }
    for (const SeedPair& s : summaries) {
        std::vector<std::string>& row = table.rows.emplace_back(std::vector<std::string>{s.point});
        for (const Resolvable& r : s.resolvable) {
            row.push_back(fmt::format("{} in {}", percent(r.margin), quantity(r.seconds, "s")));
        }
    }
    return table;
}

}  // namespace headcount
