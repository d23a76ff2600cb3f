// Verdicts: every claim of a run judged from its journal, one for each combination and one in summary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/claims/trend.hpp"
#include "harness/analysis/records/record_set.hpp"
#include "harness/stats/decision.hpp"

namespace headcount {

/// One point of a measured claim against the base.
struct MeasuredCase {
    std::string label;  ///< "num_heads=8"
    Interval ratio;     ///< 95 %, not corrected
};

/// The case of all combinations whose ratio lies furthest from where the claim wants it, or least inside.
struct WorstCase {
    std::string label;        ///< "num_heads=8"
    std::string base;         ///< "num_heads=1"
    std::string combination;  ///< "variant=multi_head, seq_len=128"; "all" where nothing else varies
    Interval ratio;           ///< 95 %, not corrected
    std::size_t rounds = 0;
    int cases = 0;           ///< of all combinations: it is the worst of so many
    bool two_sided = false;  ///< the claim bounds both sides, so that faster is no better than slower
    bool below = false;      ///< it is the smallest, not the largest: what lies beyond it is below

    /// "at worst", and of claims that bound both sides "at the farthest"
    std::string_view rank() const { return two_sided ? "at the farthest" : "at worst"; }
    /// "slower", "faster" of times; "more", "less" of all else.
    std::string_view direction(std::string_view metric) const;
};

struct Verdict {
    std::string claim, says, kind, metric, ledger, unit;
    bool summary = false;
    std::string combination;  ///< "variant=multi_head, seq_len=128"; "all" where nothing else varies
    Status status = Status::inconclusive;
    std::string expected;  ///< "supported" or "refuted"; empty for measured claims
    bool exact = true;
    std::string observed;
    std::string told;           ///< exact only: the same as a sentence goes on after the metric's name
    Interval interval;          ///< measured only: of the case furthest from the base; combinations only
    bool tells_spread = false;  ///< its reason has percentiles, as one middle value does not describe some of its times
    bool corrected = false;     ///< the interval is wider than 95 % asks: corrected for the claim's other comparisons
    std::string margin;
    std::string limit;       ///< what it asks of the metric, for people: "at most 1.06 times the base"
    std::string base;        ///< "num_heads=1"
    std::string base_value;  ///< with unit
    std::string reason;      ///< why inconclusive, and which points failed or were skipped
    std::string speaker;     ///< summaries only: the combination whose finding it tells, one with its status
    int combinations = 1;
    int agreeing = 1;     ///< combinations with the status of the summary
    int unfinished = 0;   ///< points without a record yet: nothing is concluded from the others alone
    std::string command;  ///< reproduces it

    // What sentences are made of:
    std::string noun, of;               ///< of the metric
    Trend trend = Trend::none;          ///< summaries only
    std::vector<std::string> across;    ///< fields that vary between the points
    std::vector<std::string> variants;  ///< of the points, sorted
    /// "in a layer", "for one new token in the core", "trained for k_lookup": sorted
    std::vector<std::string> subjects;
    std::vector<MeasuredCase> measured;  ///< measured only: every case but the base; combinations only
    std::optional<WorstCase> worst{};    ///< of claims on ratios that were measured; summaries only

    /// "exact", "[1.02, 1.05]" or "" where there is none.
    std::string interval_text() const;
    /// For want of points, not of truth.
    bool open() const { return unfinished > 0 && status == Status::inconclusive; }
    bool as_expected() const { return expected.empty() || open() || expected == to_string(status); }
};

struct VerifyOptions {
    std::vector<std::string> claims{};   ///< ids; empty: all. Unknown ids throw UsageError.
    std::string result_path = "RESULT";  ///< for the commands
};

/// In the order of the config; the summary of a claim stands before its combinations. Throws UsageError with
/// the config's location for a claim that cannot be understood (unknown metric, kind, field, expression).
std::vector<Verdict> verify(const RecordSet& records, const VerifyOptions& options = {});
std::vector<Verdict> verify(const Journal& journal, const VerifyOptions& options = {});

/// as_expected: exact claims came out as declared and measured ones are decided; not_as_expected: an exact one did not;
/// inconclusive: a measured one is, or any for want of points in an unfinished run.
enum class Conclusion : std::uint8_t { as_expected, not_as_expected, inconclusive };
/// Of all claims together: not_as_expected goes before inconclusive.
Conclusion conclusion_of(const std::vector<Verdict>& verdicts);

}  // namespace headcount
