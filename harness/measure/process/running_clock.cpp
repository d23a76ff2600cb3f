#include "harness/measure/process/running_clock.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <ctime>

#include <poll.h>

#include "harness/measure/process/signals.hpp"

namespace headcount {
namespace {

using Steady = std::chrono::steady_clock;

// Short, because a signal may arrive between the test for it and the wait.
constexpr std::chrono::milliseconds kSlice{200};
// A slice that took so much longer was not slow, it was not there: a busy machine lets a waiting process run sooner.
constexpr std::chrono::milliseconds kNoticed{1000};

std::atomic<std::int64_t> g_suspensions = 0;
static_assert(std::atomic<std::int64_t>::is_always_lock_free, "a signal handler counts");
std::atomic<Steady::rep> g_missing = 0;

/// How long the machine slept since it started: the one clock goes on then, the other does not.
double slept_s() {
    timespec with{}, without{};
    if (::clock_gettime(CLOCK_BOOTTIME, &with) != 0 || ::clock_gettime(CLOCK_MONOTONIC, &without) != 0) return 0;
    return static_cast<double>(with.tv_sec - without.tv_sec) +
           1e-9 * static_cast<double>(with.tv_nsec - without.tv_nsec);
}

void notice_sleep() {
    constexpr double kApart_s = 0.1;  // the two readings are never exactly simultaneous
    static double known_s = slept_s();
    const double now_s = slept_s();
    if (std::abs(now_s - known_s) < kApart_s) return;
    known_s = now_s;
    note_suspension();
}

}  // namespace

RunningClock::time_point RunningClock::now() {
    return time_point(Steady::now().time_since_epoch() - duration(g_missing.load()));
}

RunningClock::time_point RunningClock::in(double seconds) {
    return now() + std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds));
}

bool wait_to_read(int fd, RunningClock::time_point deadline) {
    for (;;) {
        stop_if_asked();
        const auto began = Steady::now();
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - RunningClock::now());
        const auto slice = std::clamp(left, std::chrono::milliseconds(0), kSlice);
        pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
        if (::poll(&wanted, 1, static_cast<int>(slice.count())) > 0) return true;
        if (left.count() <= 0) return false;
        const auto missing = Steady::now() - began - slice;
        if (missing < kNoticed) continue;
        g_missing += missing.count();
        note_suspension();
    }
}

std::int64_t times_suspended() {
    notice_sleep();
    return g_suspensions.load();
}

void note_suspension() { ++g_suspensions; }

}  // namespace headcount
