// Where the time of more heads goes: the parts of T(H) - T(1), which sum to it but for a residual that is printed.
#include "harness/analysis/series/attribution.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "harness/analysis/model/breakdown.hpp"
#include "harness/analysis/model/roofline.hpp"
#include "harness/stats/signed_rank.hpp"

namespace headcount {

namespace {

/// The traced pass of one point, scaled to the median of its samples.
struct Scaled {
    double softmax = 0, gemm = 0, fused = 0;  ///< without their traffic
    double traffic = 0, traffic_at_most = 0;
    double copies = 0;
    double rest = 0;  ///< what lies outside the verbs included
    double tracing = 1;
};

Scaled scaled(const Entry& entry, double timed, const std::optional<Rates>& rates) {
    auto seconds = shares_of(entry.record);
    const double inside = std::accumulate(seconds.begin(), seconds.end(), 0.0);
    const double traced = entry.record.traced_s > 0 ? entry.record.traced_s : inside;
    seconds.back() += traced - inside;
    Scaled result{.tracing = traced / timed};
    const auto work = work_of(entry.record);
    for (std::size_t i = 0; i < kShares.size(); ++i) {
        const std::string_view name = kShares[i].name;
        double share = seconds[i] / result.tracing;
        if (name == "copies") {
            result.copies = share;
            continue;
        }
        if (name == "other") {
            result.rest = share;
            continue;
        }
        if (rates) {
            const TimeParts parts = split_time(share, work[i], *rates);
            result.traffic += parts.traffic;
            result.traffic_at_most += parts.traffic_at_most;
            share -= parts.traffic;
        }
        (name == "softmax" ? result.softmax : name == "fused" ? result.fused : result.gemm) += share;
    }
    return result;
}

double matmul_multiplies(const Entry& entry) {
    double count = 0;
    for (const OpPart& part : entry.record.counted.ops) {
        if (part.op == "matmul") count += static_cast<double>(part.executed.multiplies);
    }
    return count;
}

bool traced(const Entry& entry) { return !entry.record.breakdown.empty(); }

}  // namespace

Interval Attribution::residual() const {
    return {.estimate = difference.estimate - sum(), .low = difference.low - sum(), .high = difference.high - sum()};
}

std::vector<Attribution> attribute(const HeadSeries& series, const RunRecord& run) {
    std::vector<Attribution> all;
    const Entry& base = *series.points.front();
    if (!traced(base)) return all;
    const std::vector<double> base_times = series.times_of(0);
    for (std::size_t i = 1; i < series.points.size(); ++i) {
        const Entry& point = *series.points[i];
        if (!traced(point)) continue;
        const std::vector<double> times = series.times_of(i);
        std::vector<double> differences(times.size());
        std::ranges::transform(times, base_times, differences.begin(), std::minus<>());
        auto base_rates = rates_of(run, base.record, base.point);
        auto rates = rates_of(run, point.record, point.point);
        if (!rates || !base_rates) rates = base_rates = std::nullopt;  // one side alone would be no difference
        const Scaled before = scaled(base, median(base_times), base_rates);
        const Scaled after = scaled(point, median(times), rates);
        Attribution a{.base = &base, .point = &point, .difference = SignedRank(differences).interval()};
        const double products = matmul_multiplies(base);
        if (products > 0) a.gemm_work = before.gemm * (matmul_multiplies(point) / products - 1);
        a.products_slower_s = after.gemm - before.gemm - a.gemm_work;
        a.softmax = after.softmax - before.softmax;
        a.fused = after.fused - before.fused;
        a.has_traffic = rates.has_value();
        a.traffic = after.traffic - before.traffic;
        a.traffic_at_most = after.traffic_at_most - before.traffic_at_most;
        a.copies = after.copies - before.copies;
        a.rest = after.rest - before.rest;
        a.base_tracing = before.tracing;
        a.point_tracing = after.tracing;
        all.push_back(a);
    }
    return all;
}

}  // namespace headcount
