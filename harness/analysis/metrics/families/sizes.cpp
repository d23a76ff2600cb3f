// Sizes that follow from shapes and allocated tensors: parameters, cache, scores, workspace.
#include "harness/analysis/metrics/metric.hpp"

namespace headcount::metrics {

namespace {

Metric size(std::string name, std::string unit, std::string doc, std::int64_t (*of)(const PointRecord&)) {
    return {.name = std::move(name),
            .unit = std::move(unit),
            .doc = std::move(doc),
            .exact = true,
            .value = [of](const Entry& entry, Ledger) {
                if (!entry.counts()) return Value{.missing = entry.absent_because()};
                const std::int64_t value = of(entry.record);
                if (value < 0) return Value{.missing = "how an engine uses memory is not known"};
                return Value{.exact = Rational(value)};
            }};
}

}  // namespace

MetricFamily sizes() {
    return {.doc = "sizes of allocated tensors, from the dry run",
            .metrics = {size("parameters", "", "elements of all weights the variant reads",
                             [](const PointRecord& r) { return r.parameters; }),
                        size("kv_cache_bytes", "B", "keys and values kept for one layer",
                             [](const PointRecord& r) { return r.kv_cache_bytes; }),
                        size("score_bytes", "B", "largest score buffer held at once",
                             [](const PointRecord& r) { return r.score_bytes; }),
                        size("workspace_bytes", "B", "predicted high-water mark of temporaries",
                             [](const PointRecord& r) { return r.memory.predicted_bytes; }),
                        size("inputs_bytes", "B", "inputs, weights and output",
                             [](const PointRecord& r) { return r.memory.inputs_bytes; })}};
}

}  // namespace headcount::metrics
