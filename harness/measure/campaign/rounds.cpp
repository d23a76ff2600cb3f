// The order of visits, the fixed looks, and the stopping rule.
#include "harness/measure/campaign/rounds.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "harness/core/hash.hpp"
#include "harness/core/random.hpp"
#include "harness/core/shuffle.hpp"
#include "harness/stats/interval.hpp"
#include "harness/stats/paired.hpp"

namespace headcount {
namespace {

// Twice the rounds should narrow an interval to 0.71 of its width. Two doublings that together leave more
// than 0.9 x 0.9 of it say that more rounds will not help: the noise does not average out.
constexpr double kPlateau = 0.9;

}  // namespace

std::vector<std::size_t> shuffled_order(std::size_t count, std::uint64_t seed, std::string_view group, int round) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    SplitMix64 random(fnv64(group, seed) + static_cast<std::uint64_t>(round) * 0xd1342543de82ef95U);
    shuffle(order, random);
    return order;
}

std::vector<Sample> take_round(const std::vector<std::string>& points, const std::vector<std::size_t>& order,
                               Sampler& sampler) {
    std::vector<Sample> samples;
    samples.reserve(order.size());
    for (const std::size_t index : order) {
        Sample sample = sampler.visit(points[index]);
        sample.point = points[index];
        sample.order = static_cast<int>(samples.size());
        samples.push_back(std::move(sample));
    }
    return samples;
}

std::vector<int> looks(const Protocol& protocol) {
    std::vector<int> counts;
    for (std::int64_t count = std::max(1, protocol.min_rounds); count < protocol.max_rounds; count *= 2) {
        counts.push_back(static_cast<int>(count));
    }
    if (protocol.max_rounds > 0) counts.push_back(protocol.max_rounds);
    return counts;
}

double widest_interval(const PairedSeconds& seconds) {
    if (seconds.empty() || seconds.front().size() < 2) return std::numeric_limits<double>::infinity();
    if (seconds.size() == 1) return relative_ci_width(median_interval(seconds.front()));
    double widest = 0;
    for (std::size_t i = 1; i < seconds.size(); ++i) {
        widest = std::max(widest, relative_ci_width(seconds[i], seconds.front()));
    }
    return widest;
}

PairedSeconds paired_matrix(const std::vector<std::string>& points, const std::vector<RoundRecord>& rounds) {
    std::map<std::string, std::size_t, std::less<>> index;
    for (const std::string& point : points) index.emplace(point, index.size());
    PairedSeconds matrix(points.size());
    for (const RoundRecord& round : rounds) {
        std::vector<double> row(points.size(), -1);
        for (const Sample& sample : round.samples) {
            const auto found = index.find(sample.point);
            if (found != index.end()) row[found->second] = sample.wall_s;
        }
        if (std::any_of(row.begin(), row.end(), [](double s) { return s < 0; })) continue;
        for (std::size_t i = 0; i < row.size(); ++i) matrix[i].push_back(row[i]);
    }
    return matrix;
}

StoppingDecision stopping_decision(const PairedSeconds& seconds, const Protocol& protocol,
                                   const WidestInterval& width) {
    const auto taken = seconds.empty() ? 0 : static_cast<int>(seconds.front().size());
    StoppingDecision decision{.because = {}, .next_look = 0, .width = std::numeric_limits<double>::infinity()};
    std::vector<double> widths;
    for (const int look : looks(protocol)) {
        if (taken < look) {
            decision.next_look = look;
            return decision;
        }
        PairedSeconds so_far = seconds;
        for (auto& column : so_far) column.resize(static_cast<std::size_t>(look));
        decision.width = width(so_far);
        widths.push_back(decision.width);
        const std::size_t n = widths.size();
        if (decision.width <= protocol.target_rel_ci) {
            decision.because = "target_rel_ci";
        } else if (look >= protocol.max_rounds) {
            decision.because = "max_rounds";
        } else if (n >= 3 && widths[n - 1] > kPlateau * widths[n - 2] && widths[n - 2] > kPlateau * widths[n - 3]) {
            decision.because = "plateau";
        }
        if (!decision.because.empty()) return decision;
    }
    return decision;
}

}  // namespace headcount
