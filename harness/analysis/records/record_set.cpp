// A journal joined for analysis: each point with its record and its samples, each part with its points.
#include "harness/analysis/records/record_set.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "harness/analysis/records/oversubscription.hpp"
#include "harness/analysis/records/session_limits.hpp"
#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {

namespace {

/// Before fields were kept, points had one option, of whichever backend.
FieldTable fields_of(const RunRecord& run) {
    FieldTable table;
    if (run.fields.empty()) {
        Field key_block;
        key_block.name = "key_block";
        key_block.max = kLargestExtent;
        key_block.otherwise = "0";
        key_block.doc = "keys that a fused core takes at a time; 0: what the backend chooses for this machine";
        table.add({.kind = FieldOwner::Kind::backend, .name = std::string(FieldOwner::kAnyone)}, {key_block});
    }
    for (const FieldRecord& record : run.fields) {
        if (!record.of.empty()) table.add(FieldOwner::from_text(record.of), {record.field});
    }
    return table;
}

std::vector<FieldRecord> records_of(const FieldTable& table) {
    std::vector<FieldRecord> records;
    for (const Field& field : table.all()) {
        if (!table.is_own(field.name)) records.push_back({.field = field, .of = {}});
    }
    for (const auto& [owner, field] : table.declarations()) records.push_back({.field = field, .of = owner.text()});
    return records;
}

bool varies_at_all(const Field& field, const std::vector<const Point*>& points) {
    return std::ranges::any_of(points, [&](const Point* point) {
        return get_field(*point, field.name) != get_field(*points.front(), field.name);
    });
}

/// An option that differs only because others declare it, or declare another default, follows from who they are: the
/// window of local does not keep it from being compared with variants that have none.
bool varies_by_itself(const Field& field, const std::vector<const Point*>& points) {
    std::map<std::array<std::string, 3>, std::string> values;
    return std::ranges::any_of(points, [&](const Point* point) {
        const std::array who{get_field(*point, "variant"), get_field(*point, "backend"), get_field(*point, "task")};
        const std::string value = get_field(*point, field.name);
        return values.try_emplace(who, value).first->second != value;
    });
}

/// Fields beside the axes in which the part's points differ; what follows from an axis, or is one in other words,
/// says nothing of its own.
std::vector<std::string> varying_fields(const PartRecord& part, const std::vector<const Point*>& points,
                                        const FieldTable& fields) {
    const auto says_nothing = [&](const Field& field) {
        return field.is_alias() || std::ranges::any_of(part.axes, [&](const std::string& axis) {
                   return axis == field.name || one_sets_the_other(axis, field.name) || field.follows_from(axis);
               });
    };
    std::vector<std::string> varying;
    for (const Field& field : fields.all()) {
        if (points.empty() || says_nothing(field)) continue;
        if (fields.is_own(field.name) ? varies_by_itself(field, points) : varies_at_all(field, points)) {
            varying.push_back(field.name);
        }
    }
    return varying;
}

/// Of two records of one point: a measured one says more than a counted, failed or skipped one; by different runs,
/// the order of the lines must not decide; by one run, the later was taken after a restart.
bool counts_more(const PointRecord& record, const PointRecord& than) {
    static constexpr std::array kOrder{Outcome::measured, Outcome::counted, Outcome::failed, Outcome::skipped};
    if (record.run == than.run) return true;
    const auto rank = [](Outcome outcome) { return std::ranges::find(kOrder, outcome) - kOrder.begin(); };
    return std::pair(rank(record.outcome), record.run) < std::pair(rank(than.outcome), than.run);
}

using Stratum = std::tuple<std::string, std::string, int>;  ///< group, run, number of the worker

/// Numbers the workers of each group from 0, over all runs of a merged journal.
std::map<Stratum, int> number_strata(const std::vector<RoundRecord>& rounds) {
    std::map<Stratum, int> strata;
    for (const RoundRecord& round : rounds) strata.emplace(Stratum{round.group, round.run, round.stratum}, 0);
    const std::string* group = nullptr;
    int next = 0;
    for (auto& [stratum, number] : strata) {
        const std::string& its_group = std::get<0>(stratum);
        if (group == nullptr || *group != its_group) next = 0;
        group = &its_group;
        number = next++;
    }
    return strata;
}

}  // namespace

bool Entry::counts() const { return recorded && record.outcome != Outcome::failed && !record.counted.ops.empty(); }

std::vector<double> Entry::seconds() const {
    std::vector<double> seconds;
    for (const RoundSample& round : samples) seconds.push_back(round.sample.wall_s);
    return seconds;
}

