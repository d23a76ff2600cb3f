// Random numbers of one purpose: the same for the same seed, run and purpose, whatever else is drawn.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "harness/core/hash.hpp"
#include "harness/core/random.hpp"

namespace headcount {

class Draw {
public:
    Draw(std::uint64_t seed, std::int64_t run, std::string_view purpose)
        : random_(fnv64(purpose, seed) ^ (0xd1342543de82ef95U * static_cast<std::uint64_t>(run))) {}

    /// In (0, 1).
    double uniform() {
        constexpr double kStep = 0x1p-53;
        return (static_cast<double>(random_.next() >> 11U) + 0.5) * kStep;
    }
    /// Mean 0, variance 1 (Marsaglia's polar method).
    double normal() {
        if (std::exchange(has_spare_, false)) return spare_;
        for (;;) {
            const double x = 2 * uniform() - 1, y = 2 * uniform() - 1, square = x * x + y * y;
            if (square >= 1 || square == 0) continue;
            const double factor = std::sqrt(-2 * std::log(square) / square);
            spare_ = y * factor;
            has_spare_ = true;
            return x * factor;
        }
    }
    void normal(std::span<double> values) {
        for (double& x : values) x = normal();
    }
    /// A point on the unit sphere.
    void direction(std::span<double> values) {
        normal(values);
        double square = 0;
        for (const double x : values) square += x * x;
        for (double& x : values) x /= std::sqrt(square);
    }
    /// One of 0 .. bound - 1.
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.below(bound)); }

private:
    SplitMix64 random_;
    double spare_ = 0;
    bool has_spare_ = false;
};

}  // namespace headcount
