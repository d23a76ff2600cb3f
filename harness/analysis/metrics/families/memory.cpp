// Memory of a real run: the arena's high-water mark, which is exact, and the process peak, which is measured.
#include "harness/analysis/metrics/metric.hpp"

namespace headcount::metrics {

namespace {

Value absent(const Entry& entry) {
    std::string why = entry.absent_because();
    if (why.empty()) why = entry.record.memory.note;
    return {.missing = why.empty() ? "the point was not executed" : why};
}

Value arena_peak(const Entry& entry, Ledger) {
    if (!entry.counts() || entry.record.memory.peak_bytes < 0) return absent(entry);
    return {.exact = Rational(entry.record.memory.peak_bytes)};
}

Value process_peak(const Entry& entry, Ledger) {
    if (!entry.counts() || entry.record.memory.process_peak_bytes < 0) return absent(entry);
    const auto bytes = static_cast<double>(entry.record.memory.process_peak_bytes);
    return {.rounds = {{.key = {}, .value = bytes}}};
}

}  // namespace

MetricFamily memory() {
    return {.doc = "memory of a real run, in its own untimed pass",
            .metrics = {{.name = "peak_bytes",
                         .unit = "B",
                         .doc = "high-water mark of the workspace in a real run",
                         .noun = "peak bytes of workspace",
                         .exact = true,
                         .value = arena_peak},
                        {.name = "process_peak_bytes",
                         .unit = "B",
                         .doc = "peak resident memory of a fresh process over its baseline, one measurement",
                         .noun = "peak bytes of the process",
                         .exact = false,
                         .value = process_peak}}};
}

}  // namespace headcount::metrics
