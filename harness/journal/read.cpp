// Reading a journal: checksums, versions, duplicates; a damaged line costs itself and nothing else.
#include <fstream>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/checksum.hpp"
#include "harness/journal/head_study.hpp"
#include "harness/journal/journal.hpp"
#include "harness/journal/json.hpp"
#include "harness/journal/line.hpp"
#include "harness/journal/pruning_study.hpp"

namespace headcount {
namespace {

// A run record with a thousand points is some 100 kB; a million points, 100 MB. More is not ours.
constexpr std::size_t kMaxLineBytes = std::size_t{1} << 28U;

class Scan {
public:
    explicit Scan(std::string name) : name_(std::move(name)) {}

    void line(std::int64_t number, const std::string& text) {
        try {
            take(number, text);
        } catch (const UsageError&) {
            throw;
        } catch (const std::exception& error) {
            warn(number, fmt::format("is damaged and was left out ({})", error.what()));
        }
    }
    void warn(std::int64_t number, const std::string& what) {
        journal_.warnings.push_back(fmt::format("{}:{}: {}", name_, number, what));
    }
    bool has_run() const { return has_run_; }
    Journal take_journal() {
        for (const auto& [kind, lines] : journal_.passed_over) {
            journal_.warnings.push_back(
                fmt::format("{}: {} {} of kind '{}', which this program does not know: passed over; read them with the "
                            "version of headcount that wrote them, or a newer one",
                            name_, lines, lines == 1 ? "line is" : "lines are", kind));
        }
        return std::move(journal_);
    }

private:
    void take(std::int64_t number, const std::string& text) {
        const Json json = parse_line(text);
        const int version = json.value("schema_version", 0);
        if (version > kSchemaVersion) {
            throw UsageError(
                fmt::format("{}:{}: schema version {} is newer than the {} this program knows; "
                            "read it with the version of headcount that wrote it, or a newer one",
                            name_, number, version, kSchemaVersion));
        }
        const auto kind = json.value("kind", std::string{});
        if (kind == "run") {
            take_run(number, json);
        } else if (kind == "resume") {
            take_resume(number, json);
        } else if (kind == "round") {
            take_round(number, json);
        } else if (kind == "tuning") {
            take_tuning(number, json);
        } else if (kind == "point") {
            take_point(number, json);
        } else if (kind.empty()) {
            throw Error("it does not say its kind");
        } else if (is_ours(number, json.value("run", std::string{}))) {
            ++journal_.passed_over[kind];
        }
    }
    void take_run(std::int64_t number, const Json& json) {
        if (has_run_) return warn(number, "is a second run record and was left out");
        from_json(json, journal_.run);
        runs_.insert(journal_.run.run);
        for (const SourceRecord& source : journal_.run.sources) runs_.insert(source.id);
        has_run_ = true;
    }
    bool is_ours(std::int64_t number, const std::string& run) {
        if (has_run_ && runs_.contains(run)) return true;
        warn(number, fmt::format("belongs to run '{}', which this file does not describe, and was left out", run));
        return false;
    }
    void take_resume(std::int64_t number, const Json& json) {
        ResumeRecord resume;
        from_json(json, resume);
        if (!is_ours(number, resume.run)) return;
        // What was installed between two sittings is a fact of the run from then on.
        for (const auto& [name, value] : resume.installed) journal_.run.environment[name] = value;
        journal_.resumes.push_back(std::move(resume));
    }
    void take_round(std::int64_t number, const Json& json) {
        RoundRecord round;
        from_json(json, round);
        if (!is_ours(number, round.run)) return;
        if (round.samples.empty()) throw Error("a round without samples");
        for (const Sample& sample : round.samples) {
            if (!(sample.wall_s > 0) || sample.iterations < 1 || sample.point.empty()) {
                throw Error("a sample without point, time or iterations");
            }
        }
        if (!rounds_seen_.emplace(round.run, round.group, round.round).second) {
            return warn(number, fmt::format("repeats round {} of {} and was left out", round.round, round.group));
        }
        journal_.rounds.push_back(std::move(round));
    }
    void take_tuning(std::int64_t number, const Json& json) {
        TuningRecord tuning;
        from_json(json, tuning);
        if (!is_ours(number, tuning.run)) return;
        if (tuning.point.empty() || !(tuning.learning_rate > 0)) throw Error("a tuning without point or choice");
        if (!tunings_seen_.emplace(tuning.run, tuning.point).second) {
            return warn(number, fmt::format("repeats the tuning of {} and was left out", tuning.point));
        }
        journal_.tunings.push_back(std::move(tuning));
    }
    void take_point(std::int64_t number, const Json& json) {
        PointRecord point;
        from_json(json, point);
        if (!is_ours(number, point.run)) return;
        if (point.point.empty()) throw Error("a point without id");
        const auto [place, is_new] = points_seen_.try_emplace({point.run, point.point}, journal_.points.size());
        if (is_new) {
            journal_.points.push_back(std::move(point));
            return;
        }
        PointRecord& earlier = journal_.points[place->second];
        if (!goes_beyond(earlier, point)) {
            return warn(number, fmt::format("repeats point {} and was left out", point.point));
        }
        earlier = std::move(point);
    }

