#include "harness/analysis/show/point_table.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/model/time_bound.hpp"
#include "harness/analysis/records/oversubscription.hpp"
#include "harness/analysis/show/point_choice.hpp"
#include "harness/analysis/show/point_rows.hpp"
#include "harness/analysis/table/footnotes.hpp"
#include "harness/core/error.hpp"

namespace headcount {
namespace {

bool is_counted(const Entry& entry) { return entry.recorded && entry.record.outcome == Outcome::counted; }

std::vector<std::size_t> entries_shown(const RecordSet& records, const PointTableOptions& options) {
    const auto where = fields_and_values(options.where, records.fields());
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < records.entries().size(); ++i) {
        if (is_one_of(records.entries()[i], where)) wanted.push_back(i);
    }
    if (wanted.empty() && !where.empty()) {
        throw UsageError(fmt::format("no point of the result has {}: leave a choice out, or add values",
                                     fmt::join(options.where, " and ")));
    }
    const auto counted_alone = [&](std::size_t i) { return is_counted(records.entries()[i]); };
    const bool counts_too = options.counted || options.audience == Audience::programs;
    if (!counts_too && !std::ranges::all_of(wanted, counted_alone)) std::erase_if(wanted, counted_alone);
    return wanted;
}

/// The fields in which the base of any of these points differs from it, in the order of ids.
std::vector<std::string> compared_fields(const RecordSet& records, const std::vector<std::size_t>& shown,
                                         const std::vector<PointSummary>& summaries) {
    std::set<std::string> compared;
    for (const std::size_t i : shown) {
        if (!summaries[i].base) continue;
        const Point &point = records.entries()[i].point, &base = records.entries()[*summaries[i].base].point;
        for (const Field& field : records.fields().all()) {
            if (!field.is_alias() && differ_in(point, base, field.name)) compared.insert(field.name);
        }
    }
    std::vector<std::string> named;
    for (const Field& field : records.fields().all()) {
        // What follows from another field that is compared says nothing.
        const bool follows =
            std::ranges::any_of(compared, [&](const std::string& other) { return field.follows_from(other); });
        if (compared.contains(field.name) && !follows) named.push_back(field.name);
    }
    return named;
}

std::vector<PointRow> rows_of(const RecordSet& records, const std::vector<std::size_t>& shown,
                              const std::vector<PointSummary>& summaries) {
    const std::vector<std::string> compared = compared_fields(records, shown, summaries);
    std::vector<PointRow> rows;
    for (const std::size_t i : shown) {
        PointRow row{.entry = records.entries()[i], .summary = summaries[i]};
        if (summaries[i].base) {
            const Entry& base = records.entries()[*summaries[i].base];
            std::vector<std::string> named, differs;
            for (const std::string& field : compared) {
                named.push_back(fmt::format("{}={}", field, get_field(base.point, field)));
                if (differ_in(row.entry.point, base.point, field)) differs.push_back(named.back());
            }
            row.is_base = *summaries[i].base == i;
            row.base = fmt::format("{}", fmt::join(named, ", "));
            row.differs = fmt::format("{}", fmt::join(differs, ", "));
            row.base_id = base.id;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

/// "a" to "z", then numbers.
std::string letter(std::size_t index) {
    constexpr std::size_t kLetters = 26;
    return index < kLetters ? std::string(1, static_cast<char>('a' + index)) : fmt::format("{}", index + 1);
}

/// "[a,b]" for what a table without the column of notes says of a row below it.
std::string marks_of(const PointRow& row, Footnotes& footnotes) {
    std::vector<std::string> marks;
    for (const std::string& note : notes_of(row, true)) marks.push_back(letter(footnotes.index_of(note)));
    return marks.empty() ? "" : fmt::format("[{}]", fmt::join(marks, ","));
}

std::string caption_of(const RecordSet& records, const std::vector<PointRow>& rows, bool ratios) {
    const bool timed = std::ranges::any_of(rows, [](const PointRow& row) { return row.summary.rounds > 0; });
    if (!timed) return fmt::format("{}: exact counts", records.run().name);
    const bool trained =
        std::ranges::all_of(rows, [](const PointRow& row) { return row.entry.resolved && row.entry.point.trains(); });
    return fmt::format("{}: median time of one {}{}", records.run().name, trained ? "training step" : "pass",
                       ratios ? ", and its ratio to the base, paired by round, with 95 % intervals" : "");
}

std::string joined(const std::set<std::string>& texts) { return fmt::format("{}", fmt::join(texts, "; ")); }

}  // namespace

std::string bounds_text(const RecordSet& records) {
    std::set<std::string> lacking, missing;
    std::size_t partial = 0, without = 0;
    for (const Entry& entry : records.entries()) {
        if (entry.samples.empty()) continue;
        const TimeBound bound = time_bound(entry);
        if (!bound.missing.empty()) {
            ++without;
            missing.insert(bound.missing);
        } else if (!bound.left_out.empty()) {
            ++partial;
            lacking.insert(bound.left_out.begin(), bound.left_out.end());
        }
    }
    std::string text;
    if (partial > 0) text += fmt::format("bounds of {} points are partial: {}\n", partial, joined(lacking));
    if (without > 0) text += fmt::format("{} points have no bound: {}\n", without, joined(missing));
    return text;
}

Table point_table(const RecordSet& records, const PointTableOptions& options) {
    const std::vector<std::size_t> shown = entries_shown(records, options);
    const auto summaries = summarise(records, fields_and_value(options.base, records.fields()));
    std::vector<PointRow> rows = rows_of(records, shown, summaries);
    sort_rows(rows, options.sort, records);
    const SharedFields fields = shared_fields(records, shown);
    const std::string base = common_base(rows);
    const bool programs = options.audience == Audience::programs;
    Table table{.columns = {}, .rows = std::vector<std::vector<std::string>>(rows.size())};
    if (programs) {
        table.columns.push_back({.name = "point"});
        for (std::size_t i = 0; i < rows.size(); ++i) table.rows[i].push_back(rows[i].entry.id);
    }
    bool ratios = false, notes = programs;
    Footnotes footnotes;
    const std::vector<std::string> keys = chosen_columns(records, rows, fields, options);
    notes = notes || std::ranges::find(keys, "note") != keys.end();
    for (const std::string& key : keys) {
        const PointColumn column = find_point_column(records, key);
        const std::vector<PointCell> cells = programs ? column.programs : std::vector{column.people};
        for (const PointCell& cell : cells) {
            std::string name = cell.name;
            if (key == "ratio" && !programs && !base.empty()) name = "ratio to " + base;
            table.columns.push_back({.name = std::move(name), .align = cell.align});
            for (std::size_t i = 0; i < rows.size(); ++i) table.rows[i].push_back(cell.text(rows[i]));
        }
        ratios = ratios || key.starts_with("ratio");
    }
    if (!notes) {
        std::vector<std::string> marks;
        for (const PointRow& row : rows) marks.push_back(marks_of(row, footnotes));
        if (!std::ranges::all_of(marks, &std::string::empty)) {
            table.columns.push_back({.name = ""});
            for (std::size_t i = 0; i < rows.size(); ++i) table.rows[i].push_back(marks[i]);
        }
        for (std::size_t i = 0; i < footnotes.texts().size(); ++i) {
            table.notes.push_back(fmt::format("[{}] {}", letter(i), footnotes.texts()[i]));
        }
    }
    table.label = records.run().name;
    table.caption = caption_of(records, rows, ratios);
    table.conditions = conditions_text(records, shown, rows, fields);
    table.blank = "A dash: the base itself, or not measured";
    if (!programs) table.notes.push_back(hidden_text(fields, keys, options.audience));
    const auto compared = [](const PointRow& row) { return row.summary.base && !row.is_base; };
    if (ratios && !programs && std::ranges::none_of(rows, compared)) {
        table.notes.push_back("no ratios: no row was timed in the same rounds as a base");
    }
    const auto crowded = [](const PointRow& row) { return !oversubscription(row.entry).empty(); };
    if (std::ranges::any_of(rows, crowded)) table.notes.push_back(oversubscription_note(records));
    return table;
}

std::vector<std::string> columns_for_people(const RecordSet& records) {
    const std::vector<std::size_t> shown = entries_shown(records, {});
    const auto summaries = summarise(records);
    return chosen_numbers(rows_of(records, shown, summaries), {});
}

}  // namespace headcount
