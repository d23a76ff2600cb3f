// Splits the keys of limits into rows and columns.
#include "harness/analysis/show/limits_table.hpp"

#include <charconv>
#include <set>

#include <fmt/format.h>

namespace headcount {
namespace {

constexpr std::string_view kThreads = ".threads=";

struct Key {
    std::string name;
    int threads = 0;  ///< 0: the limit does not depend on them
};

Key parsed(const std::string& key) {
    const std::size_t at = key.find(kThreads);
    if (at == std::string::npos) return {.name = key};
    Key split{.name = key.substr(0, at)};
    std::from_chars(key.data() + at + kThreads.size(), key.data() + key.size(), split.threads);
    return split;
}

std::string unit_of(const std::string& name) {
    const std::string stem = name.substr(0, name.find('.'));
    if (stem.ends_with("_gflops")) return "1e9 flop/s";
    if (stem.ends_with("_gops")) return "1e9/s";
    if (stem.ends_with("_gbps")) return "1e9 B/s";
    return stem.ends_with("_bytes") ? "B" : "";
}

}  // namespace

Table limits_table(const std::map<std::string, double>& limits) {
    std::set<int> threads;
    std::map<std::string, std::map<int, double>> rows;
    for (const auto& [key, value] : limits) {
        const Key split = parsed(key);
        threads.insert(split.threads);
        rows[split.name][split.threads] = value;
    }
    Table table{.columns = {{.name = "limit"}, {.name = "unit"}}, .rows = {}, .caption = "Measured limits"};
    for (const int count : threads) {
        table.columns.push_back({.name = count == 0   ? std::string("in all")
                                         : count == 1 ? std::string("1 thread")
                                                      : fmt::format("{} threads", count),
                                 .align = Align::right});
    }
    for (const auto& [name, values] : rows) {
        std::vector<std::string>& row = table.rows.emplace_back(std::vector<std::string>{name, unit_of(name)});
        for (const int count : threads) {
            const auto found = values.find(count);
            row.push_back(found == values.end() ? "" : fmt::format("{:.4g}", found->second));
        }
    }
    return table;
}

}  // namespace headcount
