// How long a forward pass takes with as many heads in each layer as one likes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harness/core/point.hpp"
#include "harness/journal/pruning_study.hpp"
#include "harness/train/net.hpp"

namespace headcount {

class ForwardTimer {
public:
    /// Models of the point, untrained: a pass takes as long with other numbers. Throws Error when memory is refused.
    ForwardTimer(const Point& point, std::span<const std::vector<std::int64_t>> sizes);

    /// Times of all sizes, in the order given; in each round all take turns, in an order of its own. A visit is the
    /// median of passes that are timed one by one, so that few that were interrupted do not count: so many that the
    /// slowest take 20 ms, as many for all, after one that is not timed.
    std::vector<PruningTimingRecord> measure(std::int64_t rounds);

private:
    struct Timed {
        Net net;
        PruningTimingRecord record;
    };
    void pass(Timed& timed);
    double visit(Timed& timed, std::int64_t passes);

    std::unique_ptr<Backend> backend_;
    std::vector<Timed> timed_;
};

}  // namespace headcount
