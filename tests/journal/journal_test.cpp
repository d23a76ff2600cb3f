// The journal after every accident: torn, flipped, doubled, full, locked, removed.
#include "harness/journal/journal.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/core/error.hpp"
#include "harness/journal/checksum.hpp"
#include "tests/catch.hpp"
#include "tests/journal/records.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using headcount::testing::Scratch;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
void write_text(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// A run, two rounds, a point.
std::string whole_text() {
    return journal_line(sample_run()) + "\n" + journal_line(sample_round(0)) + "\n" + journal_line(sample_round(1)) +
           "\n" + journal_line(sample_point()) + "\n";
}

}  // namespace

TEST_CASE("what is appended is what is read") {
    const Scratch scratch;
    {
        JournalWriter writer(scratch.dir / "deep" / "er" / "run.jsonl");
        writer.append(sample_run());
        writer.append(sample_tuning());
        writer.append(sample_round(0));
        writer.append(sample_point());
    }
    const Journal journal = read_journal(scratch.dir / "deep" / "er" / "run.jsonl");
    CHECK(journal.run.question == sample_run().question);
    CHECK(journal.run.self_comparison.wall_s == sample_run().self_comparison.wall_s);
    REQUIRE(journal.tunings.size() == 1);
    CHECK(journal_line(journal.tunings[0]) == journal_line(sample_tuning()));
    REQUIRE(journal.rounds.size() == 1);
    CHECK(journal.rounds[0].samples[0].wall_s == sample_round(0).samples[0].wall_s);
    REQUIRE(journal.points.size() == 1);
    CHECK(journal.points[0].stopped_because == "budget");
    CHECK(journal.warnings.empty());
}

TEST_CASE("the checksum is CRC-32C") {
    CHECK(crc32c("123456789") == 0xe3069283U);  // the check value of the Castagnoli polynomial
    CHECK(crc32c("") == 0);
}

TEST_CASE("a journal torn at any byte gives up its last line only, and a writer goes on behind it") {
    const Scratch scratch;
    const std::string text = whole_text();
    for (std::size_t size = 0; size < text.size(); ++size) {
        write_text(scratch.file(), text.substr(0, size));
        const bool only_its_end_is_missing = text[size] == '\n';
        const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), '\n') +
                           (only_its_end_is_missing ? 1 : 0);
        const auto journal = read_unfinished_journal(scratch.file());
        INFO("torn at byte " << size);
        REQUIRE(journal.has_value() == (lines >= 1));
        if (journal) {
            const bool torn = text[size - 1] != '\n' && !only_its_end_is_missing;
            CHECK(journal->rounds.size() + journal->points.size() + 1 == static_cast<std::size_t>(lines));
            CHECK(journal->warnings.size() == (torn ? 1U : 0U));
        }
        if (size % 17 != 0) continue;  // syncing every one would take long
        {
            JournalWriter writer(scratch.file());
            if (!journal) writer.append(sample_run());
            writer.append(sample_round(7));
        }
        const Journal after = read_journal(scratch.file());
        CHECK(after.warnings.empty());
        CHECK(after.rounds.back().round == 7);
    }
}

TEST_CASE("a flipped bit anywhere costs at most its line, and is reported with its number") {
    const Scratch scratch;
    const std::string text = whole_text();
    const auto first_line = text.find('\n');
    std::mt19937 random(1);
    for (int trial = 0; trial < 400; ++trial) {
        std::string broken = text;
        const std::size_t at = first_line + 1 + random() % (text.size() - first_line - 1);
        broken[at] = static_cast<char>(broken[at] ^ static_cast<char>(1U << (random() % 8)));
        write_text(scratch.file(), broken);
        const Journal journal = read_journal(scratch.file());
        const std::size_t read = journal.rounds.size() + journal.points.size();
        INFO("flipped at byte " << at);
        CHECK(read >= 1);  // a broken line end joins two lines
        CHECK(read <= 2);
        REQUIRE(!journal.warnings.empty());
        const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
        CHECK(contains(journal.warnings.front(), "run.jsonl:" + std::to_string(line) + ":"));
    }
}

TEST_CASE("garbage in the middle is skipped with a warning and never crashes the reader") {
    const Scratch scratch;
    std::mt19937 random(2);
    for (int trial = 0; trial < 200; ++trial) {
        std::string garbage(random() % 300, '\0');
        for (char& c : garbage) c = static_cast<char>(random() % 256);
        const std::string text = whole_text();
        const auto end = text.find('\n') + 1;
        write_text(scratch.file(), text.substr(0, end) + garbage + "\n" + text.substr(end));
        const Journal journal = read_journal(scratch.file());
        CHECK(journal.rounds.size() == 2);
        CHECK(journal.points.size() == 1);
        CHECK(journal.warnings.empty() ==
              (garbage.find_first_not_of("\r\n") == garbage.npos));  // an empty line is none
    }
}

