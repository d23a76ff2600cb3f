#include "harness/cli/counted_metric.hpp"

#include <fmt/format.h>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/dependencies.hpp"

namespace headcount {

Rational counted_metric(const Point& point, std::string_view name, Ledger ledger) {
    if (const auto followed = dependency_metric(point, name)) return *followed;
    const Metric& metric = find_metric(name);
    const Value value = metric.counted ? metric.counted(point, count_point(point), ledger) : Value{};
    if (!value.exact) {
        throw UsageError(fmt::format("metric {} of {} cannot be counted{}; use an exact one (headcount list metrics)",
                                     name, point.id(), value.missing.empty() ? "" : ": " + value.missing));
    }
    return *value.exact;
}

}  // namespace headcount
