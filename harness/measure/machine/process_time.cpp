#include "harness/measure/machine/process_time.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

#include <unistd.h>

namespace headcount {
namespace {

struct Times {
    int parent = 0;
    double cpu_s = 0;
};

/// What /proc/PID/stat says; the name in parentheses may hold anything.
std::optional<Times> times_in(const std::filesystem::path& directory) {
    std::ifstream file(directory / "stat");
    std::string text;
    if (!std::getline(file, text)) return std::nullopt;
    std::istringstream words(text.substr(std::min(text.rfind(')'), text.size() - 1) + 1));
    std::string state, skipped;
    Times times;
    words >> state >> times.parent;
    for (int field = 5; field < 14; ++field) words >> skipped;
    double user = 0, system = 0;
    if (!(words >> user >> system)) return std::nullopt;
    times.cpu_s = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return times;
}

double sum_of(int pid, const std::map<int, Times>& all) {
    double sum = all.at(pid).cpu_s;
    for (const auto& [child, times] : all) {
        if (times.parent == pid) sum += sum_of(child, all);
    }
    return sum;
}

}  // namespace

double family_cpu_seconds(int pid) {
    std::map<int, Times> all;
    std::error_code error;
    // Processes come and go while this reads: those that are gone count for nothing.
    for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        int number = 0;
        const auto [stop, code] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (code != std::errc{} || stop != name.data() + name.size()) continue;
        if (const std::optional<Times> times = times_in(entry->path())) all.emplace(number, *times);
    }
    return all.contains(pid) ? sum_of(pid, all) : -1;
}

}  // namespace headcount