TEST_CASE("lines that pass the checksum and make no sense are left out too") {
    const Scratch scratch;
    RoundRecord without_samples = sample_round(3);
    without_samples.samples.clear();
    RoundRecord without_time = sample_round(4);
    without_time.samples[0].wall_s = 0;
    RoundRecord of_another_run = sample_round(5);
    of_another_run.run = "run-2";
    write_text(scratch.file(), whole_text() + journal_line(without_samples) + "\n" + journal_line(without_time) + "\n" +
                                   journal_line(of_another_run) + "\n" + journal_line(sample_run()) + "\n");
    const Journal journal = read_journal(scratch.file());
    CHECK(journal.rounds.size() == 2);
    CHECK(journal.warnings.size() == 4);
}

TEST_CASE("a round or a point that stands there twice counts once") {
    const Scratch scratch;
    write_text(scratch.file(),
               whole_text() + journal_line(sample_round(1)) + "\n" + journal_line(sample_point()) + "\n");
    const Journal journal = read_journal(scratch.file());
    CHECK(journal.rounds.size() == 2);
    CHECK(journal.points.size() == 1);
    CHECK(journal.warnings.size() == 2);
}

TEST_CASE("a tuning that stands there twice counts once; one without a choice is damage") {
    const Scratch scratch;
    const fs::path path = scratch.dir / "twice.jsonl";
    TuningRecord none = sample_tuning("a/b/q_len=2");
    none.learning_rate = 0;
    write_text(path, whole_text() + journal_line(sample_tuning()) + "\n" + journal_line(sample_tuning()) + "\n" +
                         journal_line(none) + "\n");
    const Journal journal = read_journal(path);
    CHECK(journal.tunings.size() == 1);
    REQUIRE(journal.warnings.size() == 2);
    CHECK(contains(journal.warnings[0], "repeats the tuning of a/b/q_len=1"));
    CHECK(contains(journal.warnings[1], "without point or choice"));
}

TEST_CASE("a point that went on after its budget has one record, the one of more rounds") {
    const Scratch scratch;
    PointRecord ended = sample_point();
    ended.rounds = 7;
    ended.stopped_because = "budget";
    PointRecord longer = ended;
    longer.rounds = 20;
    longer.stopped_because = "target_rel_ci";
    const std::string start = journal_line(sample_run()) + "\n";
    const std::string resume = journal_line(sample_resume()) + "\n";
    write_text(scratch.file(), start + journal_line(ended) + "\n" + resume + journal_line(longer) + "\n");
    const Journal journal = read_journal(scratch.file());
    CHECK(journal.warnings.empty());
    REQUIRE(journal.points.size() == 1);
    CHECK(journal.points[0].rounds == 20);
    REQUIRE(journal.resumes.size() == 1);
    CHECK(journal_line(journal.resumes[0]) == journal_line(sample_resume()));
    // What ended for another reason, or has no more rounds, is a repetition.
    write_text(scratch.file(), start + journal_line(longer) + "\n" + journal_line(ended) + "\n");
    CHECK(read_journal(scratch.file()).points[0].rounds == 20);
    CHECK(read_journal(scratch.file()).warnings.size() == 1);
    write_text(scratch.file(), start + journal_line(ended) + "\n" + journal_line(ended) + "\n");
    CHECK(read_journal(scratch.file()).warnings.size() == 1);
}

TEST_CASE("a newer schema version is refused with what to do") {
    const Scratch scratch;
    RoundRecord newer = sample_round(2);
    newer.schema_version = kSchemaVersion + 1;
    write_text(scratch.file(), whole_text() + journal_line(newer) + "\n");
    CHECK_THROWS_AS(read_journal(scratch.file()), UsageError);
    const std::string message = message_of([&] { read_journal(scratch.file()); });
    CHECK(contains(message, "run.jsonl:5:"));
    CHECK(contains(message, "newer"));
}

TEST_CASE("lines of a kind that is not known are passed over and counted, damaged ones are damage") {
    const Scratch scratch;
    const auto line_of = [](const std::string& content) {
        return content.substr(0, content.size() - 1) + R"(,"crc32c":")" + hex(crc32c(content), 8) + "\"}\n";
    };
    const std::string curve = line_of(R"({"kind":"curve","schema_version":1,"run":"run-1","loss":[3.0,2.0]})");
    std::string flipped = curve;
    flipped[flipped.find("3.0")] = '4';
    write_text(scratch.file(), whole_text() + curve + curve + flipped + journal_line(sample_round(2)) + "\n");
    const Journal journal = read_journal(scratch.file());
    CHECK(journal.rounds.size() == 3);
    CHECK(journal.points.size() == 1);
    CHECK(journal.passed_over == std::map<std::string, std::int64_t>{{"curve", 2}});
    REQUIRE(journal.warnings.size() == 2);
    CHECK(contains(journal.warnings[0], ":7: is damaged"));
    CHECK(contains(journal.warnings[1], "2 lines are of kind 'curve'"));
    // A writer goes on behind them, and leaves them as they are.
    JournalWriter(scratch.file()).append(sample_round(3));
    CHECK(read_journal(scratch.file()).passed_over.at("curve") == 2);
}

