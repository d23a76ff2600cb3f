#include "harness/cli/margin_warnings.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/measure/forecast/budget_for.hpp"
#include "harness/measure/forecast/foresee.hpp"
#include "harness/stats/resolvable_margin.hpp"

namespace headcount {
namespace {

/// None for what is no time: how the errors of trainings scatter nobody knows before.
std::optional<double> slack_of(const ClaimProspect& claim) {
    const ClaimScope& scope = claim.scope;
    if (scope.exact || scope.metric.of_training || !scope.metric.by_round || scope.kind.slack == nullptr)
        return std::nullopt;
    return scope.kind.slack(scope.spec);
}

std::string_view who_ends(Ends ends) {
    switch (ends) {
        case Ends::target: return "protocol.target_rel_ci ends them after";
        case Ends::max_rounds: return "protocol.max_rounds allows";
        case Ends::budget: return "the budget allows";
    }
    return "";
}

std::string changes(const Protocol& before, const Protocol& after) {
    std::vector<std::string> set;
    if (after.max_rounds != before.max_rounds)
        set.push_back(fmt::format("protocol.max_rounds to {}", after.max_rounds));
    if (after.target_rel_ci != before.target_rel_ci)
        set.push_back(fmt::format("protocol.target_rel_ci to {:.3g}", after.target_rel_ci));
    if (after.budget_s != before.budget_s) set.push_back(fmt::format("protocol.budget_s to {:.10g}", after.budget_s));
    return fmt::format("{}", fmt::join(set, ", "));
}

/// The smallest margin that so few rounds would do for, to two digits.
double margin_for(int rounds) {
    double margin = kUsualScatter;
    while (rounds_to_resolve(margin, kUsualScatter) > static_cast<std::size_t>(rounds)) margin *= 1.1;
    return std::ceil(100 * margin) / 100;
}

std::string remedy(const Protocol& before, const Protocol& after, int rounds) {
    constexpr int kFewest = 6;  // below, there is no interval and no margin helps
    std::string text = "set " + changes(before, after);
    if (rounds >= kFewest) text += fmt::format(", or the margin to {:.2g}", margin_for(rounds));
    return text;
}

}  // namespace

bool any_margin(const PlannedClaims& claims) {
    return std::ranges::any_of(
        claims.all(), [](const ClaimProspect& claim) { return !claim.groups.empty() && slack_of(claim).has_value(); });
}

std::vector<std::string> margin_warnings(const PlannedClaims& claims, const Plan& plan, const Protocol& protocol,
                                         double start_s) {
    std::vector<std::string> warnings;
    if (!any_margin(claims)) return warnings;
    const Forecast forecast = foresee(plan, protocol, kUsualScatter, start_s);
    for (const ClaimProspect& claim : claims.all()) {
        const std::optional<double> slack = slack_of(claim);
        if (!slack) continue;
        const auto needed = static_cast<int>(rounds_to_resolve(*slack, kUsualScatter));
        std::vector<std::size_t> groups, short_of;
        for (std::size_t g = 0; g < plan.groups.size(); ++g) {
            if (!claim.groups.contains(plan.groups[g].id)) continue;
            groups.push_back(g);
            if (forecast.groups[g].rounds < needed) short_of.push_back(g);
        }
        if (short_of.empty()) continue;
        const auto fewest =
            std::ranges::min_element(short_of, {}, [&](std::size_t g) { return forecast.groups[g].rounds; });
        const GroupForecast& worst = forecast.groups[*fewest];
        const Protocol enough = protocol_for_rounds(plan, protocol, short_of, needed, kUsualScatter, start_s);
        warnings.push_back(fmt::format(
            "{}: claim {}: a margin of {:.3g} takes about {} rounds where a ratio scatters by {:.0f} % from round to "
            "round; {} {} in {} of {} groups: likely inconclusive; {}",
            claim.scope.spec.location, claim.scope.spec.id, *slack, needed, 100 * kUsualScatter, who_ends(worst.ends),
            worst.rounds, short_of.size(), groups.size(), remedy(protocol, enough, worst.rounds)));
    }
    return warnings;
}

}  // namespace headcount
