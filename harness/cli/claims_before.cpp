#include "harness/cli/claims_before.hpp"

#include <map>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"
#include "harness/measure/campaign/run_record.hpp"

namespace headcount {
namespace {

RecordSet nothing_yet(const Sweep& sweep) {
    Journal journal;
    journal.run = make_run_record(sweep, {});
    return RecordSet(journal);
}

std::vector<ClaimProspect> prospects_in(const Plan& plan, const RecordSet& planned) {
    std::map<std::string, Prospect> prospects;
    for (const PlannedPoint& point : plan.points) prospects[point.id].skipped = point.fate == Fate::skip;
    for (const PlannedGroup& group : plan.groups) {
        for (const std::size_t index : group.points) prospects[plan.points[index].id].groups.insert(group.id);
    }
    return claim_prospects(planned, [&](const std::string& point) { return prospects[point]; });
}

std::string base_of(const ClaimSpec& spec) {
    if (spec.base.empty()) return "the first point";
    std::string text;
    for (const auto& [field, value] : spec.base) text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field, value);
    return text;
}

/// "equal exactly, supported"; "between 0.95 and 1.05 times the base".
std::string claimed(const ClaimProspect& claim) {
    const ClaimSpec& spec = claim.scope.spec;
    if (!claim.scope.exact && claim.scope.kind.limit != nullptr) return claim.scope.kind.limit(spec);
    const std::string law = spec.argument.empty() ? spec.kind : fmt::format("{} {}", spec.kind, spec.argument);
    return spec.outcome.empty() ? law : fmt::format("{}, {}", law, spec.outcome);
}

std::string scope_of(const ClaimProspect& claim) {
    const ClaimSpec& spec = claim.scope.spec;
    std::string text = spec.part.empty() ? std::string() : "; part " + spec.part;
    std::vector<std::string> where;
    for (const auto& [field, values] : spec.where) where.push_back(fmt::format("{}={}", field, fmt::join(values, "|")));
    if (!where.empty()) text += fmt::format("; where {}", fmt::join(where, ", "));
    text += fmt::format("; {} comparison{} of {} points", claim.comparisons, claim.comparisons == 1 ? "" : "s",
                        claim.points);
    if (claim.skipped > 0) text += fmt::format(", {} of them skipped here", claim.skipped);
    if (claim.hopeless > 0) text += fmt::format(", {} of them without a verdict: {}", claim.hopeless, claim.why);
    return text;
}

}  // namespace

PlannedClaims::PlannedClaims(const Sweep& sweep, const Plan& plan)
    : planned_(nothing_yet(sweep)), claims_(prospects_in(plan, planned_)) {}

void require_judgeable_claims(const PlannedClaims& claims, bool narrowed) {
    std::string all;
    for (const auto& [claim, location, why] : claims_without_verdict(claims.all())) {
        const std::string text = fmt::format("{}: claim {} can have no verdict: {}", location, claim, why);
        if (narrowed) fmt::print(stderr, "{}\n", printable(text));
        all += (all.empty() ? "" : "\n") + text;
    }
    if (!narrowed && !all.empty()) throw UsageError(all);
}

void print_claims(std::FILE* to, const PlannedClaims& claims) {
    for (const ClaimProspect& claim : claims.all()) {
        const ClaimSpec& spec = claim.scope.spec;
        const bool executed = spec.ledger == Ledger::executed;
        fmt::print(to, "{}\n",
                   printable(fmt::format("claim  {}  {}{} across {}, base {}: {}{}", spec.id, spec.metric,
                                         executed ? " (executed)" : "", fmt::join(spec.across, ", "), base_of(spec),
                                         claimed(claim), scope_of(claim))));
    }
}

}  // namespace headcount
