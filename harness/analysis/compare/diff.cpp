// Matching points, comparing their times, and what the two runs around them do not share.
#include "harness/analysis/compare/diff.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "harness/analysis/records/oversubscription.hpp"
#include "harness/analysis/records/paired_rounds.hpp"
#include "harness/analysis/verdicts/resolution.hpp"
#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"
#include "harness/journal/json.hpp"
#include "harness/stats/decision.hpp"
#include "harness/stats/paired.hpp"

namespace headcount {
namespace {

// What makes a machine; the other facts may differ on one and are listed.
constexpr std::array kMachine{"host", "cpu.model", "cpu.online", "memory.total"};
// What differs between any two moments.
constexpr std::array kMoment{"load", "memory.available", "cpu.mhz"};
constexpr std::array kBuild{"compiler", "flags", "build_type", "native", "version", "commit", "dirty"};
constexpr double kLevel = 0.05;

template <std::size_t N>
bool among(const std::array<const char*, N>& keys, const std::string& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string value_of(const RunRecord& run, const std::string& key) {
    const auto found = run.environment.find(key);
    return found == run.environment.end() ? "not recorded" : found->second;
}

void refuse_other_machines(const RunRecord& a, const RunRecord& b) {
    std::string differs;
    for (const char* key : kMachine) {
        const std::string was = value_of(a, key), is = value_of(b, key);
        if (was != is) differs += fmt::format("{}{}: {}, {}", differs.empty() ? "" : "; ", key, was, is);
    }
    if (differs.empty()) return;
    throw UsageError(
        fmt::format("diff: these results are of different machines ({}), so a difference would not speak of the "
                    "program; --across-machines compares them all the same",
                    differs));
}

std::vector<Difference> differences(const RunRecord& a, const RunRecord& b) {
    std::set<std::string> keys;
    for (const auto& [key, value] : a.environment) keys.insert(key);
    for (const auto& [key, value] : b.environment) keys.insert(key);
    std::vector<Difference> found;
    const auto add = [&](const std::string& kind, const std::string& key, const std::string& was,
                         const std::string& is) {
        if (was != is) found.push_back({.kind = kind, .key = key, .a = was, .b = is});
    };
    for (const bool build : {false, true}) {
        for (const std::string& key : keys) {
            if (among(kMoment, key) || among(kBuild, key) != build) continue;
            add(build ? "build" : "environment", key, value_of(a, key), value_of(b, key));
        }
    }
    const Json was = to_json(a.protocol), is = to_json(b.protocol);
    for (const auto& [key, value] : was.items()) add("protocol", key, value.dump(), is.at(key).dump());
    add("config", "name", a.name, b.name);
    add("config", "profile", a.profile, b.profile);
    add("config", "hash", a.config_hash, b.config_hash);
    add("config", "seed", std::to_string(a.seed), std::to_string(b.seed));
    return found;
}

void add_note(PointDiff& diff, const std::string& note) { diff.note += (diff.note.empty() ? "" : "; ") + note; }

std::string counts_note(const PointRecord& a, const PointRecord& b) {
    std::int64_t was = 0, is = 0;  // of an engine, whose work is not known, 0 on both sides
    for (const OpPart& part : a.counted.ops) was += part.executed.flops();
    for (const OpPart& part : b.counted.ops) is += part.executed.flops();
    return was == is ? std::string() : fmt::format("executes {} FLOP, was {}", is, was);
}

constexpr char kNoInterval[] = "too few rounds for an interval";

/// Of "the two medians are the same", by rank intervals with half of the level each. 1: above the highest looked at.
double unpaired_p(const std::vector<double>& was, const std::vector<double>& is) {
    constexpr double kHighest = 0.2, kLowest = 1e-9;
    const auto part = [&](double level) {
        const Interval before = median_interval(was, 1 - level / 2), after = median_interval(is, 1 - level / 2);
        return after.high < before.low || before.high < after.low;
    };
    if (!part(kHighest)) return 1;
    if (part(kLowest)) return kLowest;
    double low = std::log(kLowest), high = std::log(kHighest);
    constexpr int kHalvings = 24;
    for (int i = 0; i < kHalvings; ++i) {
        const double middle = (low + high) / 2;
        (part(std::exp(middle)) ? high : low) = middle;
    }
    return std::exp(high);
}

void compare_unpaired(PointDiff& diff, const std::vector<double>& was, const std::vector<double>& is) {
    constexpr double kEach = 1 - kLevel / 2;  // both hold together with 95 % at least
    const Interval before = median_interval(was, kEach), after = median_interval(is, kEach);
    diff.ratio = {.estimate = after.estimate / before.estimate};
    if (!before.bounded() || !after.bounded()) {
        add_note(diff, kNoInterval);
        return;
    }
    diff.ratio.low = after.low / before.high;
    diff.ratio.high = after.high / before.low;
    diff.p = unpaired_p(was, is);
}

void compare_paired(PointDiff& diff, const PairedRounds& rounds) {
    const PairedRatio ratio(rounds.value, rounds.base);
    diff.paired = true;
    diff.ratio = ratio.interval();
    if (!diff.ratio.bounded()) {
        diff.ratio = {.estimate = diff.ratio.estimate};  // the exponential of minus infinity is no bound
        add_note(diff, kNoInterval);
        return;
    }
    diff.p = std::min(1.0, 2 * std::min(ratio.p_at_least(1), ratio.p_at_most(1)));
}

PointDiff compare(const Entry& a, const Entry& b, bool one_file) {
    const std::vector<double> was = a.seconds(), is = b.seconds();
    PointDiff diff{.point = a.id,
                   .other = b.id,
                   .a_s = median(was),
                   .b_s = median(is),
                   .a_rounds = was.size(),
                   .b_rounds = is.size(),
                   .note = counts_note(a.record, b.record)};
    for (const Entry* entry : {&a, &b}) {
        const std::string mark = oversubscription(*entry);
        if (!mark.empty() && diff.note.find(mark) == std::string::npos) add_note(diff, mark);
    }
    PairedRounds rounds;
    if (one_file) rounds = paired_rounds(b, a);
    if (!rounds.value.empty()) {
        compare_paired(diff, rounds);
    } else {
        if (one_file) add_note(diff, "not paired: no round visits both (compare_by)");
        compare_unpaired(diff, was, is);
    }
    return diff;
}

/// Of n rounds the signed-rank test gives no smaller p than 2^(1 - n): how many it takes among so many points.
std::string rounds_needed(const PointDiff& point, std::size_t points) {
    const double needed = std::ceil(1 + std::log2(static_cast<double>(points) / kLevel));
    if (!point.paired || static_cast<double>(std::min(point.a_rounds, point.b_rounds)) >= needed) return {};
    return fmt::format(", which takes {:.0f} rounds for {} points", needed, points);
}

/// `told`: the smallest difference that the runs' own A/A comparisons tell.
void judge_points(Diff& diff, double margin, double told) {
    std::vector<double> p_values;
    for (const PointDiff& point : diff.points) p_values.push_back(point.p);
    const std::vector<double> adjusted = holm(p_values);
    for (std::size_t i = 0; i < diff.points.size(); ++i) {
        PointDiff& point = diff.points[i];
        point.adjusted = adjusted[i];
        if (!point.ratio.bounded()) continue;
        const bool is_same = point.ratio.low >= 1 / (1 + margin) && point.ratio.high <= 1 + margin;
        const bool differs = point.adjusted <= kLevel && !point.ratio.contains(1);
        if ((is_same && margin < told) || (!is_same && differs && std::abs(std::log(point.ratio.estimate)) < told)) {
            add_note(point, fmt::format("the run's A/A comparison tells no less than {:.2g} % apart", 100 * told));
        } else if (is_same) {
            point.change = Change::same;
        } else if (differs) {
            point.change = point.ratio.estimate < 1 ? Change::faster : Change::slower;
        } else if (point.p <= kLevel) {
            add_note(point, "different alone, not after the correction" + rounds_needed(point, p_values.size()));
        }
    }
}

void judge(Diff& diff) {
    const std::size_t faster = diff.count(Change::faster), slower = diff.count(Change::slower);
    const std::size_t same = diff.count(Change::same), all = diff.points.size();
    diff.overall = faster > 0 && slower > 0 ? "mixed"
                   : faster > 0             ? "faster"
                   : slower > 0             ? "slower"
                   : all > 0 && same == all ? "same"
                                            : "cannot tell";
    diff.overall_text = fmt::format("{}: of {} points on both sides, {} faster, {} slower, {} the same, {} cannot tell",
                                    diff.overall == "mixed" ? "faster here, slower there" : diff.overall, all, faster,
                                    slower, same, diff.count(Change::cannot_tell));
    if (diff.only_a + diff.only_b > 0) {
        diff.overall_text +=
            fmt::format("; {} timed only on the first side, {} only on the second", diff.only_a, diff.only_b);
    }
    std::vector<double> ratios;
    for (const PointDiff& point : diff.points) ratios.push_back(point.ratio.estimate);
    if (!ratios.empty()) {
        diff.ratios = {.estimate = median(ratios), .low = quantile(ratios, 0), .high = quantile(ratios, 1)};
    }
}

/// The fields that a side names, and those that follow from them.
std::set<std::string, std::less<>> named_fields(const DiffOptions& options, const FieldTable& fields) {
    std::set<std::string, std::less<>> named;
    for (const Side* side : {&options.left, &options.right}) {
        for (const auto& [field, value] : *side) {
            fields.at(field);
            named.insert(field);
        }
    }
    std::set<std::string, std::less<>> all = named;
    for (const Field& field : fields.all()) {
        const bool follows = std::ranges::any_of(named, [&](const std::string& other) {
            return field.follows_from(other) || one_sets_the_other(field.name, other);
        });
        if (follows) all.insert(field.name);
    }
    return all;
}

bool stands_on(const Side& side, const Entry& entry) {
    return std::ranges::all_of(
        side, [&](const auto& wanted) { return get_field(entry.point, wanted.first) == wanted.second; });
}

/// The timed points of a side by what identifies them to the other side.
std::map<std::string, const Entry*> side_of(const RecordSet& records, const Side& side,
                                            const std::set<std::string, std::less<>>& named, const char* option) {
    std::map<std::string, const Entry*> found;
    for (const Entry& entry : records.entries()) {
        if (entry.samples.empty() || !entry.resolved || !stands_on(side, entry)) continue;
        std::string key;
        for (const Field& field : records.fields().all()) {
            if (!named.contains(field.name))
                key += fmt::format("{}={},", field.name, get_field(entry.point, field.name));
        }
        const auto [place, is_new] = found.emplace(key, &entry);
        if (!is_new) {
            throw UsageError(
                fmt::format("diff: {} and {} could both stand for one point of the other side; let {} name "
                            "the fields in which they differ",
                            place->second->id, entry.id, option));
        }
    }
    if (found.empty() && !side.empty()) {
        const auto& [field, value] = *side.begin();
        throw UsageError(fmt::format("diff: no timed point has {}={}; see `headcount table`", field, value));
    }
    return found;
}

Diff diff_records(const RecordSet& a, const RecordSet& b, bool one_file, const DiffOptions& options) {
    const auto named = named_fields(options, a.fields());
    const auto lefts = side_of(a, options.left, named, "--left"), rights = side_of(b, options.right, named, "--right");
    std::map<const Entry*, const Entry*> matches;
    for (const auto& [key, left] : lefts) {
        const auto right = rights.find(key);
        if (right != rights.end()) matches.emplace(left, right->second);
    }
    Diff diff;
    for (const Entry& entry : a.entries()) {
        const auto match = matches.find(&entry);
        if (match != matches.end()) diff.points.push_back(compare(entry, *match->second, one_file));
    }
    diff.only_a = lefts.size() - matches.size();
    diff.only_b = rights.size() - matches.size();
    judge_points(diff, options.margin, std::max(resolution_of(a.run()).margin, resolution_of(b.run()).margin));
    judge(diff);
    return diff;
}

}  // namespace

std::string_view to_string(Change change) {
    switch (change) {
        case Change::faster: return "faster";
        case Change::slower: return "slower";
        case Change::same: return "same";
        case Change::cannot_tell: return "cannot tell";
    }
    return "";
}

std::string_view to_string(Relation relation) {
    switch (relation) {
        case Relation::two_runs: return "two runs";
        case Relation::two_sides: return "two sides of one run";
        case Relation::same_run: return "one run twice";
    }
    return "";
}

std::string Difference::text() const { return fmt::format("{}: {}: {}, {}", kind, key, a, b); }

std::size_t Diff::count(Change change) const {
    return static_cast<std::size_t>(std::ranges::count(points, change, &PointDiff::change));
}

Diff diff_journals(const Journal& a, const Journal& b, const DiffOptions& options) {
    if (!options.across_machines) refuse_other_machines(a.run, b.run);
    Diff diff = diff_records(RecordSet(a), RecordSet(b), false, options);
    diff.differs = differences(a.run, b.run);
    if (!a.run.started.empty() && a.run.run == b.run.run && a.run.started == b.run.started) {
        diff.relation = Relation::same_run;
    }
    return diff;
}

Diff diff_sides(const Journal& journal, const DiffOptions& options) {
    if (options.left.empty() || options.right.empty()) {
        throw UsageError(
            "diff: of one result two sides are compared; name them, e.g. --between variant=multi_head,streaming");
    }
    const RecordSet records(journal);
    Diff diff = diff_records(records, records, true, options);
    diff.relation = Relation::two_sides;
    return diff;
}

}  // namespace headcount
