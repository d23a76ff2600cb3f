// Joins journals of one question: sources named, lines united, contradictions refused.
#include "harness/journal/merge.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/core/error.hpp"
#include "harness/core/hash.hpp"
#include "harness/journal/checksum.hpp"
#include "harness/journal/json.hpp"
#include "harness/journal/machine_kind.hpp"
#include "harness/journal/question.hpp"

namespace headcount {
namespace {

template <class T>
using ByName = std::map<std::string, T>;

std::string more(std::size_t count) { return count > 1 ? fmt::format(" (and {} more)", count - 1) : ""; }

// ---- sources ----

/// A copy of a journal is the same source, another run of the same command is not: its first line differs.
SourceRecord source_of(const RunRecord& run) {
    return {.id = fmt::format("{}-{}", run.run, hex(fnv64(journal_line(run)), 16)),
            .run = run.run,
            .shard = run.shard,
            .started = run.started,
            .command = run.command,
            .environment = run.environment,
            .limits = run.limits,
            .self_comparison = run.self_comparison};
}

/// "cpu.model X and Y": what makes two sources different kinds of machine; "" when they are one kind.
std::string other_kind(const SourceRecord& a, const SourceRecord& b) {
    const std::vector<DifferingFact> facts = differing_kind(a.environment, b.environment);
    return facts.empty() ? ""
                         : fmt::format("{} '{}' and '{}'", facts.front().name, facts.front().before, facts.front().now);
}

/// What all sources agree on as it is, anything else as "differs: X | Y".
ByName<std::string> common_environment(const ByName<SourceRecord>& sources) {
    ByName<std::set<std::string>> values;
    for (const auto& [id, source] : sources) {
        for (const auto& [key, value] : source.environment) values[key].insert(value);
    }
    constexpr std::ptrdiff_t kShown = 4;
    ByName<std::string> common;
    for (const auto& [key, all] : values) {
        const auto end = std::next(all.begin(), std::min(std::ssize(all), kShown));
        common[key] = all.size() == 1 ? *all.begin()
                                      : fmt::format("differs: {}{}", fmt::join(all.begin(), end, " | "),
                                                    std::ssize(all) > kShown ? " | ..." : "");
    }
    return common;
}

/// The best that was seen of one kind of machine; nothing where the kinds differ.
ByName<double> common_limits(const ByName<SourceRecord>& sources) {
    ByName<double> limits;
    for (const auto& [id, source] : sources) {
        if (!other_kind(sources.begin()->second, source).empty()) return {};
        for (const auto& [key, value] : source.limits) {
            const auto [place, is_new] = limits.try_emplace(key, value);
            if (!is_new) place->second = std::max(place->second, value);
        }
    }
    return limits;
}

std::string shards_text(const ByName<SourceRecord>& sources) {
    std::set<std::string> shards;
    for (const auto& [id, source] : sources) shards.insert(source.shard);
    if (shards.contains("")) return {};
    const std::string of = shards.begin()->substr(shards.begin()->find('/') + 1);
    const bool all =
        std::to_string(shards.size()) == of &&
        std::all_of(shards.begin(), shards.end(), [&](const std::string& s) { return s.ends_with("/" + of); });
    return all ? std::string() : fmt::format("{}", fmt::join(shards, ","));
}

// ---- lines ----

class Union {
public:
    void add(const MergeInput& input) {
        ByName<std::string> id_of;  // of the run that a line names
        const RunRecord& run = input.journal.run;
        if (run.sources.empty()) {
            SourceRecord source = source_of(run);
            id_of[run.run] = source.id;
            sources_.emplace(source.id, std::move(source));
        }
        for (const SourceRecord& source : run.sources) {
            id_of[source.id] = source.id;
            sources_.emplace(source.id, source);
        }
        for (ResumeRecord resume : input.journal.resumes) {
            resume.run = id_of.at(resume.run);
            resumes_.emplace(journal_line(resume), std::move(resume));
        }
        for (TuningRecord tuning : input.journal.tunings) {
            tuning.run = id_of.at(tuning.run);
            const Key key{tuning.run, tuning.point, 0};
            insert(tunings_, key, std::move(tuning), input.name, "the tuning");
        }
        for (RoundRecord round : input.journal.rounds) {
            round.run = id_of.at(round.run);
            const Key key{round.run, round.group, round.round};
            insert(rounds_, key, std::move(round), input.name, fmt::format("round {}", std::get<2>(key)));
        }
        for (PointRecord point : input.journal.points) {
            point.run = id_of.at(point.run);
            const Key key{point.run, point.point, 0};
            insert(points_, key, std::move(point), input.name, "the record");
        }
    }

