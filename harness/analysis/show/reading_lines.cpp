// One line a reading: how it came out, and in how many combinations where they differ.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "harness/analysis/show/answer.hpp"
#include "harness/analysis/show/words.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

/// Claims whose ids begin alike, the first of them leading: R4, R4.law, R4.work.
struct Reading {
    std::string name;
    std::vector<const Verdict*> claims;
};

std::string prefix_of(const std::string& id) { return id.substr(0, id.find('.')); }

std::vector<Reading> readings_of(const std::vector<Verdict>& verdicts) {
    std::vector<Reading> readings;
    for (const Verdict& v : verdicts) {
        if (!v.summary) continue;
        const bool alone = !v.exact;
        const std::string name = alone ? v.claim : prefix_of(v.claim);
        const auto known = std::ranges::find_if(
            readings, [&](const Reading& r) { return !alone && r.name == name && r.claims.front()->exact; });
        if (known == readings.end()) {
            readings.push_back({.name = name, .claims = {&v}});
        } else {
            known->claims.push_back(&v);
        }
    }
    return readings;
}

std::string status_word(const Verdict& v) {
    return v.as_expected() ? std::string(to_string(v.status)) : fmt::format("{} (!)", to_string(v.status));
}

/// At most `room` bytes, dots in place of what is left out: of whole words, where a word fits.
std::string cut(const std::string& text, std::size_t room) {
    if (text.size() <= room) return text;
    std::size_t end = room < 3 ? 0 : room - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // a whole UTF-8 character
    if (const std::size_t space = text.rfind(' ', end); space != std::string::npos && space > 0) end = space;
    return text.substr(0, end) + "...";
}

/// Which of the other claims of the reading are not simply supported.
std::string others_text(const Reading& reading) {
    const Verdict& lead = *reading.claims.front();
    std::map<std::string, std::vector<std::string>> named;
    for (const Verdict* v : reading.claims) {
        if (v != &lead && (v->status != Status::supported || !v->as_expected()))
            named[status_word(*v)].push_back(v->claim);
    }
    std::string text;
    constexpr std::size_t kNamed = 2;
    for (auto& [status, ids] : named) {
        if (ids.size() > kNamed) {
            const std::size_t more = ids.size() - kNamed;
            ids.resize(kNamed);
            ids.push_back(fmt::format("{} more", more));
        }
        text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", status, listed(ids));
    }
    return text.empty() ? text : fmt::format(" [also {}]", text);
}

std::string finding_of(const Reading& reading) {
    const Verdict& lead = *reading.claims.front();
    if (lead.open()) return fmt::format(": {} points missing", lead.unfinished);
    if (!lead.exact) {
        if (lead.worst && lead.worst->cases > 1) {
            return fmt::format(": {} {:.4g} times at {}", lead.worst->below ? "down to" : "up to",
                               lead.worst->ratio.estimate, lead.worst->label);
        }
        if (lead.observed.empty()) return ": " + lead.reason;
        std::string ratio = lead.observed.substr(0, lead.observed.find(" ("));  // without the rounds
        if (const std::size_t at = ratio.find(" at "); at != std::string::npos) ratio.insert(at, " times");
        return ": " + ratio;
    }
    if (lead.status == Status::supported && lead.as_expected()) return {};
    const auto law = std::ranges::find_if(reading.claims, [&](const Verdict* v) {
        return v->claim == lead.claim + ".law" && v->status == Status::supported;
    });
    if (law != reading.claims.end()) return ". Instead: " + (*law)->says;
    return ": " + (lead.observed.empty() ? lead.reason : lead.observed);
}

/// Of the ratio that the finding names.
std::string interval_of(const Verdict& lead) {
    const Interval& shown = lead.worst && lead.worst->cases > 1 ? lead.worst->ratio : lead.interval;
    return lead.exact || !shown.bounded() ? "" : fmt::format(" [{:.4g}, {:.4g}]", shown.low, shown.high);
}

/// What a line says of a reading, in its pieces.
struct Line {
    std::string head, says, finding, interval, end;
    std::string rest() const { return says + finding + interval + end; }
};

Line line_of(const std::vector<Verdict>& verdicts, const Reading& reading, std::size_t width) {
    const Verdict& lead = *reading.claims.front();
    const std::string count = lead.exact ? "" : tally(verdicts, lead);
    return {.head = fmt::format("{:<{}} {:<12} ", printable(reading.name), width, status_word(lead)),
            .says = printable(lead.says),
            .finding = printable(finding_of(reading)),
            .interval = interval_of(lead),
            .end = (count.empty() ? "" : "; " + count) + printable(others_text(reading))};
}

