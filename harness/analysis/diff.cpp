// Matching by point id, intervals of the ratio of two medians, and what the two environments do not share.
#include "harness/analysis/diff.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "harness/analysis/record_set.hpp"
#include "harness/core/error.hpp"

namespace headcount {
namespace {

// What makes a machine; the other facts may differ on one and are listed.
constexpr std::array kMachine{"host", "cpu.model", "cpu.online", "memory.total"};
// What differs between any two moments.
constexpr std::array kMoment{"load", "memory.available", "cpu.mhz"};
constexpr double kEach = 0.975;

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

std::vector<std::string> differences(const RunRecord& a, const RunRecord& b) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : a.environment) keys.push_back(key);
    for (const auto& [key, value] : b.environment) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::vector<std::string> lines;
    for (const std::string& key : keys) {
        if (std::find(kMoment.begin(), kMoment.end(), key) != kMoment.end()) continue;
        const std::string was = value_of(a, key), is = value_of(b, key);
        if (was != is) lines.push_back(fmt::format("{}: {}, {}", key, was, is));
    }
    if (!(a.protocol == b.protocol)) lines.emplace_back("protocol: not the same");
    if (a.config_hash != b.config_hash) lines.push_back(fmt::format("config: {}, {}", a.config_hash, b.config_hash));
    return lines;
}

std::vector<double> seconds_of(const Entry& entry) {
    std::vector<double> seconds;
    for (const RoundSample& sample : entry.samples) seconds.push_back(sample.sample.wall_s);
    return seconds;
}

std::string counts_note(const PointRecord& a, const PointRecord& b) {
    std::int64_t was = 0, is = 0;
    for (const OpPart& part : a.ops) was += part.executed.flops();
    for (const OpPart& part : b.ops) is += part.executed.flops();
    return was == is ? std::string() : fmt::format("executes {} FLOP, was {}", is, was);
}

PointDiff compare(const Entry& a, const Entry& b, double margin) {
    const std::vector<double> was = seconds_of(a), is = seconds_of(b);
    const Interval before = median_interval(was, kEach), after = median_interval(is, kEach);
    PointDiff diff{.point = a.id,
                   .ratio = {.estimate = after.estimate / before.estimate},
                   .a_s = before.estimate,
                   .b_s = after.estimate,
                   .a_rounds = was.size(),
                   .b_rounds = is.size(),
                   .note = counts_note(a.record, b.record)};
    if (!before.bounded() || !after.bounded()) {
        diff.note += fmt::format("{}too few rounds for an interval", diff.note.empty() ? "" : "; ");
        return diff;
    }
    diff.ratio.low = after.low / before.high;
    diff.ratio.high = after.high / before.low;
    diff.change = diff.ratio.high < 1                                                   ? Change::faster
                  : diff.ratio.low > 1                                                  ? Change::slower
                  : diff.ratio.low >= 1 / (1 + margin) && diff.ratio.high <= 1 + margin ? Change::same
                                                                                        : Change::cannot_tell;
    return diff;
}

void judge(Diff& diff) {
    std::array<std::size_t, 4> count{};
    for (const PointDiff& point : diff.points) ++count[static_cast<std::size_t>(point.change)];
    const auto of = [&](Change change) { return count[static_cast<std::size_t>(change)]; };
    const std::size_t all = diff.points.size();
    const bool one_way = of(Change::faster) == 0 || of(Change::slower) == 0;
    if (all > 0 && of(Change::same) == all) {
        diff.overall = Change::same;
    } else if (of(Change::faster) > 0 && one_way) {
        diff.overall = Change::faster;
    } else if (of(Change::slower) > 0 && one_way) {
        diff.overall = Change::slower;
    }
    diff.overall_text = fmt::format("{}: of {} points in both, {} faster, {} slower, {} the same, {} cannot tell",
                                    one_way ? to_string(diff.overall) : "faster here, slower there", all,
                                    of(Change::faster), of(Change::slower), of(Change::same), of(Change::cannot_tell));
    if (diff.only_a + diff.only_b > 0) {
        diff.overall_text +=
            fmt::format("; {} timed only in the first, {} only in the second", diff.only_a, diff.only_b);
    }
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

Diff diff_journals(const Journal& a, const Journal& b, const DiffOptions& options) {
    if (!options.across_machines) refuse_other_machines(a.run, b.run);
    const RecordSet before(a), after(b);
    std::map<std::string, const Entry*, std::less<>> others;
    for (const Entry& entry : after.entries()) {
        if (!entry.samples.empty()) others.emplace(entry.id, &entry);
    }
    Diff diff;
    for (const Entry& entry : before.entries()) {
        if (entry.samples.empty()) continue;
        const auto other = others.find(entry.id);
        if (other == others.end()) {
            ++diff.only_a;
            continue;
        }
        diff.points.push_back(compare(entry, *other->second, options.margin));
    }
    diff.only_b = others.size() - diff.points.size();
    diff.environment = differences(a.run, b.run);
    judge(diff);
    return diff;
}

Table diff_table(const Diff& diff) {
    Table table;
    table.columns = {{.name = "point", .wraps = true},          {.name = "verdict"},
                     {.name = "B / A", .align = Align::right},  {.name = "interval", .align = Align::right},
                     {.name = "A ms", .align = Align::right},   {.name = "B ms", .align = Align::right},
                     {.name = "rounds", .align = Align::right}, {.name = "note", .wraps = true}};
    for (const PointDiff& point : diff.points) {
        table.rows.push_back(
            {point.point, std::string(to_string(point.change)), fmt::format("{:.4f}", point.ratio.estimate),
             point.ratio.bounded() ? fmt::format("{:.4f} to {:.4f}", point.ratio.low, point.ratio.high) : "none",
             fmt::format("{:.4g}", point.a_s * 1e3), fmt::format("{:.4g}", point.b_s * 1e3),
             fmt::format("{}, {}", point.a_rounds, point.b_rounds), point.note});
    }
    return table;
}

}  // namespace headcount
