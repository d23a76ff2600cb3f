// The journal: one JSON line a record, append-only, written by one process, readable after any accident.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/journal/line_file.hpp"
#include "harness/journal/record.hpp"

namespace headcount {

/// What a journal holds. Rounds and points of a run are unique: of two lines for one round of a group, or for one
/// point, the first counts and the second is warned about; but a point that the budget had ended and that a later run
/// went on with has a second record of more rounds, which counts. A merged file holds several runs: they may have
/// records of the same points, and their rounds are different strata though group, stratum and round be the same
/// numbers.
struct Journal {
    RunRecord run;
    std::vector<ResumeRecord> resumes;
    std::vector<TuningRecord> tunings;  ///< one a run and point
    std::vector<RoundRecord> rounds;
    std::vector<PointRecord> points;
    /// Lines of kinds that this program does not know, whole and of this run: how many of each kind were left out.
    std::map<std::string, std::int64_t> passed_over;
    std::vector<std::string> warnings;
};

/// Throws UsageError: no such file, not a journal, no readable run record, a newer schema version. A torn
/// last line and a damaged one in the middle are left out, with a warning that gives the line's number.
Journal read_journal(const std::filesystem::path& path);

/// The same for a file that may be empty or end inside its first line: then there is no run yet.
std::optional<Journal> read_unfinished_journal(const std::filesystem::path& path);

/// One record as its line, with kind and checksum, without line end.
std::string journal_line(const RunRecord& run);
std::string journal_line(const ResumeRecord& resume);
std::string journal_line(const TuningRecord& tuning);
std::string journal_line(const RoundRecord& round);
std::string journal_line(const PointRecord& point);

/// The only writer of a journal (line_file.hpp).
class JournalWriter {
public:
    /// Throws UsageError when another process writes here (and names it) or when the file is something else than a
    /// journal, Error when it cannot be written.
    explicit JournalWriter(const std::filesystem::path& path);

    void append(const RunRecord& run);
    void append(const ResumeRecord& resume);
    void append(const TuningRecord& tuning);
    void append(const RoundRecord& round);
    void append(const PointRecord& point);
    /// Several with one sync: for what costs less to do again than to sync one by one.
    void append(const std::vector<PointRecord>& points);

    /// Bytes of a torn last line that the constructor cut off.
    std::int64_t torn_bytes() const { return file_.torn_bytes(); }

private:
    LineFile file_;
};

/// "2026-03-01T12:00:00Z", now.
std::string utc_now();

}  // namespace headcount
