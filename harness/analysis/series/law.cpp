// A law for the time of heads at fixed width: T = T_proj + alpha E + beta H, with intervals and a check.
#include "harness/analysis/series/law.hpp"

#include <numeric>

#include <fmt/format.h>

#include "harness/analysis/model/breakdown.hpp"
#include "harness/core/error.hpp"
#include "harness/stats/signed_rank.hpp"

namespace headcount {

namespace {

struct Line {
    double start = 0;
    double slope = 0;
    double at(double x) const { return start + slope * x; }
};

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// Relative least squares (weights 1 / y^2: the noise of a time grows with it), without the point `skip`.
Line fit_line(const std::vector<double>& x, const std::vector<double>& y, std::size_t skip = kNone) {
    double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (i == skip) continue;
        const double weight = 1 / (y[i] * y[i]);
        w += weight;
        wx += weight * x[i];
        wy += weight * y[i];
        wxx += weight * x[i] * x[i];
        wxy += weight * x[i] * y[i];
    }
    Line line;
    line.slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
    line.start = (wy - line.slope * wx) / w;
    return line;
}

double projections_of(const HeadSeries& series) {
    const PointRecord& record = series.points.front()->record;
    const auto shares = shares_of(record);
    const double inside = std::accumulate(shares.begin(), shares.end(), 0.0);
    const double traced = record.traced_s > 0 ? record.traced_s : inside;
    return traced > 0 ? shares.front() / traced * median(series.times_of(0)) : 0;
}

}  // namespace

Law fit_law(const HeadSeries& series) {
    if (series.heads.size() < 3) throw Error("law of heads: needs three numbers of heads; add some to the sweep");
    Law law;
    law.projections_s = projections_of(series);
    law.has_projections = !series.points.front()->record.breakdown.empty();
    std::vector<double> alphas, betas, break_evens;
    for (const std::vector<double>& round : series.seconds) {
        const Line line = fit_line(series.heads, round);
        alphas.push_back((line.start - law.projections_s) / series.embed_dim);
        betas.push_back(line.slope);
        if (alphas.back() > 0) break_evens.push_back(betas.back() / alphas.back());
    }
    law.alpha = SignedRank(alphas).interval();
    law.beta = SignedRank(betas).interval();
    // Where the rest of the core cannot be told from nothing, neither can the point at which heads outweigh it.
    if (law.alpha.low > 0 && !break_evens.empty()) law.break_even = SignedRank(break_evens).interval();
    for (std::size_t i = 0; i < series.heads.size(); ++i) {
        std::vector<double> ratios;  // not their logarithms: a prediction may be negative
        for (const std::vector<double>& round : series.seconds) {
            ratios.push_back(fit_line(series.heads, round, i).at(series.heads[i]) / round[i]);
        }
        law.left_out.push_back({.heads = series.heads[i], .ratio = SignedRank(ratios).interval()});
    }
    return law;
}

std::string law_text(const std::vector<HeadSeries>& all) {
    const auto range = [](const Interval& i, double unit) {
        return fmt::format("{:.4g} [{:.4g}, {:.4g}]", unit * i.estimate, unit * i.low, unit * i.high);
    };
    std::string text;
    for (const HeadSeries& series : all) {
        if (series.heads.size() < 3) continue;
        const Law law = fit_law(series);
        text += fmt::format("{}: T = {:.4g} us{} + {} us * H + {} ns * E, E = {:g}, {} rounds\n", series.name,
                            1e6 * law.projections_s, law.has_projections ? " (projections)" : " (not traced)",
                            range(law.beta, 1e6), range(law.alpha, 1e9), series.embed_dim, series.seconds.size());
        text += law.break_even.bounded()
                    ? fmt::format("  break-even head_dim {}: narrower heads cost more than the columns they share\n",
                                  range(law.break_even, 1))
                    : "  break-even head_dim: cannot be told, alpha is not above 0\n";
        for (const LeftOut& point : law.left_out) {
            text += fmt::format("  left out H={:g}: predicted {} of what was measured\n", point.heads,
                                range(point.ratio, 1));
        }
    }
    return text;
}

}  // namespace headcount
