// Sizes that follow from shapes and allocated tensors: parameters, cache, scores, workspace.
#include "harness/analysis/metrics/metric.hpp"

namespace headcount::metrics {

namespace {

Metric size(std::string name, std::string unit, std::string noun, std::string doc, std::int64_t (*of)(const Count&)) {
    const CountMetric counted = [of](const Point&, const Count& count, Ledger) {
        const std::int64_t value = of(count);
        if (value < 0) return Value{.missing = "how an engine uses memory is not known"};
        return Value{.exact = Rational(value)};
    };
    return {.name = std::move(name),
            .unit = std::move(unit),
            .doc = std::move(doc),
            .noun = std::move(noun),
            .exact = true,
            .value = of_the_count(counted),
            .counted = counted};
}

}  // namespace

MetricFamily sizes() {
    return {.doc = "sizes of allocated tensors, from the dry run",
            .metrics = {size("parameters", "", "parameters", "elements of all weights the variant reads",
                             [](const Count& c) { return c.parameters; }),
                        size("kv_cache_bytes", "B", "bytes of KV cache", "keys and values kept for one layer",
                             [](const Count& c) { return c.kv_cache_bytes; }),
                        size("score_bytes", "B", "bytes of scores", "largest score buffer held at once",
                             [](const Count& c) { return c.score_bytes; }),
                        size("workspace_bytes", "B", "bytes of workspace", "predicted high-water mark of temporaries",
                             [](const Count& c) { return c.workspace_bytes; }),
                        size("inputs_bytes", "B", "bytes of inputs", "inputs, weights and output",
                             [](const Count& c) { return c.inputs_bytes; })}};
}

}  // namespace headcount::metrics
