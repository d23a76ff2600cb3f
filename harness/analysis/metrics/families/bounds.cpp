// How near a time is to what the machine's measured limits allow.
#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/model/time_bound.hpp"

namespace headcount::metrics {

namespace {

Value bytes(const Point& point, const Count& count, Ledger) {
    return {.exact = Rational(compulsory_bytes(point.problem, count))};
}

Value bytes_of(const Entry& entry, Ledger ledger) {
    if (!entry.resolved) return {.missing = "no operations were recorded"};
    return of_the_count(bytes)(entry, ledger);
}

Value seconds(const Entry& entry, Ledger) {
    const TimeBound bound = time_bound(entry);
    if (!bound.missing.empty()) return {.missing = bound.missing};
    return {.rounds = {{.key = {}, .value = bound.seconds()}}};
}

/// `of(wall seconds)` for every sample.
template <class Of>
Value each_round(const Entry& entry, const Of& of) {
    if (entry.samples.empty() || entry.record.outcome == Outcome::failed) {
        const std::string why = entry.absent_because();
        return {.missing = why.empty() ? "the point was not timed" : why};
    }
    Value value;
    for (const RoundSample& round : entry.samples) {
        value.rounds.push_back({.key = round.key, .value = of(round.sample.wall_s)});
    }
    return value;
}

Value over_bound(const Entry& entry, Ledger) {
    const TimeBound bound = time_bound(entry);
    if (!bound.missing.empty()) return {.missing = bound.missing};
    return each_round(entry, [&](double wall_s) { return wall_s / bound.seconds(); });
}

Value share(const Entry& entry, Ledger) {
    if (entry.counts() && bandwidth_share(entry, 1) < 0) {
        return {.missing = "its run did not measure read_gbps for so many threads"};
    }
    return each_round(entry, [&](double wall_s) { return bandwidth_share(entry, wall_s); });
}

}  // namespace

MetricFamily bounds() {
    return {.doc = "what the limits measured by the same run allow (docs/measurement.md)",
            .metrics = {{.name = "compulsory_bytes",
                         .unit = "B",
                         .doc = "inputs, weights and a cache that is there, each read once; writes left out",
                         .exact = true,
                         .value = bytes_of,
                         .counted = bytes},
                        {.name = "bound",
                         .unit = "s",
                         .doc = "least time of the required work at the measured limits, one value",
                         .exact = false,
                         .value = seconds},
                        {.name = "time_over_bound",
                         .unit = "",
                         .doc = "wall time over that bound, one value a round",
                         .exact = false,
                         .value = over_bound,
                         .by_round = true},
                        {.name = "bandwidth_share",
                         .unit = "",
                         .doc = "compulsory bytes over wall time, as a share of the measured bandwidth of reading from "
                                "memory, one value a round; above 1 they came from caches",
                         .exact = false,
                         .value = share,
                         .by_round = true}}};
}

}  // namespace headcount::metrics
