// The Pareto front: what nothing else betters in both its cost and its error.
#pragma once

#include <cstddef>
#include <vector>

namespace headcount {

struct CostAndError {
    double cost = 0, error = 0;
};

/// Places of those of which no other costs as little and errs as little, the cheapest first; of equals the first.
std::vector<std::size_t> pareto_front(const std::vector<CostAndError>& all);

}  // namespace headcount
