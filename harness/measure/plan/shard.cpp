// Sets of points that are compared with each other, dealt out costliest first.
#include "harness/measure/plan/shard.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/point_index.hpp"
#include "harness/measure/plan/plan.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/train/recipe.hpp"

namespace headcount {
namespace {

// Costs are integers, in microseconds: sums of doubles may differ in the last digit between two builds, and a tie
// that falls differently on two machines would lose a point. The sum of a million capped costs fits into 63 bits.
constexpr std::int64_t kMostForwardUs = 10'000'000'000;  // three hours: a pass beyond that is refused elsewhere
constexpr std::int64_t kMostPointUs = 1'000'000'000'000;
constexpr std::int64_t kCountingUs = 200;           // a dry run and its record
constexpr std::int64_t kOnceUs = 100'000;           // a child for memory, start-up shared
constexpr std::int64_t kStepUs = 100;               // of a training, for calling its verbs
constexpr std::int64_t kTrainedOnceUs = 3'000'000;  // the check of a point that is trained, its memory, its examples
constexpr int kMaxShards = 100'000;                 // beyond this somebody has mistyped

/// One forward pass, roughly, by the counting backend: what the program was built with does not matter.
std::int64_t forward_us(const Point& point) {
    Point counted = point;
    counted.backend = "counting";
    OpCost cost;
    try {
        for (const OpPart& part : count_point(counted).ops) cost += part.required;
    } catch (const Error&) {
        return 0;  // cannot run anywhere
    }
    const bool naive = point.backend == "naive";
    const std::int64_t threads = naive ? 1 : std::max(1, point.num_threads);
    const std::int64_t flops_per_us = (naive ? 1'000 : 20'000) * threads;
    const std::int64_t exps_per_us = (naive ? 100 : 500) * threads;
    return std::min(cost.flops() / flops_per_us + cost.exps / exps_per_us, kMostForwardUs);
}

/// All trainings of a point: one a round, and one for each learning rate that is tried.
std::int64_t training_us(const Point& point, std::int64_t rounds, std::int64_t step_us) {
    const Recipe recipe = recipe_of(point);
    const std::int64_t rates = std::ssize(rates_to_try(recipe));
    const std::int64_t steps = (rounds + (rates > 1 ? rates : 0)) * recipe.steps;  // below 2^44
    return std::min(steps, kMostPointUs / (step_us + kStepUs)) * (step_us + kStepUs);
}

std::int64_t cost_us(const Point& point, const Protocol& protocol) {
    if (point.backend == "counting" || protocol.max_rounds <= 0) return kCountingUs;
    const std::int64_t forward = forward_us(point);
    if (point.trains()) return training_us(point, std::min(protocol.max_rounds, 10'000), forward) + kTrainedOnceUs;
    const std::int64_t sample = std::llround(std::clamp(protocol.min_sample_s, 0.0, 1e4) * 1e6);
    const std::int64_t visit = std::max(sample, forward) + (forward < 1'000'000 ? forward : 0);
    const std::int64_t rounds = std::min(protocol.max_rounds, 10'000);
    return std::min(rounds * visit + 6 * forward + kOnceUs, kMostPointUs);
}

/// Disjoint sets of points, by index.
class Sets {
public:
    std::size_t add() {
        parent_.push_back(parent_.size());
        return parent_.size() - 1;
    }
    /// The smallest index of the set.
    std::size_t first(std::size_t i) {
        while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
        return i;
    }
    void join(std::size_t a, std::size_t b) {
        a = first(a);
        b = first(b);
        parent_[std::max(a, b)] = std::min(a, b);
    }

private:
    std::vector<std::size_t> parent_;
};

/// Which shard, counted from 0, holds the set that begins with this point.
std::vector<int> deal(const std::vector<std::int64_t>& cost_of_set, int shards) {
    std::vector<std::size_t> order(cost_of_set.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return cost_of_set[a] > cost_of_set[b]; });
    std::vector<std::int64_t> load(static_cast<std::size_t>(shards), 0);
    std::vector<int> shard(cost_of_set.size(), 0);
    for (const std::size_t set : order) {
        if (cost_of_set[set] == 0) break;  // not the beginning of a set; the rest neither
        const auto least = std::min_element(load.begin(), load.end());
        shard[set] = static_cast<int>(least - load.begin());
        *least += cost_of_set[set];
    }
    return shard;
}

}  // namespace

std::string Shard::text() const { return whole() ? std::string() : fmt::format("{}/{}", number, of); }

Shard parse_shard(std::string_view text) {
    Shard shard;
    const char* const end = text.data() + text.size();
    const auto number = std::from_chars(text.data(), end, shard.number);
    const bool slash = number.ec == std::errc{} && number.ptr != end && *number.ptr == '/';
    const auto of = slash ? std::from_chars(number.ptr + 1, end, shard.of) : number;
    const bool good = slash && of.ec == std::errc{} && of.ptr == end && shard.number >= 1 && shard.of <= kMaxShards &&
                      shard.number <= shard.of;
    if (!good) throw UsageError(fmt::format("shard '{}': write k/n with 1 <= k <= n, for instance 2/4", text));
    return shard;
}

Sweep shard_of(Sweep sweep, const Shard& shard) {
    if (shard.whole()) return sweep;
    PointIndex index;
    std::vector<std::vector<std::size_t>> points_of_part;
    std::vector<std::int64_t> cost;
    Sets sets;
    for (const Part& part : sweep.parts) {
        std::unordered_map<std::string, std::size_t> first_of_group;
        std::vector<std::size_t>& points = points_of_part.emplace_back();
        for (const Point& point : part.points) {
            const auto [number, is_new] = index.add(point);
            if (is_new) {
                sets.add();
                cost.push_back(cost_us(point, sweep.protocol));
            }
            points.push_back(number);
            const auto [group, is_first] = first_of_group.try_emplace(group_id(point, part, sweep.fields), number);
            if (!is_first) sets.join(group->second, number);
        }
    }
    std::vector<std::int64_t> cost_of_set(cost.size(), 0);
    for (std::size_t i = 0; i < cost.size(); ++i) cost_of_set[sets.first(i)] += cost[i];
    const std::vector<int> shard_of_set = deal(cost_of_set, shard.of);

    std::unordered_map<std::string, std::size_t> unresolved;
    for (std::size_t p = 0; p < sweep.parts.size(); ++p) {
        Part& part = sweep.parts[p];
        std::vector<Point> mine;
        for (std::size_t i = 0; i < part.points.size(); ++i) {
            const bool here = shard_of_set[sets.first(points_of_part[p][i])] == shard.number - 1;
            if (here) mine.push_back(std::move(part.points[i]));
        }
        part.points = std::move(mine);
        // Points that no problem exists for cost nothing: in turn.
        std::erase_if(part.skipped, [&](const SkippedPoint& point) {
            const std::size_t turn = unresolved.try_emplace(point.id, unresolved.size()).first->second;
            return turn % static_cast<std::size_t>(shard.of) != static_cast<std::size_t>(shard.number - 1);
        });
    }
    return sweep;
}

}  // namespace headcount
