// Merging journals: nothing lost, nothing doubled, nothing mixed up, whatever the order.
#include "harness/journal/merge.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <unistd.h>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"
#include "tests/journal/records.hpp"

using namespace headcount;
namespace fs = std::filesystem;

namespace {

const std::string kA = "a/b/q_len=1";
const std::string kB = "a/b/q_len=2";

/// A run of a question with two points, each a group of its own, of which `points` were run.
Journal run_of(const std::string& host, const std::vector<std::string>& points, int rounds = 2) {
    Journal journal;
    journal.run = sample_run();
    journal.run.shard.clear();
    journal.run.sources.clear();
    journal.run.run = "run-" + host;
    journal.run.started = "2026-03-01T12:00:0" + std::to_string(host.size() % 10) + "Z";
    journal.run.environment = {{"cpu.model", "a machine"}, {"host", host}};
    journal.run.parts[0].point_ids = {kA, kB};
    for (const std::string& id : points) {
        for (int number = 0; number < rounds; ++number) {
            RoundRecord round = sample_round(number);
            round.run = journal.run.run;
            round.group = "group of " + id;
            round.stratum = 0;
            round.samples[0].point = id;
            round.samples[0].wall_s = 0.1 * (number + 1) * static_cast<double>(host.size());
            journal.rounds.push_back(round);
        }
        TuningRecord tuning = sample_tuning(id);
        tuning.run = journal.run.run;
        journal.tunings.push_back(tuning);
        PointRecord point = sample_point(id);
        point.run = journal.run.run;
        journal.points.push_back(point);
    }
    return journal;
}

Journal merged(const std::vector<Journal>& journals) {
    std::vector<MergeInput> inputs;
    for (const Journal& journal : journals) {
        inputs.push_back({.name = "file " + std::to_string(inputs.size() + 1), .journal = journal});
    }
    return merge_journals(inputs);
}

std::string complaint(const std::vector<Journal>& journals) {
    return message_of([&] { merged(journals); });
}

std::vector<std::string> lines(const Journal& journal) {
    std::vector<std::string> all{journal_line(journal.run)};
    for (const ResumeRecord& resume : journal.resumes) all.push_back(journal_line(resume));
    for (const TuningRecord& tuning : journal.tunings) all.push_back(journal_line(tuning));
    for (const RoundRecord& round : journal.rounds) all.push_back(journal_line(round));
    for (const PointRecord& point : journal.points) all.push_back(journal_line(point));
    std::sort(all.begin() + 1, all.end());
    return all;
}

struct Folder {
    fs::path path;
    Folder() {
        std::string name = (fs::temp_directory_path() / "headcount-merge-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw Error("no temporary directory");
        path = name;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
};

}  // namespace

TEST_CASE("shards join into the whole: every round and point once, each naming its run") {
    Journal one = run_of("x", {kA});
    Journal two = run_of("yy", {kB});
    one.run.shard = "1/2";
    two.run.shard = "2/2";
    one.run.self_comparison = {.points = {"a", "b"}, .wall_s = {{1}, {2}}, .seconds = 3};
    const Journal whole = merged({one, two});
    CHECK(whole.run.self_comparison.empty());  // no one run's resolution is that of the whole
    CHECK(whole.rounds.size() == 4);
    CHECK(whole.points.size() == 2);
    CHECK(whole.tunings.size() == 2);
    CHECK(whole.warnings.empty());
    CHECK(whole.run.shard.empty());
    REQUIRE(whole.run.sources.size() == 2);
    std::set<std::string> ids;
    for (const SourceRecord& source : whole.run.sources) {
        ids.insert(source.id);
        CHECK(source.self_comparison.wall_s == (source.shard == "1/2" ? one : two).run.self_comparison.wall_s);
    }
    for (const RoundRecord& round : whole.rounds) CHECK(ids.contains(round.run));
    CHECK(whole.run.environment.at("cpu.model") == "a machine");
    CHECK(whole.run.environment.at("host") == "differs: x | yy");
    CHECK(whole.run.limits == one.run.limits);
}

TEST_CASE("a shard that is missing is told, with how many points") {
    Journal one = run_of("x", {kA});
    one.run.shard = "1/2";
    const Journal part = merged({one});
    CHECK(part.run.shard == "1/2");
    REQUIRE(part.warnings.size() == 1);
    CHECK(contains(part.warnings[0], "1 of 2 points have no record yet: " + kB));
}

TEST_CASE("order, repetition and steps change nothing") {
    const Journal x = run_of("x", {kA, kB});
    const Journal y = run_of("yy", {kA});
    const Journal z = run_of("zzz", {kB}, 5);
    const std::vector<std::string> all = lines(merged({x, y, z}));
    CHECK(lines(merged({z, y, x})) == all);
    CHECK(lines(merged({x, y, y, z, x})) == all);
    CHECK(lines(merged({merged({x, y}), z})) == all);
    CHECK(lines(merged({z, merged({y, x}), y})) == all);
    CHECK(lines(merged({merged({x, y, z})})) == all);
}

TEST_CASE("a copy taken while a run went on adds nothing to the finished file") {
    const Journal done = run_of("x", {kA, kB}, 4);
    Journal copy = done;
    copy.rounds.resize(3);
    copy.points.clear();
    CHECK(lines(merged({copy, done})) == lines(merged({done})));
}

TEST_CASE("two runs that went on apart from one beginning are refused") {
    const Journal one = run_of("x", {kA});
    Journal other = one;
    other.rounds[1].samples[0].wall_s *= 2;
    CHECK(contains(complaint({one, other}), "file 1 and file 2 began as one run and went on apart"));
    other = one;
    other.points[0].rounds += 1;
    CHECK(contains(complaint({one, other}), "went on apart"));
}

TEST_CASE("another run of the same command on the same machine keeps its rounds apart") {
    const Journal one = run_of("x", {kA});
    Journal again = one;
    again.run.started = "2026-03-02T00:00:00Z";
    for (RoundRecord& round : again.rounds) round.samples[0].wall_s *= 1.5;
    const Journal both = merged({one, again});
    CHECK(both.rounds.size() == 4);
    CHECK(both.points.size() == 2);
    CHECK(both.run.sources.size() == 2);
    CHECK(both.rounds[0].run != both.rounds[2].run);
}

TEST_CASE("different questions are refused, and the message says what differs") {
    const Journal one = run_of("x", {kA});
    Journal other = run_of("yy", {kA});
    other.run.config_hash = "c-2";
    CHECK(contains(complaint({one, other}), "config equal_complexity (c-1) and equal_complexity (c-2)"));
    other.run.parts[0].point_ids = {kA, "a/b/q_len=3"};
    CHECK(contains(complaint({one, other}), "only file 1 has the point core: " + kB));
    CHECK(contains(complaint({one, other}), "only file 2 has the point core: a/b/q_len=3"));
    other = run_of("yy", {kA});
    other.run.protocol.min_rounds = 99;
    CHECK(contains(complaint({one, other}), "protocol.min_rounds 3 and 99"));
    other = run_of("yy", {kA});
    other.run.seed = 5;
    CHECK(contains(complaint({one, other}), "seed 18446744073709551615 and 5"));
    other = run_of("yy", {kA});
    other.run.claims[0].argument = "0.5";
    CHECK(contains(complaint({one, other}), "only file 1 has the claim R3"));
    other = run_of("yy", {kA});
    other.run.claims[0].says = "in other words";
    CHECK(complaint({one, other}).empty());
    CHECK_THROWS_AS(merge_journals({}), UsageError);
}

TEST_CASE("one group on two kinds of machine is refused; different groups are not, and no common limit is claimed") {
    const Journal one = run_of("x", {kA});
    Journal other = run_of("yy", {kA});
    other.run.environment["cpu.model"] = "another machine";
    CHECK(contains(complaint({one, other}), "cpu.model 'a machine' and 'another machine'"));
    other = run_of("yy", {kB});
    other.run.environment["cpu.model"] = "another machine";
    const Journal both = merged({one, other});
    CHECK(both.run.limits.empty());
    CHECK(both.run.sources[0].limits == one.run.limits);
}

TEST_CASE("exact counts that disagree are refused, other outcomes are told and kept") {
    const Journal one = run_of("x", {kA});
    Journal other = run_of("yy", {kA});
    other.points[0].counted.ops[0].required.multiplies -= 1;
    CHECK(contains(complaint({one, other}), "disagree on its exact counts"));
    other = run_of("yy", {kA});
    other.points[0].outcome = Outcome::failed;
    other.points[0].reason = "timeout";
    const Journal both = merged({one, other});
    CHECK(both.points.size() == 2);
    const bool told = std::any_of(both.warnings.begin(), both.warnings.end(),
                                  [](const std::string& w) { return contains(w, "failed") && contains(w, "timeout"); });
    CHECK(told);
}

TEST_CASE("a merged file reads back as it was, takes the place of an older one, and is no journal to go on with") {
    const Folder folder;
    const fs::path path = folder.path / "sub" / "whole.jsonl";
    const Journal both = merged({run_of("x", {kA, kB}), run_of("yy", {kA})});
    write_journal(path, both);
    CHECK(lines(read_journal(path)) == lines(both));
    CHECK(read_journal(path).warnings.empty());
    const Journal more = merged({both, run_of("zzz", {kB})});
    write_journal(path, more);
    CHECK(lines(read_journal(path)) == lines(more));
    CHECK(std::distance(fs::directory_iterator(path.parent_path()), {}) == 1);  // no leftovers
    CHECK_THROWS_AS(write_journal(folder.path / "sub", both), Error);
    CHECK(fs::is_directory(folder.path / "sub"));
}

TEST_CASE("torn and damaged lines cost only themselves") {
    const Folder folder;
    const fs::path path = folder.path / "torn.jsonl";
    const Journal whole = run_of("x", {kA, kB}, 3);
    write_journal(path, whole);
    fs::resize_file(path, fs::file_size(path) - 5);
    const Journal torn = read_journal(path);
    CHECK(torn.points.size() == 1);
    const Journal joined = merged({torn, run_of("yy", {kB})});
    CHECK(joined.rounds.size() == 8);
    CHECK(lines(merged({torn, whole})) == lines(merged({whole})));
}

TEST_CASE("shards under different budgets are one question, and who went on is kept") {
    Journal one = run_of("h", {kA});
    Journal other = run_of("hh", {kB});
    other.run.protocol.budget_s = one.run.protocol.budget_s + 1;
    other.run.protocol.timeout_s = one.run.protocol.timeout_s + 1;
    ResumeRecord resume = sample_resume();
    resume.run = other.run.run;
    other.resumes.push_back(resume);
    const Journal both = merged({one, other});
    REQUIRE(both.resumes.size() == 1);
    CHECK(both.resumes[0].changed == resume.changed);
    CHECK(both.resumes[0].run.starts_with("run-hh-"));
    CHECK(lines(merged({both, other, one})) == lines(both));
}
