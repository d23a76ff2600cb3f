#include "harness/analysis/show/point_choice.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/model/time_bound.hpp"
#include "harness/analysis/records/libraries.hpp"
#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"

namespace headcount {
namespace {

/// Even at its default: nobody may have to guess it.
bool told_always(const Field& field) {
    return field.facet == Facet::who || field.name == "batch" || field.name == "dtype" || field.name == "scope" ||
           field.name == "num_threads";
}

/// Where memory is what limits, or one query reads all keys, the share of its bandwidth says more than that of the
/// peak.
bool shows_bandwidth(const PointRow& row) {
    if (row.summary.rounds == 0 || !row.entry.resolved) return false;
    return row.entry.point.problem.q_len < row.entry.point.problem.kv_len ||
           time_bound(row.entry).binding().starts_with("memory");
}

/// A faster time in narrower numbers says nothing without what it costs in accuracy.
bool shows_errors(const std::vector<PointRow>& rows) {
    std::set<DType> dtypes;
    for (const PointRow& row : rows) {
        if (row.entry.resolved) dtypes.insert(row.entry.point.problem.dtype);
    }
    return dtypes.size() > 1;
}

/// The smallest and the largest number of rounds of what was timed; {0, 0}: nothing was.
std::pair<std::size_t, std::size_t> rounds_of(const std::vector<PointRow>& rows) {
    std::size_t least = 0, most = 0;
    for (const PointRow& row : rows) {
        const std::size_t rounds = row.summary.rounds;
        if (rounds == 0) continue;
        least = least == 0 ? rounds : std::min(least, rounds);
        most = std::max(most, rounds);
    }
    return {least, most};
}

std::string rounds_text(const std::vector<PointRow>& rows) {
    const auto [least, most] = rounds_of(rows);
    if (most == 0) return "";
    return least == most ? fmt::format(" {} rounds.", most) : fmt::format(" {} to {} rounds.", least, most);
}

/// As the user wrote them; for programs a field in other words is the fields that it sets, and a ratio whose base
/// differs from row to row comes with it.
std::vector<std::string> asked_for(const RecordSet& records, const std::vector<PointRow>& rows,
                                   const PointTableOptions& options) {
    std::vector<std::string> keys;
    for (const std::string& key : options.columns) {
        if (std::ranges::count(options.columns, key) > 1) {
            throw UsageError(fmt::format("column {} is asked for twice; leave one out", key));
        }
        const Field* field = records.fields().find(key);
        const bool alias = field != nullptr && field->is_alias() && options.audience == Audience::programs;
        for (const std::string& one : alias ? field->stands_for : std::vector{key}) {
            if (std::ranges::find(keys, one) == keys.end()) keys.push_back(one);
        }
    }
    const auto ratio = std::ranges::find(keys, "ratio");
    const bool based = std::ranges::any_of(rows, [](const PointRow& row) { return row.summary.base.has_value(); });
    const bool named = std::ranges::find(keys, "ratio_base") != keys.end() || !common_base(rows).empty();
    if (ratio != keys.end() && based && !named) keys.insert(ratio + 1, "ratio_base");
    return keys;
}

}  // namespace

SharedFields shared_fields(const RecordSet& records, const std::vector<std::size_t>& entries) {
    SharedFields split;
    for (const Field& field : records.fields().all()) {
        std::set<std::string> values;
        bool all_silent = true, any_silent = false;
        for (const std::size_t i : entries) {
            const Entry& entry = records.entries()[i];
            if (!entry.resolved) continue;
            const bool silent = is_default(entry.point, field.name);
            values.insert(get_field(entry.point, field.name));
            all_silent = all_silent && silent;
            any_silent = any_silent || silent;
        }
        const bool hidden = field.is_alias() ? any_silent : field.otherwise.empty() && all_silent;
        if (hidden || values.empty()) continue;
        if (values.size() > 1) {
            split.vary.push_back(field.name);
        } else if (!values.begin()->empty() && (!all_silent || told_always(field))) {
            split.constant.push_back(fmt::format("{} {}", field.name, *values.begin()));
        }
    }
    return split;
}

std::string common_base(const std::vector<PointRow>& rows) {
    std::set<std::string> bases;
    for (const PointRow& row : rows) {
        if (row.summary.base) bases.insert(row.base);
    }
    return bases.size() == 1 ? *bases.begin() : "";
}

std::vector<std::string> chosen_numbers(const std::vector<PointRow>& rows, const PointTableOptions& options) {
    const bool programs = options.audience == Audience::programs, paper = options.audience == Audience::paper;
    const bool timed = std::ranges::any_of(rows, [](const PointRow& row) { return row.summary.rounds > 0; });
    std::vector<std::string> keys;
    const auto add = [&](bool when, std::initializer_list<const char*> more) {
        if (when) keys.insert(keys.end(), more.begin(), more.end());
    };
    const auto not_measured = [](const PointRow& row) {
        return !row.entry.recorded || row.entry.record.outcome != Outcome::measured;
    };
    const bool counted = options.counted || programs || !timed;
    add(programs || std::ranges::any_of(rows, not_measured), {"outcome"});
    add(counted, {"total.multiplies"});
    add(counted || !paper, {"total.exps", "score_bytes"});
    add(counted && !paper, {"peak_bytes"});
    const auto [least, most] = rounds_of(rows);
    add(programs || least < most, {"rounds"});
    add(timed || programs, {"time", "interval"});
    add((timed && !paper) || programs, {"rate", "peak"});
    add(std::ranges::any_of(rows, [](const PointRow& row) { return row.entry.resolved && row.entry.point.trains(); }),
        {"test_error"});
    add(timed || programs, {"ratio", "ratio_interval"});
    add((timed && common_base(rows).empty()) || programs, {"ratio_base"});
    add((timed && !paper) || programs, {"bound", "bound_by"});
    add(programs || (timed && !paper && std::ranges::any_of(rows, shows_bandwidth)), {"bandwidth"});
    add(programs || shows_errors(rows), {"error"});
    add(!paper, {"note"});
    return keys;
}

std::vector<std::string> chosen_columns(const RecordSet& records, const std::vector<PointRow>& rows,
                                        const SharedFields& fields, const PointTableOptions& options) {
    if (!options.columns.empty()) return asked_for(records, rows, options);
    std::vector<std::string> keys = fields.vary;
    if (options.audience == Audience::programs) {
        keys.clear();
        for (const Field& field : records.fields().all()) {
            if (!field.is_alias()) keys.push_back(field.name);
        }
    }
    for (std::string& key : chosen_numbers(rows, options)) keys.push_back(std::move(key));
    return keys;
}

std::string hidden_text(const SharedFields& fields, const std::vector<std::string>& keys, Audience audience) {
    std::vector<std::string> hidden;
    for (const std::string& field : fields.vary) {
        const bool told = std::ranges::any_of(
            keys, [&](const std::string& key) { return key == field || one_sets_the_other(key, field); });
        if (!told) hidden.push_back(field);
    }
    if (hidden.empty()) return "";
    return fmt::format("rows differ in {}, too{}", fmt::join(hidden, ", "),
                       audience == Audience::paper ? "" : ": add it to the columns, or choose one value of it");
}

std::string conditions_text(const RecordSet& records, const std::vector<std::size_t>& shown,
                            const std::vector<PointRow>& rows, const SharedFields& fields) {
    const RunRecord& run = records.run();
    const std::string day = day_of(run);
    const std::string all =
        fields.constant.empty() ? "" : fmt::format("All points: {}.", fmt::join(fields.constant, ", "));
    return fmt::format("{}{} Processor: {}. {}. Measured{} by headcount {}, {}", all, rounds_text(rows),
                       processors_text(run), libraries_text(records, shown), day.empty() ? "" : " on " + day,
                       version_text(run.environment), commit_text(run));
}

}  // namespace headcount
