#include "harness/cli/claims_before.hpp"

#include <cstdio>
#include <map>
#include <string>

#include <fmt/format.h>

#include "harness/analysis/verdicts/prospect.hpp"
#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"
#include "harness/measure/campaign/run_record.hpp"

namespace headcount {

void require_judgeable_claims(const Sweep& sweep, const Plan& plan, bool narrowed) {
    std::map<std::string, Prospect> prospects;
    for (const PlannedPoint& point : plan.points) prospects[point.id].skipped = point.fate == Fate::skip;
    for (const PlannedGroup& group : plan.groups) {
        for (const std::size_t index : group.points) prospects[plan.points[index].id].groups.insert(group.id);
    }
    Journal nothing_yet;
    nothing_yet.run = make_run_record(sweep, {});
    const RecordSet planned(nothing_yet);
    std::string all;
    for (const auto& [claim, location, why] :
         claims_without_verdict(planned, [&](const std::string& point) { return prospects[point]; })) {
        const std::string text = fmt::format("{}: claim {} can have no verdict: {}", location, claim, why);
        if (narrowed) fmt::print(stderr, "{}\n", printable(text));
        all += (all.empty() ? "" : "\n") + text;
    }
    if (!narrowed && !all.empty()) throw UsageError(all);
}

}  // namespace headcount
