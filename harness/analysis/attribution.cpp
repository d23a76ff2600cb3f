// Where the time of more heads goes: the parts of T(H) - T(1), which sum to it but for a residual that is printed.
#include "harness/analysis/attribution.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "harness/analysis/breakdown.hpp"
#include "harness/stats/signed_rank.hpp"

namespace headcount {

namespace {

using Seconds = std::array<double, kShares.size()>;

/// The traced pass scaled to the median of the samples; what lies outside the verbs is in the last share.
struct Scaled {
    Seconds seconds{};
    double tracing = 1;
    double of(std::string_view name) const {
        const auto found = std::ranges::find(kShares, name, &Share::name);
        return seconds[static_cast<std::size_t>(found - kShares.begin())];
    }
    double gemm() const { return of("projections") + of("scores") + of("context"); }
};

Scaled scaled(const Entry& entry, double timed) {
    Scaled result{.seconds = shares_of(entry.record)};
    const double inside = std::accumulate(result.seconds.begin(), result.seconds.end(), 0.0);
    const double traced = entry.record.traced_s > 0 ? entry.record.traced_s : inside;
    result.seconds.back() += traced - inside;
    result.tracing = traced / timed;
    for (double& seconds : result.seconds) seconds /= result.tracing;
    return result;
}

double matmul_multiplies(const Entry& entry) {
    double count = 0;
    for (const OpPart& part : entry.record.ops) {
        if (part.op == "matmul") count += static_cast<double>(part.executed.multiplies);
    }
    return count;
}

bool traced(const Entry& entry) { return !entry.record.breakdown.empty(); }

std::string milliseconds(double seconds) { return fmt::format("{:+.3f}", 1e3 * seconds); }

}  // namespace

std::vector<Attribution> attribute(const HeadSeries& series) {
    std::vector<Attribution> all;
    const Entry& base = *series.points.front();
    if (!traced(base)) return all;
    const std::vector<double> base_times = series.times_of(0);
    const Scaled before = scaled(base, median(base_times));
    for (std::size_t i = 1; i < series.points.size(); ++i) {
        const Entry& point = *series.points[i];
        if (!traced(point)) continue;
        const std::vector<double> times = series.times_of(i);
        std::vector<double> differences(times.size());
        std::ranges::transform(times, base_times, differences.begin(), std::minus<>());
        const Scaled after = scaled(point, median(times));
        Attribution a{.base = &base, .point = &point, .difference = SignedRank(differences).interval()};
        const double products = matmul_multiplies(base);
        if (products > 0) a.gemm_work = before.gemm() * (matmul_multiplies(point) / products - 1);
        a.gemm_efficiency = after.gemm() - before.gemm() - a.gemm_work;
        a.softmax = after.of("softmax") - before.of("softmax");
        a.copies = after.of("copies") - before.of("copies");
        a.fused = after.of("fused") - before.of("fused");
        a.rest = after.of("other") - before.of("other");
        a.base_tracing = before.tracing;
        a.point_tracing = after.tracing;
        all.push_back(a);
    }
    return all;
}

std::string attribution_text(const std::vector<HeadSeries>& all) {
    std::string text;
    for (const HeadSeries& series : all) {
        const std::vector<Attribution> attributions = attribute(series);
        if (attributions.empty()) continue;
        text += fmt::format("{}: {:.4g} ms with {:g} head(s); traced pass takes {:.3g} of the timed\n", series.name,
                            1e3 * median(series.times_of(0)), series.heads.front(), attributions.front().base_tracing);
        for (const Attribution& a : attributions) {
            text += fmt::format("  H={:<4} {} ms [{}, {}] = softmax {}, lost GEMM efficiency {}, copies {}",
                                a.point->point.problem.num_heads, milliseconds(a.difference.estimate),
                                milliseconds(a.difference.low), milliseconds(a.difference.high),
                                milliseconds(a.softmax), milliseconds(a.gemm_efficiency), milliseconds(a.copies));
            if (a.gemm_work != 0) text += fmt::format(", more products {}", milliseconds(a.gemm_work));
            if (a.fused != 0) text += fmt::format(", fused core {}", milliseconds(a.fused));
            text += fmt::format(", rest {}, residual {} ({} the interval); traced {:.3g}\n", milliseconds(a.rest),
                                milliseconds(a.residual()), a.residual_within_interval() ? "within" : "OUTSIDE",
                                a.point_tracing);
        }
    }
    return text;
}

}  // namespace headcount
