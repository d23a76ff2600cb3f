// A journal that went through another system or an editor: other line ends, a mark before it, no last line end.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/journal/journal.hpp"
#include "harness/journal/line_file.hpp"
#include "harness/journal/set_aside.hpp"
#include "tests/catch.hpp"
#include "tests/journal/records.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using headcount::testing::Scratch;
namespace fs = std::filesystem;

namespace {

std::string whole_text(const std::string& end) {
    return journal_line(sample_run()) + end + journal_line(sample_round(0)) + end + journal_line(sample_round(1)) +
           end + journal_line(sample_point()) + end;
}

void write_text(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Travelled {
    std::string how, text;
};

std::vector<Travelled> travelled() {
    const std::string unix_text = whole_text("\n"), windows_text = whole_text("\r\n");
    const std::string mark = "\xEF\xBB\xBF";
    std::string mixed = windows_text;
    mixed.erase(mixed.find('\r'), 1);
    return {{"as it was written", unix_text},
            {"line ends of Windows", windows_text},
            {"line ends of both kinds", mixed},
            {"a byte order mark", mark + unix_text},
            {"a byte order mark and line ends of Windows", mark + windows_text},
            {"no last line end", unix_text.substr(0, unix_text.size() - 1)},
            {"half of the last line end of Windows", windows_text.substr(0, windows_text.size() - 1)},
            {"no last line end, Windows", windows_text.substr(0, windows_text.size() - 2)},
            {"empty lines at the end", unix_text + "\n\n"},
            {"empty lines at the end, Windows", windows_text + "\r\n\r\n"}};
}

}  // namespace

TEST_CASE("a journal that travelled is read whole, and a writer goes on behind it") {
    for (const auto& [how, text] : travelled()) {
        INFO(how);
        const Scratch scratch;
        write_text(scratch.file(), text);
        const Journal before = read_journal(scratch.file());
        CHECK(before.warnings.empty());
        CHECK(before.rounds.size() == 2);
        CHECK(before.points.size() == 1);
        {
            JournalWriter writer(scratch.file());
            CHECK(writer.torn_bytes() == 0);
            writer.append(sample_round(2));
        }
        CHECK(text_of(scratch.file()).starts_with(text));  // nothing that was there is touched
        const Journal after = read_journal(scratch.file());
        CHECK(after.warnings.empty());
        CHECK(after.rounds.size() == 3);
        CHECK(after.rounds.back().round == 2);
    }
}

TEST_CASE("what is torn or damaged is left out still, whatever ends the lines") {
    for (const std::string end : {"\n", "\r\n"}) {
        const Scratch scratch;
        const std::string text = whole_text(end);
        write_text(scratch.file(), text.substr(0, text.size() - end.size() - 1));
        const Journal torn = read_journal(scratch.file());
        CHECK(torn.points.empty());
        REQUIRE(torn.warnings.size() == 1);
        CHECK(contains(torn.warnings[0], "torn"));
        {
            const JournalWriter writer(scratch.file());
            CHECK(writer.torn_bytes() > 0);
        }
        std::string damaged = text;
        damaged[text.find("\"round\":0")] = '\'';
        write_text(scratch.file(), damaged);
        const Journal left = read_journal(scratch.file());
        CHECK(left.rounds.size() == 1);
        REQUIRE(left.warnings.size() == 1);
        CHECK(contains(left.warnings[0], "damaged"));
    }
}

TEST_CASE("setting aside again and again loses nothing") {
    const Scratch scratch;
    CHECK(set_aside(scratch.file()).empty());
    std::vector<fs::path> aside;
    for (const std::string text : {"first", "second", "third"}) {
        write_text(scratch.file(), text);
        aside.push_back(set_aside(scratch.file()));
        CHECK_FALSE(fs::exists(scratch.file()));
    }
    CHECK(aside[0] == scratch.file().string() + ".old");
    CHECK(text_of(aside[0]) == "first");
    CHECK(text_of(aside[1]) == "second");
    CHECK(text_of(aside[2]) == "third");
}

TEST_CASE("a later record of a point replaces an earlier one that was skipped or had failed, no other") {
    const auto points_after = [](PointRecord first, PointRecord second) {
        const Scratch scratch;
        write_text(scratch.file(),
                   journal_line(sample_run()) + "\n" + journal_line(first) + "\n" + journal_line(second) + "\n");
        return read_journal(scratch.file());
    };
    PointRecord measured = sample_point();
    measured.outcome = Outcome::measured;
    measured.stopped_because = "max_rounds";
    PointRecord failed = measured;
    failed.outcome = Outcome::failed;
    failed.reason = "timed out: no answer within 3 s";
    failed.stopped_because = "timeout_s";
    failed.bound = 3;
    PointRecord later = failed;
    later.bound = 5;
    CHECK(points_after(failed, measured).points[0].outcome == Outcome::measured);
    CHECK(points_after(failed, measured).warnings.empty());
    CHECK(points_after(failed, later).points[0].bound == 5);
    CHECK(points_after(failed, failed).warnings.size() == 1);
    CHECK(points_after(measured, failed).points[0].outcome == Outcome::measured);
    CHECK(points_after(measured, failed).warnings.size() == 1);
    PointRecord more = measured;
    more.rounds += 10;
    CHECK(points_after(measured, more).points[0].rounds == more.rounds);
    CHECK(points_after(more, measured).points[0].rounds == more.rounds);
}
