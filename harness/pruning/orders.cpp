#include "harness/pruning/orders.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "harness/core/random.hpp"
#include "harness/core/shuffle.hpp"

namespace headcount {

std::vector<HeadPlace> by_importance(const std::vector<std::vector<double>>& importance) {
    std::vector<HeadPlace> order;
    for (std::size_t layer = 0; layer < importance.size(); ++layer) {
        for (std::size_t head = 0; head < importance[layer].size(); ++head) {
            order.push_back({.layer = static_cast<std::int64_t>(layer), .head = static_cast<std::int64_t>(head)});
        }
    }
    std::ranges::stable_sort(order, {}, [&](const HeadPlace& place) {
        return importance[static_cast<std::size_t>(place.layer)][static_cast<std::size_t>(place.head)];
    });
    return order;
}

std::vector<HeadPlace> shuffled(std::vector<HeadPlace> order, std::uint64_t seed) {
    std::ranges::sort(order, {}, [](const HeadPlace& p) { return std::pair(p.layer, p.head); });
    SplitMix64 random(seed);
    shuffle(order, random);
    return order;
}

std::vector<std::int64_t> numbers_left(std::int64_t all, std::int64_t steps) {
    std::vector<std::int64_t> left;
    for (std::int64_t step = 1; step <= steps; ++step) {
        const std::int64_t here = all - all * step / steps;
        if (here < (left.empty() ? all : left.back())) left.push_back(here);
    }
    return left;
}

std::vector<HeadPlace> all_but(const std::vector<HeadPlace>& order, std::int64_t left) {
    return {order.begin(), order.end() - left};
}

KeptHeads kept_without(std::int64_t layers, std::int64_t num_heads, const std::vector<HeadPlace>& removed) {
    KeptHeads kept = all_heads(layers, num_heads);
    for (const HeadPlace& place : removed) std::erase(kept[static_cast<std::size_t>(place.layer)], place.head);
    return kept;
}

std::vector<HeadPlace> all_of_layer_but(std::int64_t layer, std::int64_t num_heads, std::int64_t kept) {
    std::vector<HeadPlace> removed;
    for (std::int64_t head = 0; head < num_heads; ++head) {
        if (head != kept) removed.push_back({.layer = layer, .head = head});
    }
    return removed;
}

}  // namespace headcount
