// Whole campaigns with simulated workers: what is recorded, when it stops, what an accident costs.
#include "harness/measure/campaign/campaign.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>

#include <sched.h>
#include <unistd.h>

#include "harness/core/error.hpp"
#include "harness/journal/journal.hpp"
#include "harness/measure/process/pinning.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_worker.hpp"

using namespace headcount;
namespace fs = std::filesystem;

namespace {

struct Recorder : Progress {
    std::vector<std::string> messages;
    std::size_t points = 0, states = 0;
    void on_state(const ProgressState& /*state*/) override { ++states; }
    void on_point(const PointRecord& /*record*/) override { ++points; }
    void on_message(const std::string& message) override { messages.push_back(message); }
};

/// Two groups (by seq_len) of three points (by num_heads), one point that is only counted.
struct World {
    fs::path dir;
    Sweep sweep;
    Simulation simulation;
    Recorder recorder;
    bool compare_with_itself = false;  ///< its visits would stand among those that the tests count

    World() {
        std::string name = (fs::temp_directory_path() / "headcount-campaign-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw Error("no temporary directory");
        dir = name;
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
    ~World() {
        std::error_code ignored;
        fs::remove_all(dir, ignored);
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    static Point point(int seq_len, int num_heads, const std::string& backend) {
        PointSpec spec;
        spec.variant = "multi_head";
        spec.backend = backend;
        spec.problem.q_len = seq_len;
        spec.problem.embed_dim = 8;
        spec.problem.num_heads = num_heads;
        return resolve(spec);
    }
    fs::path output() const { return dir / "world.jsonl"; }
    CampaignResult run(bool fresh = false) {
        CampaignOptions options;
        options.output = output();
        options.fresh = fresh;
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

void every_round_is_whole(const Journal& journal, std::size_t points) {
    std::map<std::string, int> next;
    for (const RoundRecord& round : journal.rounds) {
        CHECK(round.round == next[round.group]++);
        std::set<std::string> seen;
        for (const Sample& sample : round.samples) seen.insert(sample.point);
        CHECK(seen.size() == round.samples.size());
        CHECK(seen.size() == points);
    }
}

std::string noisy_id() { return World::point(16, 2, "naive").id(); }

}  // namespace

TEST_CASE("a campaign counts, checks, times, traces and measures memory, each once") {
    World world;
    const CampaignResult result = world.run();
    CHECK(result.measured == 6);
    CHECK(result.counted == 1);
    CHECK(result.skipped == 1);
    CHECK(result.failed == 0);
    CHECK_FALSE(result.interrupted);
    const Journal journal = world.journal();
    CHECK(journal.points.size() == 8);
    CHECK(world.recorder.points == 8);
    CHECK(journal.rounds.size() == 20);  // noiseless: the first look is enough for both groups
    every_round_is_whole(journal, 3);
    for (const auto& [id, visits] : world.simulation.visits) CHECK(visits == 10);
    for (const auto& [id, checks] : world.simulation.checks) CHECK(checks == 1);
    for (const auto& [id, traces] : world.simulation.traces) CHECK(traces == 1);
    const PointRecord& record = world.record(journal, noisy_id());
    CHECK(record.outcome == Outcome::measured);
    CHECK(record.stopped_because == "target_rel_ci");
    CHECK(record.rounds == 10);
    CHECK(record.check.done);
    CHECK(record.memory.process_peak_bytes == 200);
    CHECK(record.breakdown.size() == 1);
    CHECK(!record.counted.ops.empty());
    const PointRecord& counted = world.record(journal, World::point(8, 1, "counting").id());
    CHECK(counted.outcome == Outcome::counted);
    CHECK(!counted.counted.ops.empty());
    CHECK(world.record(journal, "multi_head/naive/num_heads=3").reason == "3 does not divide 8");
    CHECK(journal.run.limits.size() == 1);
    REQUIRE(journal.run.parts.size() == 1);
    CHECK(journal.run.parts[0].point_ids.size() == 7);
}

TEST_CASE("running the same campaign again takes nothing twice") {
    World world;
    world.run();
    const auto size = fs::file_size(world.output());
    const CampaignResult again = world.run();
    CHECK(again.resumed);
    CHECK(again.rounds == 0);
    CHECK(again.measured == 6);
    CHECK(fs::file_size(world.output()) == size);
}

TEST_CASE("wherever a campaign is interrupted, going on gives what one run would have given") {
    World whole;
    whole.simulation.seconds = [](const std::string& id, int n) {
        return id == noisy_id() ? 0.001 * (1 + n % 7) : 0.001;
    };
    whole.run();
    const Journal expected = whole.journal();
    for (const int after : {0, 1, 5, 29, 30, 31, 45, 60, 61, 100, 150}) {
        World world;
        world.simulation.seconds = whole.simulation.seconds;
        world.simulation.interrupt_after_visits = after;
        const CampaignResult first = world.run();
        CHECK(first.interrupted);
        const auto rounds_before = world.journal().rounds.size();
        CHECK(rounds_before == static_cast<std::size_t>(after / 3));  // the round in hand only is lost
        world.simulation.interrupt_after_visits = -1;
        const CampaignResult second = world.run();
        CHECK_FALSE(second.interrupted);
        CHECK(second.measured == 6);
        const Journal journal = world.journal();
        INFO("interrupted after visit " << after);
        CHECK(journal.warnings.empty());
        CHECK(journal.points.size() == expected.points.size());
        every_round_is_whole(journal, 3);
        if (after == 0) CHECK(journal.rounds.size() == expected.rounds.size());
    }
}

TEST_CASE("the peak is looked at beside the rounds, no more than four times a second") {
    World world;
    world.run();
    const Journal journal = world.journal();
    int looks = 0;
    for (const RoundRecord& round : journal.rounds) looks += round.limits.contains("fma_gflops.f32.threads=1") ? 1 : 0;
    CHECK_FALSE(journal.rounds.front().limits.empty());
    CHECK(looks >= 1);
    CHECK(looks <= 1 + static_cast<int>(world.simulation.now_s / 0.25));
    CHECK(looks < static_cast<int>(journal.rounds.size()));
}

TEST_CASE("rounds of one group keep their order of visits whether interrupted or not") {
    World whole, torn;
    whole.run();
    torn.simulation.interrupt_after_visits = 16;
    torn.run();
    torn.simulation.interrupt_after_visits = -1;
    torn.run();
    const Journal a = whole.journal(), b = torn.journal();
    REQUIRE(a.rounds.size() == b.rounds.size());
    for (std::size_t i = 0; i < a.rounds.size(); ++i) {
        CHECK(a.rounds[i].group == b.rounds[i].group);
        for (std::size_t k = 0; k < 3; ++k) CHECK(a.rounds[i].samples[k].point == b.rounds[i].samples[k].point);
    }
}

TEST_CASE("a wrong answer gives a failed record and never a sample") {
    World world;
    world.simulation.wrong[noisy_id()] = "wrong result: error 1 where 1e-05 is allowed, at row 3";
    const CampaignResult result = world.run();
    CHECK(result.failed == 1);
    CHECK(result.measured == 5);
    const Journal journal = world.journal();
    CHECK(world.record(journal, noisy_id()).outcome == Outcome::failed);
    CHECK(world.record(journal, noisy_id()).reason.find("row 3") != std::string::npos);
    for (const RoundRecord& round : journal.rounds) {
        for (const Sample& sample : round.samples) CHECK(sample.point != noisy_id());
    }
}

TEST_CASE("a crash costs the culprit, the group goes on without it in a new stratum") {
    World world;
    world.simulation.crash_at_visit[noisy_id()] = 4;
    const CampaignResult result = world.run();
    CHECK(result.failed == 1);
    CHECK(result.measured == 5);
    const Journal journal = world.journal();
    CHECK(world.record(journal, noisy_id()).reason == "crashed: signal 11");
    std::vector<const RoundRecord*> rounds;
    for (const RoundRecord& round : journal.rounds) {
        if (round.group == world.record(journal, noisy_id()).group) rounds.push_back(&round);
    }
    REQUIRE(rounds.size() == 10);
    for (std::size_t i = 0; i < rounds.size(); ++i) {
        CHECK(rounds[i]->round == static_cast<int>(i));
        CHECK(rounds[i]->samples.size() == (i < 4 ? 3U : 2U));
        CHECK(rounds[i]->stratum == (i < 4 ? 0 : 1));
    }
}

TEST_CASE("a group whose every point crashes ends, and the sweep goes on") {
    World world;
    for (const int heads : {1, 2, 4}) world.simulation.crash_at_visit[World::point(16, heads, "naive").id()] = 0;
    const CampaignResult result = world.run();
    CHECK(result.failed == 3);
    CHECK(result.measured == 3);
    const CampaignResult again = world.run();
    CHECK(again.rounds == 0);
    CHECK(again.failed == 3);
}

TEST_CASE("a crash in the traced pass fails the point; one in the memory child is a note") {
    World world;
    world.simulation.crash_in_trace.insert(World::point(8, 2, "naive").id());
    world.simulation.crash_in_memory.insert(World::point(8, 4, "naive").id());
    const CampaignResult result = world.run();
    CHECK(result.failed == 1);
    const Journal journal = world.journal();
    CHECK(world.record(journal, World::point(8, 2, "naive").id()).outcome == Outcome::failed);
    const PointRecord& noted = world.record(journal, World::point(8, 4, "naive").id());
    CHECK(noted.outcome == Outcome::measured);
    CHECK(noted.memory.process_peak_bytes == -1);
    CHECK(noted.memory.note.find("unavailable") == 0);
}

TEST_CASE("more rounds go where the interval is wide") {
    World world;
    world.simulation.seconds = [](const std::string& id, int n) {
        return id == noisy_id() ? 0.001 * (1.0 + 0.1 * ((n * 7) % 11)) : 0.001;
    };
    world.run();
    const Journal journal = world.journal();
    CHECK(world.record(journal, World::point(8, 1, "naive").id()).rounds == 10);
    CHECK(world.record(journal, noisy_id()).rounds > 10);
    CHECK(world.record(journal, noisy_id()).stopped_because != "target_rel_ci");
}

TEST_CASE("the budget ends a sweep, and every record says so") {
    World world;
    world.sweep.protocol.budget_s = 0.5;
    world.simulation.seconds = [](const std::string&, int n) { return 0.01 * (1 + n % 5); };
    const CampaignResult result = world.run();
    CHECK(result.budget_ended);
    CHECK(result.measured == 6);
    // A first look takes 3.6 s here. For it the budget may be overdrawn once, and a round may be in hand then.
    CHECK(result.sampled_s > 0.5);
    CHECK(result.sampled_s < 1.0 + 2 * 3 * 2 * 0.05);
    const Journal journal = world.journal();
    CHECK(journal.rounds.size() >= 2);
    CHECK(world.record(journal, noisy_id()).reason.find("of the 10 rounds of a first look") != std::string::npos);
    std::set<std::string> groups;
    for (const RoundRecord& round : journal.rounds) groups.insert(round.group);
    CHECK(groups.size() == 2);
    CHECK(world.record(journal, noisy_id()).stopped_because == "budget");
    const CampaignResult again = world.run();
    CHECK(again.rounds == 0);
}

TEST_CASE("a group has its first look though checks and preparations used the budget up") {
    World world;
    world.sweep.protocol.budget_s = 0.12;  // a first look of both groups takes 0.18 s
    world.simulation.seconds = [](const std::string&, int n) { return 0.001 * (1 + n % 2); };
    world.run();
    const Journal journal = world.journal();
    for (const PointRecord& point : journal.points) {
        if (point.outcome != Outcome::measured) continue;
        CHECK(point.rounds == 10);
        CHECK(point.reason.empty());
    }
}

TEST_CASE("a budget goes where results are uncertain, not evenly") {
    // Twelve groups alike in cost; one of them is noisy. The budget is for 12 first looks and as much again.
    World world;
    Part& part = world.sweep.parts.front();
    part.points.clear();
    for (int seq_len = 8; seq_len < 20; ++seq_len) {
        for (const int num_heads : {1, 2}) part.points.push_back(World::point(seq_len, num_heads, "naive"));
    }
    world.sweep.protocol.max_rounds = 160;
    world.sweep.protocol.budget_s = 12 * 10 * 2 * 2 * 0.001 * 2;
    world.simulation.seconds = [](const std::string& id, int n) {
        const double quiet = 0.001 * (1 + 0.05 * ((n * 5) % 7) / 7);  // 2 % is not reached at once either
        return id == noisy_id() ? 0.001 * (0.7 + 0.6 * ((n * 7) % 11) / 11) : quiet;
    };
    const CampaignResult result = world.run();
    CHECK(result.sampled_s < world.sweep.protocol.budget_s + 0.01);
    int noisy = 0, most_of_the_others = 0;
    const Journal journal = world.journal();
    for (const PointRecord& point : journal.points) {
        if (point.outcome != Outcome::measured) continue;
        CHECK(point.rounds >= 10);
        int& rounds = point.group == world.record(journal, noisy_id()).group ? noisy : most_of_the_others;
        rounds = std::max(rounds, point.rounds);
    }
    CHECK(noisy >= 80);
    CHECK(most_of_the_others <= 20);
}

TEST_CASE("a journal of another question, protocol or seed is not gone on with") {
    World world;
    world.run();
    const auto refused = [&](const char* expected) {
        try {
            world.run();
        } catch (const UsageError& error) {
            return std::string(error.what()).find(expected) != std::string::npos;
        }
        return false;
    };
    const Sweep original = world.sweep;
    world.sweep.config_hash = "c-2";
    CHECK(refused("another question"));
    world.sweep = original;
    world.sweep.seed = 2;
    CHECK(refused("another question"));
    world.sweep = original;
    world.sweep.protocol.max_rounds = 20;
    CHECK(refused("max_rounds was 80, is 20"));
    const CampaignResult fresh = world.run(true);
    CHECK_FALSE(fresh.resumed);
    CHECK(fresh.rounds == 20);
    CHECK(fs::exists(world.output().string() + ".old"));
}

TEST_CASE("a larger budget goes on with what a smaller one ended: nothing lost, nothing twice, and said") {
    World world, whole;
    world.simulation.seconds = whole.simulation.seconds = [](const std::string& id, int n) {
        return 0.01 * (1 + (id == noisy_id() || id.ends_with("num_heads=4") ? (n * 7) % 11 : 0));
    };
    whole.run();
    const Journal expected = whole.journal();
    world.sweep.protocol.budget_s = 1;
    CHECK(world.run().budget_ended);
    const Journal before = world.journal();
    CHECK(before.resumes.empty());
    REQUIRE(before.rounds.size() < 20);
    CHECK(world.record(before, noisy_id()).budget_s == 1);

    world.sweep.protocol.budget_s = 600;
    SECTION("in one go") { CHECK_FALSE(world.run().budget_ended); }
    SECTION("interrupted on the way") {
        world.simulation.interrupt_after_visits = static_cast<int>(world.simulation.order.size()) + 40;
        CHECK(world.run().interrupted);
        world.simulation.interrupt_after_visits = -1;
        CHECK_FALSE(world.run().budget_ended);
    }
    const Journal after = world.journal();
    CHECK(after.warnings.empty());
    CHECK(after.points.size() == before.points.size());
    CHECK(expected.rounds.size() >= 40);
    CHECK(after.rounds.size() == expected.rounds.size());
    every_round_is_whole(after, 3);
    for (std::size_t i = 0; i < before.rounds.size(); ++i) {
        CHECK(journal_line(after.rounds[i]) == journal_line(before.rounds[i]));
    }
    for (const PointRecord& point : after.points) {
        if (point.outcome != Outcome::measured) continue;
        CHECK(point.rounds == world.record(expected, point.point).rounds);
        CHECK(point.stopped_because == world.record(expected, point.point).stopped_because);
        CHECK(point.budget_s == -1);
        CHECK(point.reason.empty());
        CHECK(point.check.done);
    }
    for (const auto& [id, checks] : world.simulation.checks) CHECK(checks == 1);
    for (const auto& [id, traces] : world.simulation.traces) CHECK(traces == 1);
    for (const auto& [id, memories] : world.simulation.memories) CHECK(memories == 1);
    REQUIRE(!after.resumes.empty());
    CHECK(after.resumes.front().changed == "budget_s was 1.0, is 600.0");
    CHECK(after.resumes.front().rounds == static_cast<std::int64_t>(before.rounds.size()));
    CHECK(after.run.protocol.budget_s == 1);
    CHECK(after.run.run == before.run.run);
    CHECK(std::any_of(world.recorder.messages.begin(), world.recorder.messages.end(),
                      [](const std::string& m) { return m.find("budget_s was 1.0, is 600.0") != std::string::npos; }));
}

TEST_CASE("a smaller budget than before opens nothing again, and a finished journal stays as it is") {
    World world;
    world.simulation.seconds = [](const std::string&, int n) { return 0.01 * (1 + n % 5); };
    world.sweep.protocol.budget_s = 1;
    world.run();
    const auto size = fs::file_size(world.output());
    world.sweep.protocol.budget_s = 0.5;
    CHECK(world.run().rounds == 0);
    world.sweep.protocol.timeout_s = 1234;  // safety, not meaning
    CHECK(world.run().rounds == 0);
    CHECK(fs::file_size(world.output()) == size);
}

TEST_CASE("what changes a sample or the looks is another measurement") {
    World world;
    world.run();
    const Protocol original = world.sweep.protocol;
    const auto refused = [&](const std::function<void(Protocol&)>& change) {
        world.sweep.protocol = original;
        change(world.sweep.protocol);
        try {
            world.run();
        } catch (const UsageError& error) {
            return std::string(error.what()).find("another protocol") != std::string::npos;
        }
        return false;
    };
    CHECK(refused([](Protocol& p) { p.min_sample_s *= 2; }));
    CHECK(refused([](Protocol& p) { p.cold_cache = true; }));
    CHECK(refused([](Protocol& p) { p.min_rounds = 11; }));
    CHECK(refused([](Protocol& p) { p.max_rounds = 160; }));  // more looks after seeing the data
    CHECK(refused([](Protocol& p) { p.target_rel_ci = 0.01; }));
    CHECK_FALSE(refused([](Protocol& p) { p.budget_s = 5; }));
    CHECK_FALSE(refused([](Protocol& p) { p.timeout_s = 5; }));
    CHECK_FALSE(refused([](Protocol& p) { p.memory_limit_bytes = std::int64_t{1} << 33; }));
}

TEST_CASE("the workers of a group are pinned to as many cores as its points have threads") {
    const Pinning all = choose_cores(1 << 10);
    if (all.cpus.size() < 2) {
        WARN("fewer than two cores here: " + all.says);
        return;
    }
    World world;
    Part& part = world.sweep.parts.front();
    part.points.clear();
    part.compare_by = {"num_heads"};
    part.axes = {"num_threads", "num_heads"};
    for (const int threads : {1, 2}) {
        for (const int num_heads : {1, 2}) {
            Point point = World::point(8, num_heads, "blas");
            point.num_threads = threads;
            part.points.push_back(point);
        }
    }
    std::map<std::string, std::set<int>> cores;  // of a point, how many the worker that visited it was started on
    struct Watched final : Worker {
        SimulatedWorker inner;
        std::map<std::string, std::set<int>>* cores;
        int here;
        Watched(Simulation& s, std::map<std::string, std::set<int>>* c, int n) : inner(s), cores(c), here(n) {}
        Sample visit(const std::string& point) override {
            (*cores)[point].insert(here);
            return inner.visit(point);
        }
        CheckRecord check(const std::string& point) override { return inner.check(point); }
        double calibrate(const std::string& point) override { return inner.calibrate(point); }
        Traced trace(const std::string& point) override { return inner.trace(point); }
        void forget(const std::string& point) override { inner.forget(point); }
        PeakMemory peak_memory(const std::string& point) override {
            (*cores)[point].insert(here);
            return inner.peak_memory(point);
        }
        std::map<std::string, double> limits(const std::vector<int>& t, LimitSet which) override {
            return inner.limits(t, which);
        }
    };
    const auto cores_here = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
        return CPU_COUNT(&set);
    };
    const int before = cores_here();
    CampaignOptions options;
    options.output = world.output();
    options.pin = true;
    options.compare_with_itself = false;
    options.start_worker = [&] { return std::make_unique<Watched>(world.simulation, &cores, cores_here()); };
    options.now_s = [&] { return world.simulation.now_s; };
    const CampaignResult result = run_campaign(world.sweep, options, world.recorder);
    REQUIRE(result.measured == 4);
    for (const Point& point : part.points) CHECK(cores[point.id()] == std::set<int>{point.num_threads});
    CHECK(cores_here() == before);
    CHECK_THAT(world.journal().run.environment.at("pinning"), Catch::Contains("2 of "));
}

TEST_CASE("zero rounds count and run nothing") {
    World world;
    world.sweep.protocol.max_rounds = 0;
    const CampaignResult result = world.run();
    CHECK(result.counted == 7);
    CHECK(world.simulation.workers == 0);
}

TEST_CASE("a run begins with an A/A comparison of its cheapest point, once, and a resumed run keeps it") {
    World world;
    world.compare_with_itself = true;
    world.simulation.interrupt_after_visits = 200;  // behind the 160 visits of the comparison
    CHECK(world.run().interrupted);
    const SelfComparison before = world.journal().run.self_comparison;
    REQUIRE(before.wall_s.size() == 2);
    CHECK(before.wall_s[0].size() == 80);
    CHECK(before.points[0] == World::point(8, 1, "naive").id());
    CHECK(before.points[1] == World::point(8, 1, "naive").id() + ",seed=0");
    world.simulation.interrupt_after_visits = -1;
    const int visits_of_twin = world.simulation.visits[before.points[1]];
    CHECK(world.run().measured == 6);
    CHECK(world.journal().run.self_comparison.wall_s == before.wall_s);
    CHECK(world.simulation.visits[before.points[1]] == visits_of_twin);
    for (const PointRecord& record : world.journal().points) CHECK(record.point != before.points[1]);
}

TEST_CASE("an A/A comparison that cannot be taken is said to be unavailable, and the run goes on") {
    World world;
    world.compare_with_itself = true;
    world.simulation.crash_at_visit[World::point(8, 1, "naive").id() + ",seed=0"] = 3;
    CHECK(world.run().measured == 6);
    CHECK(world.journal().run.self_comparison.empty());
    CHECK(world.journal().run.environment.at("self_comparison") == "unavailable: crashed: signal 11");
}

TEST_CASE("an interrupt before the first line of a journal leaves nothing behind and is no failure") {
    World world;
    world.compare_with_itself = true;
    world.simulation.interrupt_after_visits = 10;
    CHECK(world.run().interrupted);
    world.simulation.interrupt_after_visits = -1;
    const CampaignResult again = world.run();
    CHECK(again.measured == 6);
    CHECK_FALSE(again.resumed);
}
