// What the processor counts during a sample: cycles, instructions, cache misses, energy, where the machine tells.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace headcount {

/// One reading of an event: the kernel counts it only part of the time when there are more events than registers.
struct EventReading {
    std::uint64_t value = 0, enabled_ns = 0, running_ns = 0;
};

/// What happened in between, extrapolated to the whole time where it was counted for a part of it. Negative when it
/// was not counted at all.
double scaled_difference(const EventReading& before, const EventReading& after);

/// Microjoules that a wrapping counter advanced.
std::uint64_t energy_difference(std::uint64_t before, std::uint64_t after, std::uint64_t range);

/// Counts for this process: its threads of now and those that they start. Nothing is thrown for a machine that does
/// not count; why() says what it answered.
class Counters {
public:
    /// `root` is where /sys is found, for tests.
    explicit Counters(const std::filesystem::path& root = "/");
    ~Counters();
    Counters(const Counters&) = delete;
    Counters& operator=(const Counters&) = delete;

    void start();
    /// Since start(): "cycles", "instructions", "cache_references", "cache_misses" of user code; "counted_share", below
    /// 1 when these were multiplexed and are therefore scaled; "energy_j" of the whole package, neighbours included.
    /// What is not available is absent.
    std::map<std::string, double> stop() const;

    /// "available", or "unavailable: why".
    const std::string& events() const { return events_; }
    const std::string& energy() const { return energy_; }

private:
    struct Event {
        std::string name;
        std::vector<int> fds;  ///< one a thread
        EventReading start;
    };
    static EventReading read(const Event& event);
    std::uint64_t read_energy() const;

    std::vector<Event> counted_;
    std::string events_, energy_;
    std::filesystem::path energy_file_;
    std::uint64_t energy_range_ = 0, energy_start_ = 0;
};

}  // namespace headcount
