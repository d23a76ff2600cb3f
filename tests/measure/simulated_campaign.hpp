// A campaign in a folder of its own, with simulated workers: what is asked, what is simulated, what comes of it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/journal/journal.hpp"
#include "harness/measure/campaign/campaign.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_worker.hpp"
#include "tests/scratch.hpp"

namespace headcount::testing {

struct Recorder : Progress {
    std::vector<std::string> messages;
    std::size_t points = 0, states = 0;
    void on_state(const ProgressState& /*state*/) override { ++states; }
    void on_point(const PointRecord& /*record*/) override { ++points; }
    void on_message(const std::string& message) override { messages.push_back(message); }
};

/// Two groups (by seq_len) of three points (by num_heads), one point that is only counted.
struct World {
    Scratch scratch;
    Sweep sweep;
    Simulation simulation;
    Recorder recorder;
    bool retry_failed = false;
    bool compare_with_itself = false;  ///< its visits would stand among those that the tests count

    World() {
        sweep.name = "world";
        sweep.config_hash = "c-1";
        sweep.protocol.budget_s = 0;
        Part part{
            .name = "", .compare_by = {"num_heads"}, .axes = {"seq_len", "num_heads"}, .points = {}, .skipped = {}};
        for (const int seq_len : {8, 16}) {
            for (const int num_heads : {1, 2, 4}) part.points.push_back(point(seq_len, num_heads, "naive"));
        }
        part.points.push_back(point(8, 1, "counting"));
        part.skipped = {{.id = "multi_head/naive/num_heads=3", .reason = "3 does not divide 8"}};
        sweep.parts = {part};
        simulation.seconds = [](const std::string&, int) { return 0.001; };
    }

    static Point point(int seq_len, int num_heads, const std::string& backend) {
        PointSpec spec;
        spec.variant = "multi_head";
        spec.backend = backend;
        spec.problem.q_len = seq_len;
        spec.problem.embed_dim = 8;
        spec.problem.num_heads = num_heads;
        return resolve(spec);
    }
    std::filesystem::path output() const { return scratch.dir / "world.jsonl"; }
    CampaignResult run(bool fresh = false) {
        CampaignOptions options;
        options.output = output();
        options.fresh = fresh;
        options.retry_failed = retry_failed;
        options.compare_with_itself = compare_with_itself;
        options.start_worker = [this] { return std::make_unique<SimulatedWorker>(simulation); };
        options.now_s = [this] { return simulation.now_s; };
        return run_campaign(sweep, options, recorder);
    }
    Journal journal() const { return read_journal(output()); }
    const PointRecord& record(const Journal& journal, const std::string& id) const {
        for (const PointRecord& record : journal.points) {
            if (record.point == id) return record;
        }
        throw Error("no record of " + id);
    }
};

inline void every_round_is_whole(const Journal& journal, std::size_t points) {
    std::map<std::string, int> next;
    for (const RoundRecord& round : journal.rounds) {
        CHECK(round.round == next[round.group]++);
        std::set<std::string> seen;
        for (const Sample& sample : round.samples) seen.insert(sample.point);
        CHECK(seen.size() == round.samples.size());
        CHECK(seen.size() == points);
    }
}

inline std::string noisy_id() { return World::point(16, 2, "naive").id(); }

}  // namespace headcount::testing
