// Time in which this process ran, and what it noticed of the rest: stopped, frozen, or on a machine that slept.
#pragma once

#include <chrono>
#include <cstdint>

namespace headcount {

/// Steady time without the spans that wait_to_read noticed to be missing. A deadline by this clock does not pass while
/// nobody runs.
struct RunningClock {
    using duration = std::chrono::steady_clock::duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<RunningClock>;
    static constexpr bool is_steady = true;

    static time_point now();
    static time_point in(double seconds);
};

/// Until `fd` can be read, is at its end or has failed: true. False: the deadline has passed, and nothing is there even
/// now. Throws Interrupted when a stop was asked for.
bool wait_to_read(int fd, RunningClock::time_point deadline);

/// How often this process was noticed to stand still until now. What was timed while this number grew is too long.
std::int64_t times_suspended();
/// One time more: for who sees it in another way, as the parent of a process that was stopped alone. May be called by a
/// signal handler.
void note_suspension();

}  // namespace headcount