    /// More rounds under a larger budget or beside a point that joined; a point that was skipped or had failed, tried
    /// again.
    static bool goes_beyond(const PointRecord& earlier, const PointRecord& later) {
        if (earlier.outcome == Outcome::measured) {
            return later.outcome == Outcome::measured && later.rounds > earlier.rounds;
        }
        if (earlier.outcome == Outcome::counted) return false;
        return later.outcome != earlier.outcome || later.reason != earlier.reason || later.bound != earlier.bound;
    }

    std::string name_;
    Journal journal_;
    bool has_run_ = false;
    std::set<std::string> runs_;  // that lines may name: the file's own, and those it was merged from
    std::set<std::pair<std::string, std::string>> tunings_seen_;
    std::set<std::tuple<std::string, std::string, int>> rounds_seen_;
    std::map<std::pair<std::string, std::string>, std::size_t> points_seen_;  // run and id, where it stands
};

}  // namespace

std::string_view without_line_end(std::string_view text) {
    while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
    return text;
}

bool is_whole_line(std::string_view text) {
    try {
        parse_line(text);
    } catch (const std::exception&) {
        return false;
    }
    return true;
}

Json parse_line(std::string_view text) {
    text = without_line_end(text);
    if (text.size() > kMaxLineBytes) throw Error("longer than any record");
    if (text.size() <= kChecksumTail.size() + 8) throw Error("too short");
    const std::size_t tail = text.size() - kChecksumTail.size() - 8 - 2;
    if (text.substr(tail, kChecksumTail.size()) != kChecksumTail || text.substr(text.size() - 2) != "\"}") {
        throw Error("no checksum at its end");
    }
    const std::string content = std::string(text.substr(0, tail)) + "}";
    if (hex(crc32c(content), 8) != text.substr(tail + kChecksumTail.size(), 8)) throw Error("its checksum is wrong");
    Json json = Json::parse(content);
    if (!json.is_object()) throw Error("not an object");
    return json;
}

std::optional<Journal> read_unfinished_journal(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        throw UsageError(fmt::format("{}: is a directory; name the .jsonl file in it", path.string()));
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) throw UsageError(fmt::format("{}: cannot be read; is the path right?", path.string()));
    Scan scan(path.string());
    std::string text;
    std::int64_t number = 0;
    while (std::getline(file, text)) {
        ++number;
        if (number == 1 && text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
        if (without_line_end(text).empty()) continue;  // an editor's
        if (file.eof() && !is_whole_line(text)) {      // no line end behind it
            scan.warn(number, fmt::format("the last line is torn ({} bytes) and was left out", text.size()));
            break;
        }
        scan.line(number, text);
    }
    if (scan.has_run()) return scan.take_journal();
    const bool only_a_torn_run = number <= 1 && (text.starts_with(kRunStart) || kRunStart.starts_with(text));
    if (only_a_torn_run) return std::nullopt;
    if (is_head_study(path) || is_pruning_study(path)) {
        throw UsageError(
            fmt::format("{}: a study of heads, which has no points; `headcount heads` says what came out, "
                        "`headcount plot` and `headcount export` take it as well",
                        path.string()));
    }
    const Journal journal = scan.take_journal();
    throw UsageError(fmt::format("{}: no readable run record, so this is not a journal of headcount{}", path.string(),
                                 journal.warnings.empty() ? "" : "; " + journal.warnings.front()));
}

Journal read_journal(const std::filesystem::path& path) {
    auto journal = read_unfinished_journal(path);
    if (!journal) {
        throw UsageError(fmt::format("{}: holds no run yet; `headcount run` writes one", path.string()));
    }
    return std::move(*journal);
}

}  // namespace headcount
