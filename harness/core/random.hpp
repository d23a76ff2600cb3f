// Random numbers that are the same on every machine: the distributions and std::shuffle of libraries differ.
#pragma once

#include <cstdint>
#include <limits>

namespace headcount {

/// SplitMix64 (Steele, Lea and Flood 2014).
class SplitMix64 {
public:
    explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    /// One of 0 .. bound - 1, none of them a favourite.
    std::uint64_t below(std::uint64_t bound) {
        const std::uint64_t biased = std::numeric_limits<std::uint64_t>::max() % bound;
        std::uint64_t value = next();
        while (value < biased) value = next();
        return value % bound;
    }

private:
    std::uint64_t state_;
};

}  // namespace headcount