    Journal finish(const RunRecord& first) {
        check_kinds();
        Journal merged;
        merged.run = first;
        RunRecord& run = merged.run;
        run.sources.clear();
        run.command.clear();
        std::string ids;
        for (const auto& [id, source] : sources_) {
            run.sources.push_back(source);
            run.command.insert(run.command.end(), source.command.begin(), source.command.end());
            run.started = ids.empty() ? source.started : std::min(run.started, source.started);
            ids += id + "\n";
        }
        run.run = "merged-" + hex(fnv64(ids), 16);
        run.environment = common_environment(sources_);
        run.limits = common_limits(sources_);
        run.self_comparison = {};
        run.shard = shards_text(sources_);
        for (auto& [line, resume] : resumes_) merged.resumes.push_back(std::move(resume));
        for (auto& [key, tuning] : tunings_) merged.tunings.push_back(std::move(tuning.record));
        for (auto& [key, round] : rounds_) merged.rounds.push_back(std::move(round.record));
        for (auto& [key, point] : points_) merged.points.push_back(std::move(point.record));
        compare_points(merged);
        tell_missing(merged);
        return merged;
    }

private:
    using Key = std::tuple<std::string, std::string, int>;
    template <class Record>
    struct From {
        Record record;
        std::string input;
    };

    template <class Record>
    static void insert(std::map<Key, From<Record>>& all, const Key& key, Record record, const std::string& input,
                       const std::string& what) {
        const auto found = all.find(key);
        if (found == all.end()) {
            all.emplace(key, From<Record>{std::move(record), input});
        } else if (journal_line(found->second.record) != journal_line(record)) {
            throw UsageError(
                fmt::format("{} and {} began as one run and went on apart from each other: {} of {} differs. "
                            "Merge only one of them",
                            found->second.input, input, what, std::get<1>(key)));
        }
    }

    void check_kinds() const {
        ByName<std::string> source_of_group;
        for (const auto& [key, round] : rounds_) {
            const auto& [id, group, number] = key;
            const auto [place, is_new] = source_of_group.try_emplace(group, id);
            if (is_new || place->second == id) continue;
            const std::string differs = other_kind(sources_.at(place->second), sources_.at(id));
            if (differs.empty()) continue;
            throw UsageError(
                fmt::format("group {} was timed on two kinds of machine or build ({}); a ratio over both "
                            "would hold for neither. Merge shards that do not overlap, or judge each "
                            "result by itself",
                            group, differs));
        }
    }

    /// Records of one point by several runs must agree on its exact counts; other differences are told.
    static void compare_points(Journal& merged) {
        ByName<const PointRecord*> first;
        for (const PointRecord& point : merged.points) {
            const auto [place, is_new] = first.try_emplace(point.point, &point);
            if (is_new) continue;
            const PointRecord& other = *place->second;
            const bool comparable = !point.counted.ops.empty() && !other.counted.ops.empty();
            if (comparable && required(point) != required(other)) {
                throw UsageError(
                    fmt::format("{}: {} and {} disagree on its exact counts, so they were not made by the "
                                "same program; measure one of them again",
                                point.point, other.run, point.run));
            }
            if (point.outcome != other.outcome) {
                merged.warnings.push_back(fmt::format("{}: {}, but {}", point.point, outcome(other), outcome(point)));
            }
        }
    }
    static std::string required(const PointRecord& point) {
        std::string text;
        for (const OpPart& part : point.counted.ops) text += part.op + part.role + to_line(to_json(part.required));
        return text;
    }
    static std::string outcome(const PointRecord& point) {
        return fmt::format("{} in {}{}{}", to_string(point.outcome), point.run, point.reason.empty() ? "" : ": ",
                           point.reason);
    }

    static void tell_missing(Journal& merged) {
        std::set<std::string> there;
        for (const PointRecord& point : merged.points) there.insert(point.point);
        std::vector<std::string> missing;
        std::set<std::string> wanted;
        for (const PartRecord& part : merged.run.parts) {
            for (const std::string& id : part.point_ids) {
                if (wanted.insert(id).second && !there.contains(id)) missing.push_back(id);
            }
        }
        if (missing.empty()) return;
        merged.warnings.push_back(fmt::format(
            "{} of {} points have no record yet: {}{}{}", missing.size(), wanted.size(), missing.front(),
            more(missing.size()),
            merged.run.shard.empty() ? "; a run was not finished" : "; present: shards " + merged.run.shard));
    }

    ByName<SourceRecord> sources_;
    ByName<ResumeRecord> resumes_;  // by their lines: a copy is the same resume
    std::map<Key, From<TuningRecord>> tunings_;
    std::map<Key, From<RoundRecord>> rounds_;
    std::map<Key, From<PointRecord>> points_;
};

}  // namespace

Journal merge_journals(const std::vector<MergeInput>& inputs) {
    if (inputs.empty()) throw UsageError("nothing to merge; name at least one journal");
    Union all;
    const MergeInput* first = &inputs.front();
    for (const MergeInput& input : inputs) {
        const MergeInput& front = inputs.front();
        const std::string differs = question_difference(front.name, front.journal.run, input.name, input.journal.run);
        if (!differs.empty()) {
            throw UsageError(
                fmt::format("{} and {} do not ask the same question: {}; merge only runs of one config with "
                            "one protocol",
                            front.name, input.name, differs));
        }
        all.add(input);
        const auto text = [](const MergeInput& i) {
            return std::tie(i.journal.run.config_path, i.journal.run.config_text);
        };
        if (text(input) < text(*first)) first = &input;  // not the order of the inputs decides whose comments are kept
    }
    return all.finish(first->journal.run);
}

}  // namespace headcount
