// Which cores the workers of a campaign are started on.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <sched.h>

#include "harness/measure/campaign/campaign.hpp"
#include "harness/measure/process/pinning.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_campaign.hpp"

using namespace headcount;
using namespace headcount::testing;

TEST_CASE("the workers of a group are pinned to as many cores as its points have threads") {
    const Pinning all = choose_cores(1 << 10);
    if (all.cpus.size() < 2) {
        WARN("fewer than two cores here: " + all.says);
        return;
    }
    World world;
    Part& part = world.sweep.parts.front();
    part.points.clear();
    world.sweep.protocol.oversubscribe = true;  // under a quota of less than two processors, too
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
        Sample train(const std::string& point, std::int64_t run, double rate,
                     const std::filesystem::path& checkpoint) override {
            return inner.train(point, run, rate, checkpoint);
        }
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