TEST_CASE("a line of a kind that is not known and of a run that is not here is left out with a warning") {
    const Scratch scratch;
    const std::string content = R"({"kind":"curve","schema_version":1,"run":"run-2"})";
    write_text(scratch.file(), whole_text() + content.substr(0, content.size() - 1) + R"(,"crc32c":")" +
                                   hex(crc32c(content), 8) + "\"}\n");
    const Journal journal = read_journal(scratch.file());
    CHECK(journal.passed_over.empty());
    REQUIRE(journal.warnings.size() == 1);
    CHECK(contains(journal.warnings[0], "belongs to run 'run-2'"));
}

TEST_CASE("what is not a journal is refused by reader and writer, and left as it is") {
    const Scratch scratch;
    for (const std::string text : {"hello\n", "no line end", "{\"kind\":\"round\"}\n", "\n"}) {
        write_text(scratch.file(), text);
        CHECK_THROWS_AS(read_journal(scratch.file()), UsageError);
        CHECK_THROWS_AS(JournalWriter(scratch.file()), UsageError);
        CHECK(text_of(scratch.file()) == text);
    }
    CHECK_THROWS_AS(read_journal(scratch.dir / "absent.jsonl"), UsageError);
    CHECK_THROWS_AS(read_journal(scratch.dir), UsageError);
}

TEST_CASE("an empty journal has no run yet") {
    const Scratch scratch;
    write_text(scratch.file(), "");
    CHECK_FALSE(read_unfinished_journal(scratch.file()).has_value());
    CHECK(contains(message_of([&] { read_journal(scratch.file()); }), "no run yet"));
}

TEST_CASE("a second writer is refused and told who holds the journal") {
    const Scratch scratch;
    const JournalWriter first(scratch.file());
    const std::string message = message_of([&] { const JournalWriter second(scratch.file()); });
    CHECK(contains(message, "is writing here"));
    CHECK(contains(message, "process " + std::to_string(::getpid())));
}

TEST_CASE("a file that was removed or changed behind the writer's back stops it with a message") {
    const Scratch scratch;
    {
        JournalWriter writer(scratch.file());
        writer.append(sample_run());
        fs::remove(scratch.file());
        CHECK(contains(message_of([&] { writer.append(sample_round()); }), "removed"));
    }
    {
        JournalWriter writer(scratch.file());
        writer.append(sample_run());
        std::ofstream(scratch.file(), std::ios::app) << "x";
        CHECK(contains(message_of([&] { writer.append(sample_round()); }), "somebody else"));
    }
}

TEST_CASE("a full disk leaves whole lines behind and the writer says so") {
    const Scratch scratch;
    JournalWriter writer(scratch.file());
    writer.append(sample_run());
    writer.append(sample_round(0));
    const std::string before = text_of(scratch.file());
    // A limit on the file's size is met like a full disk: a part of the line is written, then EFBIG.
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlimit small{.rlim_cur = before.size() + 100, .rlim_max = limit.rlim_max};
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const std::string message = message_of([&] { writer.append(sample_round(1)); });
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    std::signal(SIGXFSZ, old_handler);
    CHECK(contains(message, "Everything up to its last line is complete"));
    CHECK(text_of(scratch.file()) == before);
    writer.append(sample_round(1));  // there is room again
    CHECK(read_journal(scratch.file()).rounds.size() == 2);
}

TEST_CASE("a directory that cannot be written gives a message that names the file") {
    const std::string message = message_of([&] { const JournalWriter writer("/proc/self/nothing/run.jsonl"); });
    CHECK(contains(message, "/proc/self/nothing/run.jsonl"));
}

TEST_CASE("the journal of schema version 1 still loads") {
    const Journal journal = read_journal(fs::path(HEADCOUNT_FIXTURES) / "journal" / "v1.jsonl");
    CHECK(journal.warnings.empty());
    CHECK(journal.run.schema_version == 1);
    CHECK(journal.run.protocol.max_rounds == 80);
    CHECK(journal.run.limits.at("fma_gflops.f32.threads=1") > 0);
    CHECK(journal.run.self_comparison.empty());
    // Written again it is the line it was: a run's identity in merged files is a hash of it.
    CHECK(journal_line(journal.run).find("self_comparison") == std::string::npos);
    REQUIRE(journal.rounds.size() == 2);
    CHECK(journal.rounds[0].samples.size() == 4);
    REQUIRE(journal.points.size() == 4);
    CHECK(journal.points[0].outcome == Outcome::counted);
    CHECK(journal.points[3].outcome == Outcome::measured);
    CHECK(journal.points[3].breakdown.size() >= 4);
    CHECK(journal.points[3].check.done);
}
