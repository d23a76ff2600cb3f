// The difference between the machine's busy time and ours.
#include "harness/measure/campaign/load_meter.hpp"

#include <algorithm>

#include <sys/resource.h>

#include "harness/core/stopwatch.hpp"

namespace headcount {
namespace {

constexpr double kWindow_s = 0.25;  // 1 tick of 10 ms is then an error of 4 % of a processor

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

LoadMeter::LoadMeter(const Worker& worker)
    : worker_(&worker), start_s_(steady_s()), start_own_s_(own_cpu_s()), start_(cpu_times()), previous_(start_) {}

double LoadMeter::own_cpu_s() const {
    rusage usage{};
    const double theirs = worker_->cpu_seconds();
    if (theirs < 0 || getrusage(RUSAGE_SELF, &usage) != 0) return -1;
    return theirs + seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

LoadMeter::Reading LoadMeter::after_round() {
    const CpuTimes now = cpu_times();
    Reading reading;
    if (now.steal_s >= 0 && previous_.steal_s >= 0) reading.steal_s = std::max(0.0, now.steal_s - previous_.steal_s);
    previous_ = now;
    const double elapsed_s = steady_s() - start_s_;
    if (elapsed_s >= kWindow_s) {
        const double own_s = own_cpu_s();
        const bool known = now.busy_s >= 0 && start_.busy_s >= 0 && own_s >= 0 && start_own_s_ >= 0;
        last_load_ = known ? std::max(0.0, (now.busy_s - start_.busy_s) - (own_s - start_own_s_)) / elapsed_s : -1;
        start_s_ += elapsed_s;
        start_own_s_ = own_s;
        start_ = now;
    }
    reading.foreign_load = last_load_;
    return reading;
}

}  // namespace headcount
