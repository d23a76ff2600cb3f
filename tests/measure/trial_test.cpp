// A trial of a plan with injected clocks: which points are tried, within which time, and what all others make of it.
#include "harness/measure/forecast/trial.hpp"

#include <memory>
#include <set>
#include <string>

#include "harness/core/error.hpp"
#include "harness/measure/forecast/calibrate.hpp"
#include "harness/measure/plan/predict.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_worker.hpp"

using namespace headcount;

namespace {

Sweep sweep_of(const std::vector<std::string>& ids) {
    Part part{.name = "", .compare_by = {}, .axes = {"num_heads"}, .points = {}, .skipped = {}};
    for (const std::string& id : ids) part.points.push_back(point_from_id(id));
    Sweep sweep;
    sweep.parts = {std::move(part)};
    return sweep;
}

std::string point(const std::string& backend, int seq_len, int heads = 1) {
    return "multi_head/" + backend + "/seq_len=" + std::to_string(seq_len) +
           ",embed_dim=64,num_heads=" + std::to_string(heads);
}

/// Every point takes `slow` times its guess.
struct Tried {
    Sweep sweep;
    Plan plan;
    Simulation simulation;
    Trial trial;

    explicit Tried(const std::vector<std::string>& ids) : sweep(sweep_of(ids)), plan(make_plan(sweep)) {}
    void times_its_guess(double naive, double blas) {
        simulation.pass_s = [this, naive, blas](const std::string& id) {
            for (const PlannedPoint& planned : plan.points) {
                if (planned.point.id() == id)
                    return pass_s(planned) * (planned.point.backend == "naive" ? naive : blas);
            }
            throw Error("no such point");
        };
    }
    const Trial& take(double most_s) {
        trial = take_trial(plan, {.start_worker = [this] { return std::make_unique<SimulatedWorker>(simulation); },
                                  .now_s = [this] { return simulation.now_s; },
                                  .most_s = most_s});
        return trial;
    }
    Plan calibrated() const {
        Plan copy = plan;
        calibrate(copy, trial, sweep.protocol);
        return copy;
    }
};

}  // namespace

TEST_CASE("a trial that has the time tries every point, and the plan takes its times as seen") {
    Tried tried({point("naive", 16), point("naive", 32), point("blas", 64)});
    tried.times_its_guess(10, 0.1);
    tried.simulation.prepare_s = 0.02;
    tried.simulation.check_s = 0.05;
    CHECK(tried.take(10).points.size() == 3);
    CHECK(tried.trial.missing.empty());
    const Plan after = tried.calibrated();
    for (std::size_t i = 0; i < 3; ++i) {
        const double scale = i < 2 ? 10 : 0.1;
        CHECK(after.points[i].forward_s == Approx(scale * tried.plan.points[i].forward_s));
        CHECK(after.points[i].prepare_s == Approx(0.02));
        CHECK(after.points[i].check_s == Approx(0.05 - after.points[i].forward_s));
        CHECK(after.groups[i].round_s == Approx(visit_s(after.points[i], tried.sweep.protocol)));
    }
}

TEST_CASE("what is not tried is scaled as the points are that are most like it") {
    std::vector<std::string> ids;
    for (const int length : {16, 24, 32, 48, 64, 4096}) {
        for (const char* backend : {"naive", "blas"}) ids.push_back(point(backend, length));
    }
    Tried tried(ids);
    tried.times_its_guess(20, 0.25);
    tried.take(0.5);
    REQUIRE(tried.trial.points.size() >= 4);
    std::set<std::size_t> seen;
    for (const TriedPoint& one : tried.trial.points) seen.insert(one.index);
    CHECK_FALSE(seen.contains(10));  // naive, 4096: a pass takes a minute here
    const Plan after = tried.calibrated();
    for (std::size_t i = 0; i < after.points.size(); ++i) {
        const double scale = after.points[i].point.backend == "naive" ? 20 : 0.25;
        const double right_s = scale * tried.plan.points[i].forward_s;
        CHECK(after.points[i].forward_s > right_s / 2);
        CHECK(after.points[i].forward_s < right_s * 2);
    }
}

TEST_CASE("a trial keeps its time, whatever is slow") {
    std::vector<std::string> ids;
    for (int length = 64; length < 264; ++length) ids.push_back(point("naive", length));
    Tried tried(ids);
    tried.times_its_guess(10, 1);
    tried.simulation.prepare_s = 0.01;
    const Trial& trial = tried.take(1);
    CHECK(trial.points.size() > 3);
    CHECK(trial.points.size() < 100);
    CHECK(trial.seconds < 1.5);  // one may be in hand
    std::set<std::string> lengths;
    for (const TriedPoint& one : trial.points) lengths.insert(get_field(tried.plan.points[one.index].point, "seq_len"));
    CHECK(lengths.contains("64"));  // the cheapest, then far from it
}

TEST_CASE("a point that takes its worker along is left to the run; without any worker the plan says why") {
    Tried tried({point("naive", 16), point("naive", 32), point("naive", 64)});
    tried.times_its_guess(1, 1);
    SECTION("one point crashes") {
        tried.simulation.crash_in_calibration = {tried.plan.points[0].id};
        CHECK(tried.take(10).points.size() == 2);
        CHECK(tried.simulation.workers == 2);
    }
    SECTION("all do") {
        for (const PlannedPoint& planned : tried.plan.points) tried.simulation.crash_in_calibration.insert(planned.id);
        CHECK(tried.take(10).points.empty());
        CHECK(tried.trial.missing.find("signal 11") != std::string::npos);
    }
    SECTION("the result is wrong") {
        tried.simulation.wrong[tried.plan.points[1].id] = "wrong result";
        CHECK(tried.take(10).points.size() == 2);
    }
    SECTION("there is no time") {
        CHECK(tried.take(0).points.empty());
        CHECK(tried.trial.missing == "no point is short enough");
        CHECK(tried.calibrated().points[0].forward_s == tried.plan.points[0].forward_s);
    }
    SECTION("no worker starts") {
        const Trial trial = take_trial(
            tried.plan,
            {.start_worker = []() -> std::unique_ptr<Worker> { throw Error("no room"); }, .now_s = [] { return 0.0; }});
        CHECK(trial.missing == "no room");
    }
    SECTION("nothing is timed") {
        const Plan counted = make_plan(sweep_of({point("counting", 16)}));
        const Trial trial = take_trial(counted, {.start_worker = {}, .now_s = [] { return 0.0; }});
        CHECK_FALSE(trial.missing.empty());
    }
}
