// Claim kinds: what "equal", "proportional_to" or "within" mean for the points of one comparison.
#include "harness/analysis/claims/claim.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"
#include "harness/stats/interval.hpp"
#include "harness/stats/modes.hpp"
#include "harness/stats/paired.hpp"

namespace headcount {

namespace {

[[noreturn]] void fail(const ClaimSpec& claim, std::string_view what) {
    throw UsageError(
        fmt::format("{}: claim {}: {}", claim.location.empty() ? "config" : claim.location, claim.id, what));
}

Values names_for(const Comparison& comparison, const Case& c, const std::set<std::string, std::less<>>& wanted) {
    const Point& point = c.entry->point;
    Values names{{"dtype_bytes", size_in_bytes(point.problem.dtype)},
                 {"pairs", point.problem.mask().pairs(point.problem.q_len, point.problem.kv_len)},
                 {"query_block", c.entry->record.counted.query_block}};
    for (const std::string& name : wanted) {
        if (const auto number = number_of(point, name)) names.emplace(name, *number);
    }
    const auto add = [&](const std::string& name, const Value& value) {
        if (value.exact) names.emplace(name, *value.exact);
    };
    if (wanted.contains("required")) add("required", comparison.metric.value(*c.entry, Ledger::required));
    if (wanted.contains("executed")) add("executed", comparison.metric.value(*c.entry, Ledger::executed));
    if (wanted.contains("base") && !comparison.cases.empty()) add("base", comparison.base_case().value);
    for (const std::string& name : wanted) {
        if (names.contains(name)) continue;
        for (const Metric& metric : all_metrics()) {
            if (metric.name == name && metric.exact) add(name, metric.value(*c.entry, comparison.claim.ledger));
        }
    }
    return names;
}

}  // namespace

std::vector<std::string> law_names(const FieldTable& fields) {
    std::vector<std::string> names{"dtype_bytes", "pairs", "query_block", "required", "executed", "base"};
    for (const Field& field : fields.all()) {
        if (field.is_number()) names.push_back(field.name);
    }
    for (const Metric& metric : all_metrics()) {
        if (metric.exact) names.push_back(metric.name);
    }
    return names;
}

std::string Comparison::label(const Case& c) const {
    std::string text;
    for (const std::string& field : claim.across) {
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field, get_field(c.entry->point, field));
    }
    return text;
}

Rational argument_at(const Comparison& comparison, const Case& c) {
    return argument_at(comparison, c, comparison.claim.argument);
}

Rational argument_at(const Comparison& comparison, const Case& c, std::string_view expression) {
    try {
        const std::vector<std::string> wanted = names_in(expression);
        return evaluate(expression, names_for(comparison, c, {wanted.begin(), wanted.end()}));
    } catch (const UsageError& error) {
        fail(comparison.claim, fmt::format("'{}': {}", expression, error.what()));
    }
}

Rational across_value(const Comparison& comparison, const Case& c) {
    if (comparison.claim.across.size() != 1) fail(comparison.claim, "needs exactly one axis in `across`");
    const std::string& field = comparison.claim.across.front();
    const BaseField* base = find_base_field(field);
    if (base == nullptr ? !number_of(c.entry->point, field) : base->field.type != FieldType::integer) {
        fail(comparison.claim, fmt::format("the axis '{}' is not numeric; name a numeric one in `across`", field));
    }
    return argument_at(comparison, c, field);
}

std::string factor_text(const Rational& value, const Rational& base) {
    if (value == base) return "equal";
    if (base == 0) return fmt::format("{} against 0", to_text(value));
    const Rational factor = value / base;
    if (factor.is_integer()) return fmt::format("exactly {} times", to_text(factor));
    if (factor.numerator() == 1) return fmt::format("exactly {} times less", to_text(factor.denominator()));
    return fmt::format("exactly {} times ({})", to_text(factor), to_decimal(factor));
}

std::string told_beside(const Comparison& comparison, const Case& c, const Case& base) {
    const Rational &value = *c.value.exact, &other = *base.value.exact;
    const std::string factor = factor_text(value, other);
    const std::string relation = value == other              ? "equal to the"
                                 : other == 0                ? "against the"
                                 : factor.ends_with(" less") ? factor + " than the"
                                                             : factor + " the";
    return fmt::format("is {} at {}, {} {} at {}", to_text(value), comparison.label(c), relation, to_text(other),
                       comparison.label(base));
}

std::string in_each_case(const Comparison& comparison) {
    const std::vector<Case>& cases = comparison.cases;
    if (cases.size() == 1) return "at " + comparison.label(cases.front());
    return fmt::format("in each of {} cases, {} to {}", cases.size(), comparison.label(cases.front()),
                       comparison.label(cases.back()));
}

namespace {

std::string spread_of(const PairedRounds& rounds) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < rounds.value.size(); ++i) ratios.push_back(rounds.value[i] / rounds.base[i]);
    return fmt::format("{:.4g} to {:.4g}", quantile(ratios, 0.05), quantile(ratios, 0.95));
}

}  // namespace

Test ratio_test(std::string label, const Value& value, const Value& reference, const Range& range) {
    Test test{.label = std::move(label), .is_ratio = true, .by_clock = value.draws == Draws::in_time, .range = range};
    const PairedRounds rounds = paired_rounds(value.rounds, reference.rounds);
    if (rounds.value.empty()) return test;
    const PairedRatio ratio(rounds.value, rounds.base, value.draws);
    test.interval = ratio.interval();
    test.rounds = rounds.value.size();
    test.autocorrelated = ratio.logs().autocorrelated();
    const bool torn = test.by_clock && (needs_percentiles(rounds.value) || needs_percentiles(rounds.base));
    if (torn) test.spread = spread_of(rounds);
    test.supports = equivalence(test.interval, range.low, range.high) == Status::supported && test.interval.bounded();
    // Each end is tested at half the level, so that p-value and two-sided interval say the same.
    if (range.low > 0) test.p_refuted = std::min(test.p_refuted, 2 * ratio.p_at_least(range.low));
    if (std::isfinite(range.high)) test.p_refuted = std::min(test.p_refuted, 2 * ratio.p_at_most(range.high));
    test.at_confidence = [ratio](double confidence) { return ratio.interval(confidence); };
    return test;
}

Test ratio_test(const Comparison& comparison, const Case& c, const Range& range) {
    return ratio_test(comparison.label(c), c.value, comparison.base_case().value, range);
}

Finding test_ratios(const Comparison& comparison, const std::function<Range(const Case&)>& range) {
    Finding finding;
    for (const Case& c : comparison.cases) {
        if (&c == &comparison.base_case()) continue;
        finding.tests.push_back(ratio_test(comparison, c, range(c)));
        if (finding.tests.back().rounds == 0) {
            finding.reason = fmt::format("{} shares no round with the base case", comparison.label(c));
        }
    }
    if (comparison.cases.size() < 2) finding.reason = "one point only: nothing to compare";
    return finding;
}

std::optional<double> constant_argument(const ClaimSpec& claim) {
    if (!names_in(claim.argument).empty()) return std::nullopt;
    return static_cast<double>(evaluate(claim.argument, {}));
}

double number_argument(const ClaimSpec& claim, std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        fail(claim, fmt::format("'{}' is not a number; write e.g. 0.02", text));
    }
    return number;
}

}  // namespace headcount
