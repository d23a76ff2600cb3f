#include "harness/measure/engine/engine_clocks.hpp"

#include <cmath>

#include <fmt/format.h>

namespace headcount {
namespace {

constexpr double kClocks_s = 1e-3, kClocks = 1.05;  // two readings of one processor clock, each a little late
constexpr double kAround_s = 10e-3, kAround = 1.1;  // waking up, a pipe, JSON, on a machine with others
constexpr double kThreads = 1.1;

std::string ms(double seconds) { return fmt::format("{:.3g} ms", 1e3 * seconds); }

}  // namespace

std::string impossible(const Clocked& claimed, const Clocked& seen) {
    if (!std::isfinite(claimed.wall_s) || claimed.wall_s <= 0) {
        return fmt::format("it says that a run took {} s", claimed.wall_s);
    }
    if (!std::isfinite(claimed.cpu_s) || claimed.cpu_s < 0) {
        return fmt::format("it says that a run took {} s of processor time", claimed.cpu_s);
    }
    if (claimed.wall_s > seen.wall_s) {
        return fmt::format("it says that a run took {} and answered after {}", ms(claimed.wall_s), ms(seen.wall_s));
    }
    if (seen.cpu_s >= 0 && claimed.cpu_s > kClocks * seen.cpu_s + kClocks_s) {
        return fmt::format("it says that a run took {} of processor time; the kernel counted {}", ms(claimed.cpu_s),
                           ms(seen.cpu_s));
    }
    return {};
}

std::string doubtful(const Clocked& claimed, const Clocked& seen, int num_threads) {
    if (seen.wall_s > kAround * claimed.wall_s + kAround_s + seen.waited_s) {
        return fmt::format("it says that a run took {}, and takes {} to answer: it times less than it does",
                           ms(claimed.wall_s), ms(seen.wall_s));
    }
    if (seen.cpu_s < 0) return {};
    if (seen.cpu_s > kClocks * claimed.cpu_s + kClocks_s) {
        return fmt::format(
            "it says that a run took {} of processor time, and the kernel counted {}: it times less than "
            "it does, or not all of its threads",
            ms(claimed.cpu_s), ms(seen.cpu_s));
    }
    if (seen.cpu_s > kThreads * num_threads * claimed.wall_s + kClocks_s) {
        return fmt::format("it used {} of processor time in what it says were {} with num_threads={}", ms(seen.cpu_s),
                           ms(claimed.wall_s), num_threads);
    }
    return {};
}

}  // namespace headcount
