#include "harness/analysis/records/oversubscription.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

namespace headcount {

int processors_of(const std::map<std::string, std::string>& environment) {
    const auto usable = environment.find("cpu.usable");
    if (usable != environment.end()) {
        int count = 0;
        std::from_chars(usable->second.data(), usable->second.data() + usable->second.size(), count);
        return count;
    }
    const auto affinity = environment.find("cpu.affinity");  // "0,1,5"
    if (affinity == environment.end() || affinity->second.empty() ||
        std::isdigit(static_cast<unsigned char>(affinity->second.front())) == 0) {
        return 0;
    }
    return static_cast<int>(std::ranges::count(affinity->second, ',')) + 1;
}

std::string oversubscription(const Entry& entry) {
    if (entry.samples.empty() || !entry.resolved || !entry.machine) return {};
    const int processors = entry.machine->processors;
    if (processors <= 0 || entry.point.num_threads <= processors) return {};
    return fmt::format("oversubscribed: {} threads on {} processor{}", entry.point.num_threads, processors,
                       processors == 1 ? "" : "s");
}

std::string oversubscription_note(const RecordSet& records) {
    std::size_t count = 0;
    std::string example;
    for (const Entry& entry : records.entries()) {
        std::string mark = oversubscription(entry);
        if (mark.empty()) continue;
        ++count;
        if (example.empty()) example = std::move(mark);
    }
    if (count == 0) return {};
    return fmt::format("{} point{} had more threads than processors, and their threads took turns ({})", count,
                       count == 1 ? "" : "s", example);
}

}  // namespace headcount
