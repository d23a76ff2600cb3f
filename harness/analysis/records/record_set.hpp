// A journal joined for analysis: each point with its record and its samples, each part with its points.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/field_table.hpp"
#include "harness/core/point.hpp"
#include "harness/journal/journal.hpp"

namespace headcount {

/// Samples with equal keys were taken in the same round and may be paired.
struct RoundKey {
    std::size_t group = 0;  ///< RecordSet::groups()
    int stratum = 0;
    int round = 0;
    friend auto operator<=>(const RoundKey&, const RoundKey&) = default;
};

/// What went on beside a round; units as in RoundRecord, -1: unavailable.
struct RoundMarks {
    double load_1min = -1, foreign_load = -1, steal_s = -1;
    bool disturbed = false;
    std::map<std::string, std::string> changed;
};

struct RoundSample {
    RoundKey key;
    Sample sample;          ///< its `point` is left empty: the entry knows it
    std::size_t marks = 0;  ///< RecordSet::marks()
};

/// What one run says of the machine that took its records.
struct MachineLimits {
    std::map<std::string, double> values;  ///< RunRecord::limits
    bool cold_cache = false;
    int processors = 0;  ///< that its threads could use; 0: not known
};

/// One point of the run and all that became of it.
struct Entry {
    std::string id;
    Point point;            ///< meaningful when `resolved`
    bool resolved = true;   ///< false: the id names no valid point (12 heads in 512 columns)
    bool recorded = false;  ///< false: planned, but the journal holds no outcome yet
    PointRecord record;
    /// Of the run that took the record; null for an entry of no result.
    std::shared_ptr<const MachineLimits> machine{};
    std::vector<RoundSample> samples;  ///< in the order they were taken, whatever the order of the lines

    /// Counts may be believed: the point ran or was counted, or was skipped after counting.
    bool counts() const;
    /// Wall seconds of its samples, in their order.
    std::vector<double> seconds() const;
    /// "skipped: ...", "failed: ...", "not run yet"; "" when it has an outcome of its own.
    std::string absent_because() const;
};

struct PartView {
    PartRecord record;
    std::vector<std::size_t> entries;  ///< indices, in the order of the config
    /// The config's axes, then fields that an `include` alone makes vary; widths that follow from others not.
    std::vector<std::string> fields{};
};

class RecordSet {
public:
    /// The last record of a point counts (an earlier one was taken before a restart); of those of several runs in
    /// a merged journal a measured one.
    explicit RecordSet(const Journal& journal);

    const RunRecord& run() const { return run_; }
    /// The fields that the run declared; what this program knows of variants and backends is not asked.
    const FieldTable& fields() const { return fields_; }
    const std::vector<Entry>& entries() const { return entries_; }
    const std::vector<PartView>& parts() const { return parts_; }
    /// Names of the comparison groups that have samples.
    const std::vector<std::string>& groups() const { return groups_; }
    /// One for each round of the journal.
    const std::vector<RoundMarks>& marks() const { return marks_; }
    /// Throws UsageError naming the known parts.
    const PartView& part(std::string_view name) const;
    /// Names of the parts that hold this entry, "main" for the unnamed one, joined by "+".
    std::string parts_of(std::size_t entry) const;

private:
    std::size_t find_or_add(const std::string& id);
    void name_machines();

    RunRecord run_;
    FieldTable fields_;
    std::vector<Entry> entries_;
    std::vector<PartView> parts_;
    std::vector<std::string> groups_;
    std::vector<RoundMarks> marks_;
    std::map<std::string, std::size_t, std::less<>> index_;
};

}  // namespace headcount
