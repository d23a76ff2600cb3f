// One grid of a config as written: what is fixed, what varies, what is left out; and its expansion.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/sweep.hpp"
#include "harness/sweep/vocabulary.hpp"
#include "harness/sweep/yaml.hpp"

namespace headcount {

/// A value in canonical text ("512", never "0512"), and where it was written.
struct AxisValue {
    std::string text;
    Location at;
};
struct FieldValue {
    std::string field;
    AxisValue value;
};
/// Fields that take their values together; an axis has one field, a zip group several.
struct Axis {
    std::vector<std::string> fields;
    std::vector<std::vector<AxisValue>> rows;  ///< rows[i][j] is the i-th value of fields[j]
    Location at;
};
/// Matches a combination that has, for every field, one of the values.
struct Match {
    std::vector<std::pair<std::string, std::vector<AxisValue>>> conditions;
    Location at;
};

/// Absent parts are inherited when grids are merged.
struct Grid {
    std::string name;
    std::vector<FieldValue> problem;
    std::vector<Axis> axes;  ///< one field each
    std::optional<std::vector<Axis>> zip;
    std::optional<std::vector<Match>> exclude, include;
    std::optional<std::vector<std::string>> compare_by;
    Location at;

    bool varies() const { return !axes.empty() || (zip && !zip->empty()) || (include && !include->empty()); }
    bool has_axis(std::string_view field) const;  ///< in axes or zip
};

/// More combinations than this would take years to measure and gigabytes to list.
inline constexpr std::int64_t kMostPoints = 1'000'000;

/// Reads the grid keys of a map (others are the caller's). Throws UsageError.
Grid decode_grid(const YamlNode& map, const Vocabulary& vocabulary, std::int64_t most_points = kMostPoints);
/// Reads and checks one value of a field. Throws UsageError.
AxisValue decode_value(const YamlNode& node, std::string_view field, const Vocabulary& vocabulary);
/// Reads "field: value or list of values". Throws UsageError.
Match decode_match(const YamlNode& map, std::string_view what, const Vocabulary& vocabulary);
/// Reads a field name or a list of them. Throws UsageError.
std::vector<std::string> decode_field_names(const YamlNode& node, std::string_view what, const Vocabulary& vocabulary);
/// Canonical text of a value. Throws UsageError without a location.
std::string canonical_value(std::string_view field, std::string_view text, const Vocabulary& vocabulary);

/// Throws UsageError when one of the fields stands for another (seq_len beside q_len).
void check_lengths(const std::vector<YamlKey>& keys, std::string_view what);
/// Throws UsageError when a field varies twice, or varies and is fixed.
void check_grid(const Grid& grid);

/// `over` on top of `base`: its fixed fields and axes replace those of the same field, its lists replace whole.
Grid merge(Grid base, const Grid& over);
/// Gives `field` these values: an axis is replaced; of a zip group the rows with these values stay; a field that
/// does not vary becomes fixed, or an axis when there are several values.
void set_axis(Grid& grid, const std::string& field, const std::vector<AxisValue>& values);

/// Every combination in the order written, the first axis slowest; then what include adds. An option that a
/// combination's variant and backend do not have does not vary for it. Pure. A combination
/// whose sizes do not divide is in `skipped` with the reason; any other that does not resolve throws UsageError,
/// as does a grid with more than `most_points` combinations, which is found by multiplication.
Part expand(const Grid& grid, std::uint64_t seed, const FieldTable& fields, std::vector<std::string>& warnings,
            std::int64_t most_points = kMostPoints);

}  // namespace headcount
