#include "harness/measure/engine/engine_clocks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include <fmt/format.h>

namespace headcount {
namespace {

constexpr double kClocks_s = 1e-3, kClocks = 1.05;  // two readings of one processor clock, each a little late
constexpr double kAround_s = 10e-3, kAround = 1.1;  // waking up, a pipe, JSON, on a machine with others
constexpr double kThreads = 1.1;

std::string ms(double seconds) { return fmt::format("{:.3g} ms", 1e3 * seconds); }

/// Something of each request: the least of it, or the one in the middle.
template <class Quantity>
double least(const std::vector<Timed>& requests, const Quantity& quantity) {
    double result = std::numeric_limits<double>::infinity();
    for (const Timed& request : requests) result = std::min(result, quantity(request));
    return result;
}
/// How much it differs from one to the other.
template <class Quantity>
double spread(const std::vector<Timed>& requests, const Quantity& quantity) {
    return -least(requests, [&](const Timed& t) { return -quantity(t); }) - least(requests, quantity);
}
template <class Quantity>
double middle(const std::vector<Timed>& requests, const Quantity& quantity) {
    std::vector<double> values;
    for (const Timed& request : requests) values.push_back(quantity(request));
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), half, values.end());
    return *half;
}

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

std::string grows(const std::vector<Timed>& few, const std::vector<Timed>& many, int num_threads) {
    const auto passes_of = [](const std::vector<Timed>& requests) {
        return static_cast<double>(requests.front().passes);
    };
    const double more = passes_of(many) - passes_of(few);
    const bool cpu_known = few.front().seen.cpu_s >= 0 && many.front().seen.cpu_s >= 0;
    const auto wall = [](const Timed& t) { return t.claimed.wall_s; };
    const auto cpu = [](const Timed& t) { return t.claimed.cpu_s; };
    const auto unsaid_wall = [](const Timed& t) {
        return std::max(0.0, t.seen.wall_s - t.claimed.wall_s - t.seen.waited_s);
    };
    const auto unsaid_cpu = [](const Timed& t) { return t.seen.cpu_s - t.claimed.cpu_s; };
    const auto beyond = [&](const Timed& t) { return t.seen.cpu_s - num_threads * t.claimed.wall_s; };
    // Of one pass: what it says, and what comes to that with each further one.
    const double wall_s = least(many, wall) / passes_of(many), cpu_s = least(many, cpu) / passes_of(many);
    const auto each_further = [&](double with_many, double with_few) { return (with_many - with_few) / more; };
    // What belongs to no pass is not the same each time.
    const auto unsteady_s = [&](const auto& quantity) { return (kClocks_s + spread(few, quantity)) / more; };
    const auto differ = [](const char* what, double said_s, double unsaid_s) {
        return fmt::format("it says {} of {} of a pass, and leaves out {} with each further one", ms(said_s), what,
                           ms(unsaid_s));
    };
    const double unsaid_wall_s = each_further(least(many, unsaid_wall), least(few, unsaid_wall));
    if (unsaid_wall_s > (kClocks - 1) * wall_s + unsteady_s(unsaid_wall))
        return differ("wall time", wall_s, unsaid_wall_s);
    const auto half_of_few = [&](const auto& said, const char* what) -> std::string {
        constexpr double kHalf = 0.5;
        const double further_s = each_further(least(many, said), least(few, said));
        if (least(few, said) >= kHalf * further_s * passes_of(few)) return {};
        return fmt::format("it says {} of {} of {} passes, where each further one takes {}", ms(least(few, said)), what,
                           few.front().passes, ms(further_s));
    };
    if (!cpu_known) return half_of_few(wall, "wall time");
    if (std::string half = half_of_few(cpu, "processor time"); !half.empty()) return half;
    const double unsaid_cpu_s = each_further(least(many, unsaid_cpu), least(few, unsaid_cpu));
    if (unsaid_cpu_s > (kClocks - 1) * cpu_s + unsteady_s(unsaid_cpu)) {
        return differ("processor time", cpu_s, unsaid_cpu_s) + ", or does not count all of its threads";
    }
    const double beyond_s = each_further(middle(many, beyond), middle(few, beyond));
    if (beyond_s > (kThreads - 1) * num_threads * wall_s + kClocks_s / more) {
        return fmt::format(
            "it says {} of a pass, and uses {} more with each further one than num_threads={} have in that", ms(wall_s),
            ms(beyond_s), num_threads);
    }
    return {};
}

}  // namespace headcount
