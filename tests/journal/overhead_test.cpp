// What the journal costs; hidden, because it takes time and prints: tests/overhead/overhead.py asks for it.
#include <chrono>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "harness/journal/journal.hpp"
#include "tests/catch.hpp"
#include "tests/journal/records.hpp"

using namespace headcount;
namespace fs = std::filesystem;

namespace {

std::string id_of(int index) {
    return fmt::format("multi_head/naive/q_len=64,embed_dim=64,num_heads=8,seed={}", index + 1);
}

RoundRecord round_of(const std::string& run, int group, int round, int points) {
    RoundRecord record = sample_round(round);
    const Sample model = record.samples.front();
    record.run = run;
    record.group = fmt::format("main: group={}", group);
    record.samples.assign(static_cast<std::size_t>(points), model);
    for (int i = 0; i < points; ++i) {
        Sample& sample = record.samples[static_cast<std::size_t>(i)];
        sample.point = id_of(group * points + i);
        sample.order = i;
        sample.wall_s = 0.001 * (1 + 0.01 * ((round * 7 + i) % 11));
        sample.counters.clear();
    }
    return record;
}

}  // namespace

TEST_CASE("writing a round where syncing costs nothing", "[.overhead]") {
    const fs::path path = fs::path("/dev/shm") / fmt::format("headcount-overhead-{}.jsonl", ::getpid());
    constexpr int kRounds = 2000;
    {
        JournalWriter writer(path);
        writer.append(sample_run());
        const RoundRecord round = round_of(sample_run().run, 0, 0, 8);
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < kRounds; ++i) writer.append(round);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        fmt::print("write_round_s {}\n", took.count() / kRounds);
    }
    fs::remove(path);
}

TEST_CASE("a large journal for reading", "[.overhead_journal]") {
    const char* path = std::getenv("HEADCOUNT_OVERHEAD_JOURNAL");
    const char* count = std::getenv("HEADCOUNT_OVERHEAD_POINTS");
    REQUIRE(path != nullptr);
    constexpr int kPoints = 8, kRounds = 50;
    const int groups = (count == nullptr ? 20000 : std::atoi(count)) / kPoints;
    std::ofstream file(path);
    RunRecord run = sample_run();
    run.claims.clear();
    run.parts = {{.name = "", .compare_by = {"seed"}, .axes = {"seed"}, .point_ids = {}}};
    for (int i = 0; i < groups * kPoints; ++i) run.parts.front().point_ids.push_back(id_of(i));
    file << journal_line(run) << '\n';
    for (int group = 0; group < groups; ++group) {
        for (int round = 0; round < kRounds; ++round) {
            file << journal_line(round_of(run.run, group, round, kPoints)) << '\n';
        }
        for (int i = 0; i < kPoints; ++i) {
            PointRecord point = sample_point();
            point.run = run.run;
            point.point = id_of(group * kPoints + i);
            point.group = fmt::format("main: group={}", group);
            point.rounds = kRounds;
            file << journal_line(point) << '\n';
        }
    }
    REQUIRE(file.flush());
}
