#include "harness/cli/counted_metric.hpp"

#include <fmt/format.h>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/count.hpp"

namespace headcount {

Rational counted_metric(const Point& point, std::string_view name, Ledger ledger) {
    const Metric& metric = find_metric(name);
    const Count count = count_point(point);
    Entry entry;
    entry.id = point.id();
    entry.point = point;
    entry.recorded = true;
    entry.record.point = entry.id;
    entry.record.outcome = Outcome::counted;
    entry.record.ops = count.ops;
    entry.record.parameters = count.parameters;
    entry.record.kv_cache_bytes = count.kv_cache_bytes;
    entry.record.score_bytes = count.score_bytes;
    entry.record.query_block = count.query_block;
    entry.record.memory.predicted_bytes = count.workspace_bytes;
    entry.record.memory.inputs_bytes = count.inputs_bytes;
    const Value value = metric.value(entry, ledger);
    if (!value.exact) {
        throw UsageError(fmt::format("metric {} of {} cannot be counted{}; use an exact one (headcount list metrics)",
                                     name, entry.id, value.missing.empty() ? "" : ": " + value.missing));
    }
    return *value.exact;
}

}  // namespace headcount
