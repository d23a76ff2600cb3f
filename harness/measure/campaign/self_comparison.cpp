// A point against its twin: how many rounds, and the rounds.
#include "harness/measure/campaign/self_comparison.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "harness/core/stopwatch.hpp"
#include "harness/measure/campaign/rounds.hpp"

namespace headcount {
namespace {

constexpr int kMostRounds = 80;       // where the default protocol ends
constexpr int kFewestRounds = 10;     // the first look of the default protocol
constexpr int kRoundsOfInterval = 6;  // below, no 95 % interval exists
constexpr double kUsual_s = 2, kMost_s = 3;
constexpr double kShareOfBudget = 0.05;

}  // namespace

int self_comparison_rounds(double round_s, const Protocol& protocol) {
    if (protocol.max_rounds < kRoundsOfInterval) return 0;
    double may_use_s = kUsual_s;
    if (protocol.budget_s > 0) may_use_s = std::min(may_use_s, kShareOfBudget * protocol.budget_s);
    const double fit = std::min(may_use_s / round_s, static_cast<double>(kMostRounds));
    const int rounds = std::min(protocol.max_rounds, std::max(kFewestRounds, static_cast<int>(fit)));
    return rounds * round_s > kMost_s ? 0 : rounds;
}

Point twin_of(Point point) {
    point.seed ^= 1U;  // never out of range
    return point;
}

const PlannedPoint* cheapest_timed(const Plan& plan) {
    const PlannedPoint* cheapest = nullptr;
    for (const PlannedPoint& point : plan.points) {
        if (point.fate != Fate::time) continue;
        // One of ours where there is one: an engine may yet turn out not to do this problem.
        const auto cost = [](const PlannedPoint& p) { return std::pair(!p.ours, p.forward_s); };
        if (cheapest == nullptr || cost(point) < cost(*cheapest)) cheapest = &point;
    }
    return cheapest;
}

SelfComparison compare_with_itself(Worker& worker, const Point& point, const Protocol& protocol, std::uint64_t seed) {
    if (protocol.max_rounds < kRoundsOfInterval) return {};
    const auto start = std::chrono::steady_clock::now();
    const std::vector<std::string> points{point.id(), twin_of(point).id()};
    double round_s = 0;
    for (const std::string& id : points) {
        worker.check(id);
        const double pass_s = worker.calibrate(id);
        round_s += pass_s + std::max(pass_s, protocol.min_sample_s);  // a warm pass, then the sample
    }
    const int rounds = self_comparison_rounds(round_s, protocol);
    if (rounds == 0) return {};
    std::vector<RoundRecord> taken(static_cast<std::size_t>(rounds));
    for (int round = 0; round < rounds; ++round) {
        worker.begin_round(round);
        taken[static_cast<std::size_t>(round)].samples =
            take_round(points, shuffled_order(points.size(), seed, "A/A", round), worker);
    }
    return {.points = points, .wall_s = paired_matrix(points, taken), .seconds = seconds_since(start)};
}

}  // namespace headcount
