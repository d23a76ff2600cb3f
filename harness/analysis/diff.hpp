// Two results of the same points, compared: what became faster or slower, and what differs around them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/table.hpp"
#include "harness/journal/journal.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {

enum class Change : std::uint8_t { faster, slower, same, cannot_tell };
std::string_view to_string(Change change);

struct PointDiff {
    std::string point;
    Change change = Change::cannot_tell;
    Interval ratio{};  ///< median of B / median of A, at least 95 %
    double a_s = 0, b_s = 0;
    std::size_t a_rounds = 0, b_rounds = 0;
    std::string note;  ///< why nothing can be told; counts that differ
};

struct Diff {
    std::vector<PointDiff> points;  ///< those that either file has times of, in the order of A, then of B
    std::size_t only_a = 0, only_b = 0;
    std::vector<std::string> environment;  ///< "cpu.governor: powersave, performance"
    Change overall = Change::cannot_tell;
    std::string overall_text;
};

struct DiffOptions {
    double margin = 0.02;          ///< within it two times are the same
    bool across_machines = false;  ///< compare though the machines are not the same
};

/// Runs are not paired by round, so the interval of the ratio is made of the two medians' rank intervals, each with
/// 97.5 %: both hold together with at least 95 %. Throws UsageError when the machines differ and nobody said they may.
Diff diff_journals(const Journal& a, const Journal& b, const DiffOptions& options = {});

Table diff_table(const Diff& diff);

}  // namespace headcount
