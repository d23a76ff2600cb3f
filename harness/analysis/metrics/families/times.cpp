// Seconds per pass: timed rounds, and the traced pass split by role.
#include <array>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/model/breakdown.hpp"

namespace headcount::metrics {

namespace {

Value absent(const Entry& entry) {
    const std::string why = entry.absent_because();
    return {.missing = why.empty() ? "the point was not timed" : why};
}

template <double Sample::*field>
Value of_rounds(const Entry& entry, Ledger) {
    if (entry.samples.empty() || entry.record.outcome == Outcome::failed) return absent(entry);
    return {.rounds = by_round(entry, field)};
}

}  // namespace

MetricFamily times() {
    MetricFamily family{.doc = "seconds per pass",
                        .metrics = {{.name = "time",
                                     .unit = "s",
                                     .doc = "wall time of one pass, one value a round",
                                     .exact = false,
                                     .value = of_rounds<&Sample::wall_s>,
                                     .by_round = true},
                                    {.name = "cpu_time",
                                     .unit = "s",
                                     .doc = "processor time of one pass over all threads, one value a round",
                                     .exact = false,
                                     .value = of_rounds<&Sample::cpu_s>,
                                     .by_round = true}}};
    for (std::size_t i = 0; i < kShares.size(); ++i) {
        family.metrics.push_back({.name = "time." + std::string(kShares[i].name),
                                  .unit = "s",
                                  .doc = std::string(kShares[i].doc) + ", from the traced pass (one value)",
                                  .exact = false,
                                  .value = [i](const Entry& entry, Ledger) {
                                      if (entry.record.breakdown.empty()) return absent(entry);
                                      const double seconds = shares_of(entry.record)[i];
                                      return Value{.rounds = {{.key = {}, .value = seconds}}};
                                  }});
    }
    return family;
}

}  // namespace headcount::metrics
