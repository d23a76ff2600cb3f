#include "harness/analysis/compare/front.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace headcount {

std::vector<std::size_t> pareto_front(const std::vector<CostAndError>& all) {
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        return std::tie(all[a].cost, all[a].error) < std::tie(all[b].cost, all[b].error);
    });
    std::vector<std::size_t> front;
    double least = std::numeric_limits<double>::infinity();
    for (const std::size_t place : order) {
        if (all[place].error >= least) continue;
        least = all[place].error;
        front.push_back(place);
    }
    return front;
}

}  // namespace headcount
