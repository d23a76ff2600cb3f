// `ordering: rising`, `falling` or "4 < 1 < 8": each case in this order is larger than the one before.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/core/error.hpp"

namespace headcount::claims {

namespace {

[[noreturn]] void fail(const ClaimSpec& claim, const std::string& what) {
    throw UsageError(fmt::format("{}: claim {}: ordering: {}", claim.location, claim.id, what));
}

std::vector<std::string> listed(const ClaimSpec& claim) {
    std::vector<std::string> values(1);
    for (const char c : claim.argument) {
        if (c == '<') {
            values.emplace_back();
        } else if (c != ' ') {
            values.back() += c;
        }
    }
    if (values.size() < 2 || std::ranges::find(values, "") != values.end()) {
        fail(claim, fmt::format("'{}' is no order; write rising, falling, or values from the smallest: \"4 < 1 < 8\"",
                                claim.argument));
    }
    return values;
}

/// From the case that should be smallest. Cases whose values are not listed are left out.
std::vector<const Case*> in_claimed_order(const Comparison& comparison) {
    const ClaimSpec& claim = comparison.claim;
    std::vector<const Case*> cases;
    if (claim.argument == "rising" || claim.argument == "falling") {
        for (const Case& c : comparison.cases) cases.push_back(&c);
        std::ranges::stable_sort(cases, {}, [&](const Case* c) { return across_value(comparison, *c); });
        if (claim.argument == "falling") std::ranges::reverse(cases);
        return cases;
    }
    if (claim.across.size() != 1) fail(claim, "needs exactly one axis in `across`");
    for (const std::string& value : listed(claim)) {
        const auto found = std::ranges::find_if(
            comparison.cases, [&](const Case& c) { return get_field(c.entry->point, claim.across.front()) == value; });
        if (found != comparison.cases.end()) cases.push_back(&*found);
    }
    return cases;
}

Finding judge(const Comparison& comparison) {
    const std::vector<const Case*> cases = in_claimed_order(comparison);
    if (cases.size() < 2) return {.reason = "fewer than two of the cases have a value: nothing to order"};
    Finding finding;
    for (std::size_t i = 1; i < cases.size(); ++i) {
        const Case& smaller = *cases[i - 1];
        const Case& larger = *cases[i];
        const std::string label = fmt::format("{} against {}", comparison.label(larger), comparison.label(smaller));
        if (!comparison.metric.exact) {
            finding.tests.push_back(ratio_test(label, larger.value, smaller.value, {.low = kAboveOne}));
            if (finding.tests.back().rounds == 0) finding.reason = label + ": no round in common";
        } else if (*larger.value.exact <= *smaller.value.exact) {
            return {.status = Status::refuted,
                    .observed = fmt::format("{} at {}", factor_text(*larger.value.exact, *smaller.value.exact), label),
                    .told = told_beside(comparison, larger, smaller)};
        }
    }
    if (comparison.metric.exact) {
        finding.status = Status::supported;
        finding.observed = fmt::format("each of {} cases larger", cases.size());
        finding.told = fmt::format("is larger from case to case, from {} at {} to {} at {}",
                                   to_text(*cases.front()->value.exact), comparison.label(*cases.front()),
                                   to_text(*cases.back()->value.exact), comparison.label(*cases.back()));
    }
    return finding;
}

}  // namespace

ClaimKind ordering() {
    return {.judges = Judges::either,
            .argument = "rising, falling or VALUE < VALUE",
            .doc = "each case in this order of the axis is larger than the one before",
            .judge = judge,
            .trend = [](const ClaimSpec& claim, Status status) {
                if (status != Status::supported) return Trend::none;
                if (claim.argument == "rising") return Trend::grows;
                return claim.argument == "falling" ? Trend::falls : Trend::changes;
            }};
}

}  // namespace headcount::claims