/// The whole on one line of kLineWidth. How it came out matters more than all of what is claimed, which the config has.
std::string shortened(Line line) {
    constexpr std::size_t kEnough = 30;
    const auto left = [&] {
        const std::size_t used = line.head.size() + line.finding.size() + line.interval.size() + line.end.size();
        return kLineWidth > used ? kLineWidth - used : 0;
    };
    if (left() < std::min(kEnough, line.says.size())) line.interval.clear();
    std::string says = cut(line.says, left());
    if (says.ends_with("...") && line.finding.starts_with('.')) says.pop_back();
    const std::size_t room =
        kLineWidth - std::min(kLineWidth, line.head.size() + line.interval.size() + line.end.size());
    return cut(line.head + cut(says + line.finding, room) + line.interval + line.end, kLineWidth);
}

/// Each on one line; the first that do not fit get a second as long as there is room.
std::vector<std::string> printed(const std::vector<Line>& lines, std::size_t room) {
    std::vector<std::string> out;
    std::size_t spare = room - std::min(room, lines.size());
    for (const Line& line : lines) {
        std::string text = line.head + wrapped(line.rest(), line.head.size()).substr(line.head.size());
        text.pop_back();  // the line break at the end
        const auto more = static_cast<std::size_t>(std::ranges::count(text, '\n'));
        if (more > spare) text = shortened(line), spare += more;
        spare -= more;
        out.push_back(text);
    }
    return out;
}

bool unanimous(const std::vector<Verdict>& verdicts, const Reading& reading) {
    return std::ranges::all_of(reading.claims, [&](const Verdict* v) {
        return v->as_expected() && v->status != Status::inconclusive &&
               !tally(verdicts, *v).starts_with("supported in") && !tally(verdicts, *v).starts_with("refuted in");
    });
}

/// Readings that came out alike on one line, the others alone as long as there is room.
std::vector<std::string> grouped(const std::vector<Verdict>& verdicts, const std::vector<Reading>& readings,
                                 std::size_t room, std::size_t width) {
    std::vector<Line> lines;
    std::map<std::string, std::vector<std::string>> names;
    std::set<std::string> words;  // each may need a line that readings share
    for (const Reading& reading : readings) words.insert(status_word(*reading.claims.front()));
    for (const Reading& reading : readings) {
        const bool alone = !unanimous(verdicts, reading) || reading.claims.front()->status == Status::refuted;
        if (alone && lines.size() + words.size() < room) {
            lines.push_back(line_of(verdicts, reading, width));
        } else {
            const Verdict& lead = *reading.claims.front();
            const bool differ = lead.agreeing < lead.combinations;
            const std::string some = differ ? fmt::format(" (in {} of {})", lead.agreeing, lead.combinations) : "";
            names[status_word(lead)].push_back(printable(reading.name) + some);
        }
    }
    std::vector<std::string> out = printed(lines, room - std::min(room, names.size()));
    for (const auto& [status, ids] : names) {
        out.push_back(cut(fmt::format("{} as well: {}", status, listed(ids)), kLineWidth));
    }
    return out;
}

}  // namespace

std::string tally(const std::vector<Verdict>& verdicts, const Verdict& summary) {
    std::map<Status, int> counts;
    int above = 0, below = 0;
    for (const Verdict& v : verdicts) {
        if (v.summary || v.claim != summary.claim) continue;
        ++counts[v.status];
        if (v.status != Status::refuted || v.exact) continue;
        ++(v.interval.estimate > 1 ? above : below);
    }
    const int all = counts[Status::supported] + counts[Status::refuted] + counts[Status::inconclusive];
    if (all < 2) return {};
    if (counts[summary.status] == all && (above == 0 || below == 0)) return fmt::format("in all {} combinations", all);
    std::string text;
    for (const Status status : {Status::supported, Status::refuted, Status::inconclusive}) {
        if (counts[status] == 0) continue;
        text += fmt::format("{}{} in {}", text.empty() ? "" : ", ", to_string(status), counts[status]);
        if (status == Status::refuted && above > 0 && below > 0) {
            const bool time = summary.metric == "time";
            text += fmt::format(" ({} {}, {} {})", above, time ? "slower" : "more", below, time ? "faster" : "less");
        }
    }
    return text + fmt::format(" of {} combinations", all);
}

std::string tallied(const std::vector<Verdict>& verdicts, const Verdict& summary) {
    const std::string how = tally(verdicts, summary);
    std::string status(to_string(summary.status));
    if (how.empty()) return status;
    return how.starts_with("in all") ? status + " " + how : how;
}

std::vector<std::string> reading_lines(const std::vector<Verdict>& verdicts, std::size_t room) {
    const std::vector<Reading> readings = readings_of(verdicts);
    std::size_t width = 4;
    constexpr std::size_t kWidest = 18;
    for (const Reading& reading : readings) width = std::max(width, std::min(kWidest, reading.name.size()));
    if (readings.size() > room) return grouped(verdicts, readings, room, width);
    std::vector<Line> lines;
    for (const Reading& reading : readings) lines.push_back(line_of(verdicts, reading, width));
    return printed(lines, room);
}

}  // namespace headcount
