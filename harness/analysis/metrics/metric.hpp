// Metrics: named numbers of a point, either exact or measured round by round.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/exact/expression.hpp"
#include "harness/analysis/records/paired_rounds.hpp"
#include "harness/core/count.hpp"
#include "harness/registry/registry.hpp"
#include "harness/stats/signed_rank.hpp"

namespace headcount {

/// One of `exact`, `rounds` (one or more) or `missing` (why there is no value).
struct Value {
    std::optional<Rational> exact{};
    std::vector<RoundValue> rounds{};
    std::string missing{};
    Draws draws = Draws::in_time;  ///< of `rounds`
};

/// A metric of what a dry run counted.
using CountMetric = std::function<Value(const Point& point, const Count& count, Ledger ledger)>;

struct Metric {
    std::string name;  ///< "core.multiplies"
    std::string unit;  ///< "", "B", "s", "FLOP/B"
    std::string doc;
    std::string noun{};  ///< plural, for sentences: "multiplies"; empty: the name stands there
    std::string of{};    ///< "core": of which part, where several share the noun
    bool exact = true;
    /// Metrics without ledgers ignore the second argument.
    std::function<Value(const Entry& entry, Ledger ledger)> value;
    /// Of metrics that follow from problem and count alone, whether a journal holds them or not; else empty.
    CountMetric counted{};
    bool by_round = false;     ///< one value a round: points are compared in rounds that visit both
    bool of_training = false;  ///< of points that are trained alone
};

/// The `value` of a metric that follows from the count: of an entry that has one.
std::function<Value(const Entry& entry, Ledger ledger)> of_the_count(CountMetric counted);

/// What `metrics/x.cpp` defines as `MetricFamily x()`: metrics that belong together.
struct MetricFamily {
    std::string doc;
    std::vector<Metric> metrics;
};

/// Generated from the files of metrics/.
const std::vector<Named<MetricFamily>>& all_metric_families();

/// Every metric of every family, in the order of the families.
const std::vector<Metric>& all_metrics();
std::vector<std::string> metric_names();
/// Throws UsageError naming the nearest known metric.
const Metric& find_metric(std::string_view name);

/// "16777216", "128/5 (25.6)" or "1.234 ms"-like text with its unit; the median stands for rounds.
std::string to_text(const Value& value, std::string_view unit);
/// "1.234 ms", "25.6 FLOP/B", "6.5e+07 B": four significant digits.
std::string quantity(double value, std::string_view unit);

}  // namespace headcount
