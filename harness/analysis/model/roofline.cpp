// What the machine's measured limits say of a verb's time: how much of it arithmetic needs, how much memory may take.
#include "harness/analysis/model/roofline.hpp"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

namespace headcount {

namespace {

const std::map<std::string, double>& limits_of(const RunRecord& run, const PointRecord& record) {
    for (const SourceRecord& source : run.sources) {
        if (source.id == record.run) return source.limits;
    }
    return run.limits;
}

double arithmetic_seconds(const OpCost& work, const Rates& rates) {
    // What cannot be fused fills one lane of two: compares and divides never, products and sums pair up.
    const auto paired = static_cast<double>(std::max(work.multiplies, work.adds));
    const auto single = static_cast<double>(work.compares + work.divides);
    return 2 * (paired + single) / rates.flops + static_cast<double>(work.exps) / rates.exps;
}

}  // namespace

std::optional<Rates> rates_of(const RunRecord& run, const PointRecord& record, const Point& point) {
    if (point.problem.dtype != DType::f32) return std::nullopt;
    const auto& limits = limits_of(run, record);
    const auto rate = [&](std::string_view name) {
        const auto found = limits.find(fmt::format("{}.threads={}", name, point.num_threads));
        return found == limits.end() ? 0.0 : 1e9 * found->second;
    };
    // Our own exponential where the run measured it: with the library's, slower one, the bound would be too high.
    const Rates rates{.flops = rate("fma_gflops.f32"),
                      .exps = std::max(rate("exp2_gops.f32"), rate("exp_gops.f32")),
                      .bytes = rate("read_gbps")};
    if (rates.flops > 0 && rates.exps > 0 && rates.bytes > 0) return rates;
    return std::nullopt;
}

TimeParts split_time(double seconds, const OpCost& work, const Rates& rates) {
    const double arithmetic = arithmetic_seconds(work, rates);
    const double traffic = static_cast<double>(work.bytes()) / rates.bytes;
    TimeParts parts;
    parts.arithmetic = std::min(arithmetic, seconds);
    const double left = seconds - parts.arithmetic;
    parts.traffic = std::clamp(traffic - arithmetic, 0.0, left);
    parts.beyond = left - parts.traffic;
    parts.traffic_at_most = std::min(traffic, left);
    return parts;
}

}  // namespace headcount
