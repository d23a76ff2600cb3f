// Any bytes as a journal: read or refused with a UsageError; what was read can be written, read again and merged.
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/checksum.hpp"
#include "harness/journal/line.hpp"
#include "harness/journal/merge.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/require.hpp"

using namespace headcount;
using fuzz::require;

namespace {

/// The input with a right checksum at every line that has none: chance does not find one, so nothing behind it would
/// be tried. A line that brings one keeps it, right or wrong.
std::string with_checksums(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        if (line.ends_with('}') && line.find(kChecksumTail) == std::string_view::npos) {
            out += fmt::format("{}{}{}\"}}", line.substr(0, line.size() - 1), kChecksumTail, hex(crc32c(line), 8));
        } else {
            out += line;
        }
        if (end == std::string_view::npos) break;
        out += '\n';
        text.remove_prefix(end + 1);
    }
    return out;
}

std::string all_lines(const Journal& journal) {
    std::string text = journal_line(journal.run) + "\n";
    for (const RoundRecord& round : journal.rounds) text += journal_line(round) + "\n";
    for (const PointRecord& point : journal.points) text += journal_line(point) + "\n";
    return text;
}

Journal read_text(std::string_view text) { return read_journal(fuzz::MemoryFile(text).path()); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Journal journal;
    try {
        journal = read_text(with_checksums({reinterpret_cast<const char*>(data), size}));
    } catch (const UsageError&) {
        return 0;
    }
    const std::string lines = all_lines(journal);
    const Journal again = read_text(lines);
    require(again.warnings.empty(), "a journal that was written reads without a warning");
    require(all_lines(again) == lines, "a journal reads as it was written");
    Journal merged;
    try {
        merged = merge_journals({{.name = "a", .journal = journal}, {.name = "b", .journal = again}});
    } catch (const UsageError&) {
        return 0;
    }
    require(merged.rounds.size() == journal.rounds.size(), "no round is lost or doubled");
    require(merged.points.size() == journal.points.size(), "no point is lost or doubled");
    require(all_lines(read_text(all_lines(merged))) == all_lines(merged), "a merged journal reads as it was written");
    return 0;
}