std::string Entry::absent_because() const {
    if (!recorded) return "not run yet";
    if (record.outcome == Outcome::failed) return "failed: " + record.reason;
    if (record.outcome == Outcome::skipped) return "skipped: " + record.reason;
    return "";
}

RecordSet::RecordSet(const Journal& journal) : run_(journal.run), fields_(fields_of(journal.run)) {
    if (run_.fields.empty()) run_.fields = records_of(fields_);  // so that exports of all results say the same
    use_limits_of_rounds(run_, journal.rounds);
    for (const PartRecord& part : run_.parts) {
        PartView view{.record = part, .entries = {}};
        for (const std::string& id : part.point_ids) view.entries.push_back(find_or_add(id));
        parts_.push_back(std::move(view));
    }
    for (PartView& view : parts_) {
        std::vector<const Point*> points;
        for (std::size_t index : view.entries) {
            if (entries_[index].resolved) points.push_back(&entries_[index].point);
        }
        view.fields = view.record.axes;
        for (std::string& field : varying_fields(view.record, points, fields_)) view.fields.push_back(std::move(field));
    }
    for (const PointRecord& record : journal.points) {
        Entry& entry = entries_[find_or_add(record.point)];
        if (entry.recorded && !counts_more(record, entry.record)) continue;
        entry.record = record;
        entry.recorded = true;
    }
    name_machines();
    // Groups are numbered by name, so that the order of the journal's lines decides nothing.
    std::map<std::string, std::size_t> groups;
    for (const RoundRecord& round : journal.rounds) groups.emplace(round.group, 0);
    for (auto& [name, number] : groups) {
        number = groups_.size();
        groups_.push_back(name);
    }
    marks_.reserve(journal.rounds.size());
    const std::map<Stratum, int> strata = number_strata(journal.rounds);
    for (const RoundRecord& round : journal.rounds) {
        const RoundKey key{.group = groups.at(round.group),
                           .stratum = strata.at({round.group, round.run, round.stratum}),
                           .round = round.round};
        marks_.push_back({.load_1min = round.load_1min,
                          .foreign_load = round.foreign_load,
                          .steal_s = round.steal_s,
                          .disturbed = round.disturbed,
                          .changed = round.changed});
        for (const Sample& sample : round.samples) {
            RoundSample& added = entries_[find_or_add(sample.point)].samples.emplace_back(
                RoundSample{.key = key, .sample = sample, .marks = marks_.size() - 1});
            added.sample.point.clear();
        }
    }
    for (Entry& entry : entries_) {
        std::ranges::stable_sort(entry.samples, {}, &RoundSample::key);
    }
}

/// Every entry gets the limits of its own run: those of a merged file differ from source to source.
void RecordSet::name_machines() {
    const auto machine_of = [&](const auto& run) {
        return std::make_shared<const MachineLimits>(MachineLimits{.values = run.limits,
                                                                   .cold_cache = run_.protocol.cold_cache,
                                                                   .processors = processors_of(run.environment)});
    };
    const auto of_run = machine_of(run_);
    std::map<std::string, std::shared_ptr<const MachineLimits>> of_source;
    for (const SourceRecord& source : run_.sources) of_source.emplace(source.id, machine_of(source));
    for (Entry& entry : entries_) {
        const auto found = of_source.find(entry.record.run);
        entry.machine = found == of_source.end() ? of_run : found->second;
    }
}

std::size_t RecordSet::find_or_add(const std::string& id) {
    const auto [place, added] = index_.try_emplace(id, entries_.size());
    if (added) {
        Entry entry;
        entry.id = id;
        try {
            entry.point = fields_.point_from_id(id);
        } catch (const UsageError&) {
            entry.resolved = false;  // a skipped point that no problem corresponds to: kept, with its reason
        }
        entries_.push_back(std::move(entry));
    }
    return place->second;
}

const PartView& RecordSet::part(std::string_view name) const {
    std::vector<std::string> known;
    for (const PartView& view : parts_) {
        if (view.record.name == name) return view;
        known.push_back(view.record.name);
    }
    throw UsageError(unknown_name("part", name, known));
}

std::string RecordSet::parts_of(std::size_t entry) const {
    std::string names;
    for (const PartView& view : parts_) {
        if (std::ranges::find(view.entries, entry) == view.entries.end()) continue;
        if (!names.empty()) names += '+';
        names += view.record.name.empty() ? "main" : view.record.name;
    }
    return names;
}

}  // namespace headcount
