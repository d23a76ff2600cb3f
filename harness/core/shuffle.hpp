// A random order (Fisher and Yates), the same for one seed on every machine, which std::shuffle's is not.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace headcount {

/// `random` is a SplitMix64 or what else has below().
template <class T, class Random>
void shuffle(std::vector<T>& order, Random& random) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
}

}  // namespace headcount
