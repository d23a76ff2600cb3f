// perf_event_open for every thread, RAPL by the powercap files.
#include "harness/measure/machine/counters.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace headcount {
namespace {

struct EventKind {
    std::string_view name;
    std::uint64_t config;
};
constexpr std::array kEvents{EventKind{"cycles", PERF_COUNT_HW_CPU_CYCLES},
                             EventKind{"instructions", PERF_COUNT_HW_INSTRUCTIONS},
                             EventKind{"cache_references", PERF_COUNT_HW_CACHE_REFERENCES},
                             EventKind{"cache_misses", PERF_COUNT_HW_CACHE_MISSES}};

int open_event(std::uint64_t config, int thread) {
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.config = config;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    attributes.inherit = 1;
    attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    return static_cast<int>(::syscall(SYS_perf_event_open, &attributes, thread, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

/// Libraries start their threads when they are loaded, before anything could be inherited.
std::vector<int> threads_of_now() {
    std::vector<int> threads;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", error)) {
        threads.push_back(std::stoi(entry.path().filename().string()));
    }
    if (threads.empty()) threads.push_back(0);
    return threads;
}

}  // namespace

double scaled_difference(const EventReading& before, const EventReading& after) {
    const auto value = static_cast<double>(after.value - before.value);
    const auto enabled = static_cast<double>(after.enabled_ns - before.enabled_ns);
    const auto running = static_cast<double>(after.running_ns - before.running_ns);
    if (running <= 0) return -1;
    return value * std::max(1.0, enabled / running);
}

std::uint64_t energy_difference(std::uint64_t before, std::uint64_t after, std::uint64_t range) {
    return after >= before ? after - before : after + (range - before);
}

Counters::Counters(const std::filesystem::path& root) : events_("available"), energy_("available") {
    for (const EventKind& kind : kEvents) {
        Event event{.name = std::string(kind.name), .fds = {}, .start = {}};
        int reason = 0;
        for (const int thread : threads_of_now()) {
            const int fd = open_event(kind.config, thread);
            if (fd >= 0) {
                event.fds.push_back(fd);
            } else {
                reason = errno;
            }
        }
        if (!event.fds.empty()) {
            counted_.push_back(std::move(event));
        } else if (counted_.empty()) {
            events_ = fmt::format("unavailable: perf_event_open: {}", std::strerror(reason));
        }
    }
    if (!counted_.empty()) events_ = "available";
    const auto zone = root / "sys/class/powercap/intel-rapl:0";
    energy_file_ = zone / "energy_uj";
    std::ifstream range(zone / "max_energy_range_uj");
    std::ifstream now(energy_file_);
    std::uint64_t value = 0;
    if (!std::filesystem::exists(energy_file_)) {
        energy_ = fmt::format("unavailable: {} does not exist", energy_file_.string());
    } else if (!(now >> value) || !(range >> energy_range_)) {
        energy_ = fmt::format("unavailable: {} may not be read", energy_file_.string());
    }
    if (energy_ != "available") energy_file_.clear();
}

Counters::~Counters() {
    for (const Event& event : counted_) {
        for (const int fd : event.fds) ::close(fd);
    }
}

EventReading Counters::read(const Event& event) {
    EventReading sum;
    for (const int fd : event.fds) {
        EventReading one;
        if (::read(fd, &one, sizeof one) != static_cast<ssize_t>(sizeof one)) continue;
        sum.value += one.value;
        sum.enabled_ns += one.enabled_ns;
        sum.running_ns += one.running_ns;
    }
    return sum;
}

std::uint64_t Counters::read_energy() const {
    std::ifstream file(energy_file_);
    std::uint64_t value = 0;
    file >> value;
    return value;
}

void Counters::start() {
    if (!energy_file_.empty()) energy_start_ = read_energy();
    for (Event& event : counted_) event.start = read(event);
}

std::map<std::string, double> Counters::stop() const {
    std::map<std::string, double> result;
    double share = 1;
    for (const Event& event : counted_) {
        const EventReading now = read(event);
        const double value = scaled_difference(event.start, now);
        if (value < 0) continue;
        result[event.name] = value;
        share = std::min(share, static_cast<double>(now.running_ns - event.start.running_ns) /
                                    static_cast<double>(now.enabled_ns - event.start.enabled_ns));
    }
    if (!result.empty()) result["counted_share"] = share;
    if (!energy_file_.empty()) {
        result["energy_j"] = static_cast<double>(energy_difference(energy_start_, read_energy(), energy_range_)) * 1e-6;
    }
    return result;
}

}  // namespace headcount
