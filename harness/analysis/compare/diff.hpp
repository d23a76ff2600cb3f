// Two results, or two sides of one, compared point by point: what is faster or slower, and what differs around them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/journal/journal.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

enum class Change : std::uint8_t { faster, slower, same, cannot_tell };
std::string_view to_string(Change change);

struct PointDiff {
    std::string point;  ///< of A
    std::string other;  ///< of B
    Change change = Change::cannot_tell;
    bool paired = false;  ///< by round: both stood in the same rounds
    Interval ratio{};     ///< time of B / time of A, 95 %
    double p = 1;         ///< two-sided, of "no difference"; of unpaired ones 1 says: above 0.2
    double adjusted = 1;  ///< Holm's correction over all points of the diff
    double a_s = 0, b_s = 0;
    std::size_t a_rounds = 0, b_rounds = 0;
    std::string note;  ///< why nothing can be told; counts that differ
};

/// One thing that is not the same around the two.
struct Difference {
    std::string kind;  ///< "environment", "build", "protocol", "config"
    std::string key, a, b;
    /// "build: commit: 0123, 4567"
    std::string text() const;
};

/// Where the samples of the two come from.
enum class Relation : std::uint8_t {
    two_runs,
    two_sides,  ///< of one run, paired by its rounds
    same_run,   ///< B is a copy of A, or either went on from the other: what they share are the same samples
};
/// "two runs", "two sides of one run", "one run twice"
std::string_view to_string(Relation relation);

struct Diff {
    std::vector<PointDiff> points;  ///< that both sides have times of, in the order of A
    std::size_t only_a = 0, only_b = 0;
    std::vector<Difference> differs;
    Relation relation = Relation::two_runs;
    std::string overall;                   ///< "faster", "slower", "same", "mixed", "cannot tell"
    std::string overall_text;              ///< with counts
    Interval ratios{.low = 1, .high = 1};  ///< median, smallest and largest of the points' ratios; no interval

    std::size_t count(Change change) const;
};

/// Field to value, e.g. {"variant", "streaming"}: which points stand on one side.
using Side = std::map<std::string, std::string>;

struct DiffOptions {
    double margin = 0.02;          ///< within it two times are the same
    bool across_machines = false;  ///< compare though the machines are not the same
    /// Which points of A and of B; points are then matched by the fields that neither names. Both empty: by id.
    Side left{}, right{};
};

/// The same: the 95 % interval lies within the margin. Faster, slower: it does not, and there is a difference at 5 %
/// after Holm's correction over all points, so that at most 5 % of diffs of equal things name any. Otherwise, and
/// where the runs' own A/A comparison could not tell so little apart, nobody can tell.
///
/// Points of one file that share rounds are paired by round. Other times are not: the interval of the ratio is then
/// made of the two medians' rank intervals, each with 97.5 %, and p is the smallest level at which they part.
/// Throws UsageError when the machines differ and nobody said they may, for unknown fields, for sides that leave more
/// than one point to match.
Diff diff_journals(const Journal& a, const Journal& b, const DiffOptions& options = {});
/// Two sides of one file.
Diff diff_sides(const Journal& journal, const DiffOptions& options);

}  // namespace headcount
