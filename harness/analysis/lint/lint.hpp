// A result against the twelve rules of Hoefler and Belli, "Scientific Benchmarking of Parallel Computing Systems",
// SC 2015: which of its claims, tables and figures keep which rule, and why.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/claims/claim.hpp"
#include "harness/analysis/claims/point_summary.hpp"
#include "harness/analysis/records/paired_rounds.hpp"
#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/verdicts/verdict.hpp"
#include "harness/registry/registry.hpp"

namespace headcount {

enum class Compliance : std::uint8_t { satisfied, not_satisfied, not_applicable };
std::string_view to_string(Compliance compliance);

/// What a figure or table says of itself; plots/x.py prints it for --describe and is held to it whenever it draws.
struct Display {
    std::string name;  ///< "figure scaling", "table points"
    bool figure = true;
    std::string of = "points";              ///< what it is drawn from: "points", "heads", "pruning"
    std::vector<std::string> quantities{};  ///< "time", "ratio", "rate", "count"; what it mainly shows first
    std::string summary{};                  ///< how repeated values became one: "median", "mean", "none"
    bool intervals = false;                 ///< every repeated value stands with its confidence interval
    std::string single{};                   ///< what is measured and shown without an interval; "" nothing
    std::string assumes{};                  ///< what its intervals take for granted; "" nothing
    std::string base{};                     ///< of ratios: where the base's absolute value stands; "" nowhere
    std::string lines_over{};               ///< the ordered number along which lines connect values; "" no lines
    std::string bound{};                    ///< which upper bound is shown; "" none
    std::string left_out{};                 ///< what it leaves out; "" nothing
    std::string left_out_because{};         ///< the reason that it prints
    bool modes = false;         ///< it shows from where to where samples lie that one middle value does not describe
    bool of_trainings = false;  ///< it is drawn of trained models only

    bool shows(std::string_view quantity) const;
    /// Shows what differs from one run to the next.
    bool measured() const;
};

struct ClaimView {
    const ClaimSpec* spec = nullptr;
    const Metric* metric = nullptr;
    std::vector<Verdict> verdicts;     ///< the summary, then one for each combination
    std::vector<std::size_t> entries;  ///< its points
    std::string subject() const { return "claim " + spec->id; }
    bool exact() const { return verdicts.front().exact; }
};

/// What a rule looks at.
struct LintInput {
    const Journal& journal;
    const RecordSet& records;
    std::vector<PointSummary> summaries;  ///< one for each entry
    std::vector<ClaimView> claims;
    std::vector<Display> displays;
    std::vector<std::size_t> timed;  ///< entries that have samples
};

struct RuleFinding {
    std::string subject;  ///< "result", "claim R12", "table points", "figure scaling"
    Compliance compliance = Compliance::not_applicable;
    std::string reason{};
    std::string remedy{};  ///< what to do; only where not satisfied
};

/// What `rules/x.cpp` defines as `Rule x()`.
struct Rule {
    int number = 0;  ///< 1 to 12, as in the paper
    std::string says;
    std::string elsewhere;  ///< why it does not apply to a subject without a finding
    std::vector<RuleFinding> (*check)(const LintInput& input) = nullptr;
};

/// Generated from the files of rules/.
const std::vector<Named<Rule>>& all_rules();

struct Lint {
    struct Row {
        int rule = 0;
        std::string name;  ///< of the rule's file: "bounds"
        std::string says;
        std::vector<RuleFinding> findings;  ///< one for each subject, in the order of `subjects`
    };
    std::vector<std::string> subjects;  ///< result, tables, figures, claims
    std::vector<Row> rows;              ///< by number of the rule

    std::size_t count(Compliance compliance) const;
    bool satisfied() const { return count(Compliance::not_satisfied) == 0; }
};

/// `displays`: the tables and figures that are judged with the result, as they describe themselves. Throws UsageError
/// for a claim that cannot be understood.
Lint lint(const Journal& journal, const std::vector<Display>& displays);

/// The description that `plots/x.py --describe` prints, as a Display. Throws Error for a missing or unknown field.
Display display_from_json(const std::string& name, const std::string& text);

// For the files of rules/:

RuleFinding satisfied(std::string subject, std::string reason);
RuleFinding violated(std::string subject, std::string reason, std::string remedy);
RuleFinding not_applicable(std::string subject, std::string reason);
/// "a, b, c and 4 more"
std::string some_of(const std::vector<std::string>& names, std::size_t shown = 3);
/// Of this point and its base, paired by round; empty without a base of its own.
PairedRounds rounds_beside_base(const LintInput& input, std::size_t entry);

}  // namespace headcount
