// Shards run apart and merged give what one run of the whole gives.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "harness/core/error.hpp"
#include "harness/journal/merge.hpp"
#include "harness/measure/campaign/campaign.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_worker.hpp"

using namespace headcount;
namespace fs = std::filesystem;

namespace {

struct Folder {
    fs::path path;
    Folder() {
        std::string name = (fs::temp_directory_path() / "headcount-shards-XXXXXX").string();
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

Sweep world() {
    Sweep sweep;
    sweep.name = "world";
    sweep.config_hash = "c-1";
    sweep.protocol.budget_s = 0;
    sweep.protocol.memory_limit_bytes = std::int64_t{1} << 30;
    Part part{.name = "",
              .compare_by = {"num_heads"},
              .axes = {"backend", "seq_len", "num_heads"},
              .points = {},
              .skipped = {{.id = "multi_head/naive/num_heads=3", .reason = "3 does not divide 8"}}};
    for (const char* backend : {"naive", "counting"}) {
        for (const char* seq_len : {"8", "16", "24"}) {
            for (const char* heads : {"1", "2", "4"}) {
                part.points.push_back(point_from_id(std::string("multi_head/") + backend +
                                                    "/embed_dim=8,seq_len=" + seq_len + ",num_heads=" + heads));
            }
        }
    }
    sweep.parts = {part};
    return sweep;
}

Journal run(const Sweep& sweep, const fs::path& output, const Shard& shard) {
    Simulation simulation;
    simulation.seconds = [](const std::string& id, int n) {
        return 0.001 * (1 + 0.1 * static_cast<double>(id.size() * 7 % 5)) + 1e-5 * (n % 7);
    };
    CampaignOptions options;
    options.compare_with_itself = false;
    options.output = output;
    options.shard = shard;
    options.start_worker = [&] { return std::make_unique<SimulatedWorker>(simulation); };
    options.now_s = [&] { return simulation.now_s; };
    Progress quiet;
    run_campaign(sweep, options, quiet);
    return read_journal(output);
}

/// What was measured, without the moment and the run.
std::vector<std::string> facts(const Journal& journal) {
    std::vector<std::string> all;
    for (RoundRecord round : journal.rounds) {
        round.run.clear();
        round.finished.clear();  // and other things of the moment
        round.limits.clear();
        round.seconds = round.load_1min = round.foreign_load = round.steal_s = 0;
        all.push_back(journal_line(round));
    }
    for (PointRecord point : journal.points) {
        point.run.clear();
        point.spent_s.clear();
        all.push_back(journal_line(point));
    }
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace

TEST_CASE("shards that were run apart and merged hold what a run of the whole holds") {
    const Folder folder;
    const Sweep sweep = world();
    const Journal whole = run(sweep, folder.path / "whole.jsonl", {});
    std::vector<MergeInput> inputs;
    for (int number = 1; number <= 4; ++number) {
        const std::string name = std::to_string(number) + ".jsonl";
        inputs.push_back({.name = name, .journal = run(sweep, folder.path / name, {.number = number, .of = 4})});
        CHECK(inputs.back().journal.run.shard == std::to_string(number) + "/4");
        CHECK(inputs.back().journal.points.size() < whole.points.size());
    }
    const Journal merged = merge_journals(inputs);
    CHECK(merged.warnings.empty());
    CHECK(merged.run.shard.empty());
    CHECK(facts(merged) == facts(whole));
    for (std::size_t i = 0; i < whole.run.parts.size(); ++i) {
        CHECK(merged.run.parts[i].point_ids == whole.run.parts[i].point_ids);
    }
}

TEST_CASE("a journal is gone on with by the same shard only, a merged one by nobody") {
    const Folder folder;
    const Sweep sweep = world();
    const fs::path path = folder.path / "one.jsonl";
    const Journal one = run(sweep, path, {.number = 1, .of = 2});
    CHECK(facts(run(sweep, path, {.number = 1, .of = 2})) == facts(one));
    CHECK_THROWS_AS(run(sweep, path, {.number = 2, .of = 2}), UsageError);
    CHECK_THROWS_AS(run(sweep, path, {}), UsageError);
    write_journal(path, merge_journals({{.name = "one", .journal = one}}));
    CHECK_THROWS_AS(run(sweep, path, {.number = 1, .of = 2}), UsageError);
}
