// Google Benchmark's JSON, for its compare.py and every other tool that reads it.
#include "harness/analysis/show/gbench_json.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "harness/analysis/records/oversubscription.hpp"
#include "harness/core/machine.hpp"
#include "harness/journal/json.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

namespace {

constexpr double kNanoseconds = 1e9;

std::string known(const RunRecord& run, const std::string& key, const std::string& otherwise) {
    const auto found = run.environment.find(key);
    return found == run.environment.end() ? otherwise : found->second;
}

/// The number a text starts with, or `otherwise` ("unavailable: ...").
double number_in(const std::string& text, double otherwise) {
    double value = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// Of "L1 Data 32K (1 processor), L2 Unified 1024K, L3 Unified of unknown size": those of known size. Journals from
/// before the sharing was kept have no parentheses.
Json caches_in(const std::string& text) {
    Json caches = Json::array();
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        std::istringstream words(part);
        char letter = 0, unit = 0, bracket = 0;
        int level = 0, sharing = 0;
        std::int64_t kib = 0;
        std::string type;
        if (!(words >> letter >> level >> type >> kib >> unit) || letter != 'L' || unit != 'K') continue;
        Json cache{{"type", type}, {"level", level}, {"size", kib << 10}};
        if (words >> bracket >> sharing) cache["num_sharing"] = sharing;
        caches.push_back(std::move(cache));
    }
    return caches;
}

/// Google Benchmark's are those online; what this process may use of them is the next best.
int processors_of_machine(const RunRecord& run) {
    const int online = processors_in(known(run, "cpu.online", ""));
    return online > 0 ? online : processors_of(run.environment);
}

Json context_of(const RunRecord& run) {
    Json load = Json::array();
    const double load_1min = number_in(known(run, "load", ""), -1);
    if (load_1min >= 0) load.push_back(load_1min);
    return {{"date", run.started},
            {"host_name", known(run, "host", "unavailable")},
            {"executable", run.command.empty() ? "headcount" : run.command.front()},
            {"num_cpus", processors_of_machine(run)},
            {"mhz_per_cpu", static_cast<int>(number_in(known(run, "cpu.mhz", ""), 0))},
            {"cpu_scaling_enabled", known(run, "cpu.governor", "performance") != "performance" &&
                                        !known(run, "cpu.governor", "").starts_with("unavailable")},
            {"caches", caches_in(known(run, "cpu.caches", ""))},
            {"load_avg", load},
            {"library_build_type", "release"},
            {"headcount_run", run.run},
            {"headcount_config", run.name}};
}

struct Times {
    std::vector<double> wall_s, cpu_s;
};

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
    if (values.size() < 2) return 0;
    const double centre = mean(values);
    double squares = 0;
    for (double value : values) squares += (value - centre) * (value - centre);
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace

std::string to_gbench_json(const RecordSet& records) {
    Json benchmarks = Json::array();
    int family = 0;
    for (const Entry& entry : records.entries()) {
        if (entry.samples.empty()) continue;
        const auto repetitions = entry.samples.size();
        const Json common{{"family_index", family++},
                          {"per_family_instance_index", 0},
                          {"run_name", entry.id},
                          {"repetitions", repetitions},
                          {"threads", 1}};
        Times times;
        for (std::size_t i = 0; i < repetitions; ++i) {
            const Sample& sample = entry.samples[i].sample;
            times.wall_s.push_back(sample.wall_s);
            times.cpu_s.push_back(sample.cpu_s);
            Json line{{"name", entry.id}};
            line.update(common);
            line.update({{"run_type", "iteration"},
                         {"repetition_index", i},
                         {"iterations", sample.iterations},
                         {"real_time", sample.wall_s * kNanoseconds},
                         {"cpu_time", sample.cpu_s * kNanoseconds},
                         {"time_unit", "ns"}});
            benchmarks.push_back(std::move(line));
        }
        const auto aggregate = [&](std::string_view name, std::string_view unit, double wall, double cpu) {
            Json line{{"name", entry.id + "_" + std::string(name)}};
            line.update(common);
            line.update({{"run_type", "aggregate"},
                         {"aggregate_name", name},
                         {"aggregate_unit", unit},
                         {"iterations", repetitions},
                         {"real_time", wall},
                         {"cpu_time", cpu},
                         {"time_unit", "ns"}});
            benchmarks.push_back(std::move(line));
        };
        const double wall = mean(times.wall_s);
        const double cpu = mean(times.cpu_s);
        aggregate("mean", "time", wall * kNanoseconds, cpu * kNanoseconds);
        aggregate("median", "time", median(times.wall_s) * kNanoseconds, median(times.cpu_s) * kNanoseconds);
        aggregate("stddev", "time", deviation(times.wall_s) * kNanoseconds, deviation(times.cpu_s) * kNanoseconds);
        aggregate("cv", "percentage", deviation(times.wall_s) / wall, cpu > 0 ? deviation(times.cpu_s) / cpu : 0);
    }
    return Json{{"context", context_of(records.run())}, {"benchmarks", std::move(benchmarks)}}.dump(2) + "\n";
}

}  // namespace headcount
