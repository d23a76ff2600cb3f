// Claim kinds: what "equal", "proportional_to" or "within" mean for the points of one comparison.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/claims/trend.hpp"
#include "harness/analysis/exact/expression.hpp"
#include "harness/analysis/metrics/metric.hpp"
#include "harness/core/sweep.hpp"
#include "harness/registry/registry.hpp"
#include "harness/stats/decision.hpp"

namespace headcount {

/// One point of a comparison and its value.
struct Case {
    const Entry* entry = nullptr;
    Value value;
};

/// The points that differ along claim.across only; cases[base] is the base case.
struct Comparison {
    const ClaimSpec& claim;
    const Metric& metric;
    std::vector<Case> cases;
    std::size_t base = 0;

    const Case& base_case() const { return cases[base]; }
    /// "num_heads=8", the fields of claim.across.
    std::string label(const Case& c) const;
};

/// Where a ratio has to lie. An end that is 0 or infinite bounds nothing.
struct Range {
    double low = 0;
    double high = std::numeric_limits<double>::infinity();
};

/// One statistical test of a measured claim. Holm's correction runs over all tests of a claim.
struct Test {
    std::string label{};
    Interval interval{};
    std::size_t rounds = 0;
    bool autocorrelated = false;
    bool supports = false;  ///< the whole interval lies where the claim wants it
    double p_refuted = 1;   ///< two-sided p-value of "the claim holds"
    bool is_ratio = false;  ///< of two points, paired by round
    bool by_clock = true;   ///< of what a clock says, as the run's A/A comparison is; false: of seeds
    Range range{};          ///< ratios only: where the claim wants it
    /// "0.93 to 1.41": the 5th and the 95th percentile of the rounds' ratios, where one middle value does not describe
    /// the samples of one of the two; "" where it does.
    std::string spread{};
    /// The interval at another confidence, for the correction; null where there is none.
    std::function<Interval(double confidence)> at_confidence{};
};

/// What a kind found in one comparison.
struct Finding {
    Status status = Status::inconclusive;  ///< exact kinds; measured kinds leave it to their tests
    std::string observed{};                ///< "exactly 8 times the base at num_heads=8"
    std::string told{};         ///< exact kinds: the same after the metric's name, "is 64 at num_heads=8, exactly ..."
    std::string reason{};       ///< why it is inconclusive, or what to know besides
    std::vector<Test> tests{};  ///< measured kinds only
};

/// Metrics that a kind may judge. An exact claim declares its outcome in the config, a measured one may not.
enum class Judges : std::uint8_t { exact, measured, either };

/// What `claims/x.cpp` defines as `ClaimKind x()`.
struct ClaimKind {
    Judges judges = Judges::exact;
    std::string argument;  ///< "EXPR", "MARGIN" ...
    std::string doc;
    /// Never called without cases, nor with a case that lacks its value.
    Finding (*judge)(const Comparison& comparison) = nullptr;
    /// "[0.98, 1.02]" for the column of margins; null: the argument stands there.
    std::string (*margin)(const ClaimSpec& claim) = nullptr;
    /// Further fields that one comparison runs over (a grid); null: claim.across alone.
    std::vector<std::string> (*grid)(const ClaimSpec& claim) = nullptr;
    /// "at most 1.06 times the base": what a measured claim asks, for people; null: kind and margin stand there.
    std::string (*limit)(const ClaimSpec& claim) = nullptr;
    /// What an exact claim with this verdict says of its axis; null: nothing.
    Trend (*trend)(const ClaimSpec& claim, Status status) = nullptr;
    /// How far the ratio of two equal things may be told from 1 and a measured claim still hold: what the rounds have
    /// to resolve; none where equal things do not keep it, or where it depends on the point. Null: none.
    std::optional<double> (*slack)(const ClaimSpec& claim) = nullptr;
};

/// Generated from the files of claims/.
const std::vector<Named<ClaimKind>>& all_claim_kinds();

// For the files of claims/:

/// The trend of kinds that claim equality.
inline Trend same_or_changes(const ClaimSpec&, Status status) {
    if (status == Status::inconclusive) return Trend::none;
    return status == Status::supported ? Trend::same : Trend::changes;
}

/// Every name that a law may use: the numbers of a point (true is 1, false 0; seq_len where q_len = kv_len),
/// dtype_bytes, pairs, query_block, `required` and `executed` (the claim's metric under either ledger), `base`, and
/// every exact metric.
std::vector<std::string> law_names(const FieldTable& fields);

/// Evaluates claim.argument for a case, with law_names(). Throws UsageError with the claim's location.
Rational argument_at(const Comparison& comparison, const Case& c);
Rational argument_at(const Comparison& comparison, const Case& c, std::string_view expression);

/// The numeric value of the field that `across` varies; throws UsageError when it is not one numeric field.
Rational across_value(const Comparison& comparison, const Case& c);

/// "equal", "exactly 8 times", "exactly 8 times less", "exactly 33/65 times (0.507692)".
std::string factor_text(const Rational& value, const Rational& base);
/// "is 1048576 at num_heads=64, exactly 64 times the 16384 at num_heads=1": two cases in a sentence.
std::string told_beside(const Comparison& comparison, const Case& c, const Case& base);
/// "in each of 7 cases, num_heads=1 to num_heads=64"
std::string in_each_case(const Comparison& comparison);

inline constexpr double kAboveOne = 1 + std::numeric_limits<double>::epsilon();
inline constexpr double kBelowOne = 1 - std::numeric_limits<double>::epsilon();

/// The test of "value / reference lies in the range", paired by round. Without a common round it has no interval.
Test ratio_test(std::string label, const Value& value, const Value& reference, const Range& range);
/// The same of a case against the base case.
Test ratio_test(const Comparison& comparison, const Case& c, const Range& range);
/// One such test for every case but the base; says so when there is none, or no round in common.
Finding test_ratios(const Comparison& comparison, const std::function<Range(const Case&)>& range);

/// claim.argument where it names nothing of a point.
std::optional<double> constant_argument(const ClaimSpec& claim);

/// A margin or exponent in claim.argument as a number. Throws UsageError with the claim's location.
double number_argument(const ClaimSpec& claim, std::string_view text);

}  // namespace headcount
