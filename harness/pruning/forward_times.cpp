#include "harness/pruning/forward_times.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include "harness/core/random.hpp"
#include "harness/core/shuffle.hpp"
#include "harness/core/stopwatch.hpp"
#include "harness/train/data_set.hpp"

namespace headcount {

ForwardTimer::ForwardTimer(const Point& point, std::span<const std::vector<std::int64_t>> sizes)
    : backend_(backend_of(point)) {
    const DataSet examples = examples_of(point, 0, Split::validation);
    for (const std::vector<std::int64_t>& heads : sizes) {
        timed_.push_back({.net = make_net(point, Passes::forward, heads), .record = {.heads = heads, .seconds = {}}});
        const Model& model = *timed_.back().net.model;
        model.begin(point.seed, 0);
        for (std::int64_t i = 0; i < point.problem.batch; ++i) {
            examples.copy(i % examples.size(), i, model.keys(), model.queries(), model.targets());
        }
    }
}

void ForwardTimer::pass(Timed& timed) {
    timed.net.temporaries.reset();
    timed.net.model->forward(*backend_, timed.net.temporaries);
}

double ForwardTimer::visit(Timed& timed, std::int64_t passes) {
    pass(timed);
    std::vector<double> each;
    for (std::int64_t i = 0; i < passes; ++i) {
        const double since = steady_s();
        pass(timed);
        each.push_back(steady_s() - since);
    }
    const auto middle = each.begin() + std::ssize(each) / 2;
    std::ranges::nth_element(each, middle);
    return *middle;
}

std::vector<PruningTimingRecord> ForwardTimer::measure(std::int64_t rounds) {
    constexpr double kVisit = 0.02;
    double slowest = 0;
    for (Timed& timed : timed_) slowest = std::max(slowest, visit(timed, 5));
    const auto passes = std::max<std::int64_t>(5, std::llround(kVisit / slowest));
    std::vector<std::size_t> order(timed_.size());
    for (std::int64_t round = 0; round < rounds; ++round) {
        std::iota(order.begin(), order.end(), std::size_t{0});
        SplitMix64 random(static_cast<std::uint64_t>(round));
        shuffle(order, random);
        for (const std::size_t i : order) timed_[i].record.seconds.push_back(visit(timed_[i], passes));
    }
    std::vector<PruningTimingRecord> records;
    for (Timed& timed : timed_) records.push_back(std::move(timed.record));
    timed_.clear();
    return records;
}

}  // namespace headcount
