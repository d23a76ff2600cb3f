// Writing a journal: every kind of record as its line.
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "harness/journal/checksum.hpp"
#include "harness/journal/journal.hpp"
#include "harness/journal/json.hpp"
#include "harness/journal/line.hpp"

namespace headcount {
std::string framed_line(std::string_view kind, const Json& record) {
    const std::string body = to_line(record);
    std::string content = fmt::format(R"({{"kind":"{}",{})", kind, std::string_view(body).substr(1));
    const std::string checksum = hex(crc32c(content), 8);
    content.pop_back();
    return fmt::format("{}{}{}\"}}", content, kChecksumTail, checksum);
}

std::string journal_line(const RunRecord& run) { return framed_line("run", to_json(run)); }
std::string journal_line(const ResumeRecord& resume) { return framed_line("resume", to_json(resume)); }
std::string journal_line(const TuningRecord& tuning) { return framed_line("tuning", to_json(tuning)); }
std::string journal_line(const RoundRecord& round) { return framed_line("round", to_json(round)); }
std::string journal_line(const PointRecord& point) { return framed_line("point", to_json(point)); }

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now())); }

JournalWriter::JournalWriter(const std::filesystem::path& path) : file_(path, kRunStart, "a journal of headcount") {}

void JournalWriter::append(const RunRecord& run) { file_.append(journal_line(run) + '\n'); }
void JournalWriter::append(const ResumeRecord& resume) { file_.append(journal_line(resume) + '\n'); }
void JournalWriter::append(const TuningRecord& tuning) { file_.append(journal_line(tuning) + '\n'); }
void JournalWriter::append(const RoundRecord& round) { file_.append(journal_line(round) + '\n'); }
void JournalWriter::append(const PointRecord& point) { file_.append(journal_line(point) + '\n'); }
void JournalWriter::append(const std::vector<PointRecord>& points) {
    std::string lines;
    for (const PointRecord& point : points) lines += journal_line(point) += '\n';
    if (!lines.empty()) file_.append(lines);
}

}  // namespace headcount
