// How far from the float64 reference the checked outputs lie, on the inputs as they are stored.
#include "harness/analysis/metrics/metric.hpp"

namespace headcount::metrics {

namespace {

/// `of(check)` where a check was made.
template <class Of>
Value of_check(const Entry& entry, const Of& of) {
    if (!entry.counts() || !entry.record.check.done) {
        const std::string why = entry.absent_because();
        return {.missing = why.empty() ? "the point was not checked" : why};
    }
    return {.rounds = {{.key = {}, .value = of(entry.record.check)}}};
}

Value max_error(const Entry& entry, Ledger) {
    return of_check(entry, [](const CheckRecord& check) { return check.max_error; });
}

Value over_error_bound(const Entry& entry, Ledger) {
    return of_check(entry,
                    [](const CheckRecord& check) { return check.bound > 0 ? check.max_error / check.bound : 0; });
}

}  // namespace

MetricFamily errors() {
    return {.doc = "the check against float64 before the first sample, one value",
            .metrics = {{.name = "max_error",
                         .unit = "",
                         .doc = "|out - reference| of the checked output that is worst in units of its bound",
                         .exact = false,
                         .value = max_error},
                        {.name = "error_over_bound",
                         .unit = "",
                         .doc = "that error over what rounding may do there; above 1 a kernel is wrong and not timed",
                         .exact = false,
                         .value = over_error_bound}}};
}

}  // namespace headcount::metrics
