// A tensor of floats beside the same in double precision, and every backend to compare on them.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "harness/backend/all.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "tests/catch.hpp"

namespace headcount::testing {

/// A float window and its double twin with equal layout.
struct Twins {
    Tensor fast, exact;
};

class TwinStore {
public:
    explicit TwinStore(unsigned seed) : random_(seed) {}

    std::int64_t pick(int n) { return static_cast<std::int64_t>(1 + random_() % static_cast<unsigned>(n)); }
    bool flip() { return random_() % 2 == 0; }

    /// A window of these extents in one of the layouts that variants make: dense, transposed, or columns of a
    /// wider matrix.
    Twins take(std::array<std::int64_t, 5> extent, int layout) {
        std::array<std::int64_t, 5> whole = extent;
        if (layout == 1) std::swap(whole[3], whole[4]);
        if (layout == 2) whole[4] += 3;
        Twins twins{dense(nullptr, DType::f32, whole), dense(nullptr, DType::f64, whole)};
        const auto size = static_cast<std::size_t>(twins.fast.elements());
        std::vector<float>& floats = floats_.emplace_back(size);
        std::vector<double>& doubles = doubles_.emplace_back(size);
        std::normal_distribution<float> normal;
        for (std::size_t i = 0; i < size; ++i) doubles[i] = floats[i] = normal(random_);
        twins.fast.data = floats.data();
        twins.exact.data = doubles.data();
        if (layout == 1) return {twins.fast.transposed(), twins.exact.transposed()};
        if (layout == 2) return {twins.fast.columns(2, extent[4]), twins.exact.columns(2, extent[4])};
        return twins;
    }

private:
    std::mt19937 random_;
    std::vector<std::vector<float>> floats_;
    std::vector<std::vector<double>> doubles_;
};

inline double worst_difference(const Twins& t) {
    double worst = 0;
    for_each_matrix(t.fast, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
        for (std::int64_t i = 0; i < t.fast.rows(); ++i) {
            for (std::int64_t j = 0; j < t.fast.cols(); ++j) {
                const double difference = std::abs(static_cast<double>(*t.fast.at<float>(b, n, g, i, j)) -
                                                   *t.exact.at<double>(b, n, g, i, j));
                worst = std::isfinite(difference) ? std::max(worst, difference) : INFINITY;
            }
        }
    });
    return worst;
}

/// Every backend that computes, with one thread and more.
template <class F>
void for_each_real_backend(F f) {
    for (const auto& [name, info] : all_backends()) {
        if (!info.missing.empty()) continue;
        for (const int threads : {1, 2, 3}) {
            const auto backend = info.make({.num_threads = threads});
            if (!backend->executes()) continue;
            INFO(name << " with " << threads << " threads");
            f(*backend);
        }
    }
}

}  // namespace headcount::testing
