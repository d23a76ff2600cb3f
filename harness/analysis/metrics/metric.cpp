// Metrics: named numbers of a point, either exact or measured round by round.
#include "harness/analysis/metrics/metric.hpp"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "harness/stats/interval.hpp"

namespace headcount {

std::function<Value(const Entry& entry, Ledger ledger)> of_the_count(CountMetric counted) {
    return [counted = std::move(counted)](const Entry& entry, Ledger ledger) {
        if (entry.counts()) return counted(entry.point, entry.record.counted, ledger);
        const std::string why = entry.absent_because();
        return Value{.missing = why.empty() ? "no operations were recorded" : why};
    };
}

const std::vector<Metric>& all_metrics() {
    static const std::vector<Metric> all = [] {
        std::vector<Metric> metrics;
        for (const auto& family : all_metric_families()) {
            metrics.insert(metrics.end(), family.value.metrics.begin(), family.value.metrics.end());
        }
        return metrics;
    }();
    return all;
}

std::vector<std::string> metric_names() {
    std::vector<std::string> names;
    for (const Metric& metric : all_metrics()) names.push_back(metric.name);
    return names;
}

const Metric& find_metric(std::string_view name) {
    for (const Metric& metric : all_metrics()) {
        if (metric.name == name) return metric;
    }
    throw UsageError(unknown_name("metric", name, metric_names()));
}

std::string to_text(const Value& value, std::string_view unit) {
    if (!value.missing.empty()) return "none: " + value.missing;
    const std::string suffix = unit.empty() ? "" : fmt::format(" {}", unit);
    if (value.exact) {
        if (value.exact->is_integer()) return to_text(*value.exact) + suffix;
        return fmt::format("{} ({}){}", to_text(*value.exact), to_decimal(*value.exact), suffix);
    }
    std::vector<double> values;
    for (const RoundValue& round : value.rounds) values.push_back(round.value);
    return values.empty() ? "none" : quantity(median(values), unit);
}

std::string quantity(double value, std::string_view unit) {
    if (unit == "s") {
        static constexpr std::array<std::pair<double, const char*>, 3> kScales{{{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}}};
        for (const auto& [scale, name] : kScales) {
            if (std::abs(value) >= scale) return fmt::format("{:.4g} {}", value / scale, name);
        }
        return fmt::format("{:.4g} ns", value * 1e9);
    }
    return unit.empty() ? fmt::format("{:.4g}", value) : fmt::format("{:.4g} {}", value, unit);
}

}  // namespace headcount
