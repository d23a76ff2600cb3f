// Visits through Google Benchmark: how often the forward pass runs, never how long.
#include "harness/measure/clock/gbench_sampler.hpp"

#include <chrono>
#include <thread>

#include <benchmark/benchmark.h>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("a visit runs one warm iteration and the calibrated number of timed ones") {
    std::int64_t calls = 0;
    VisitHere counted([&] { ++calls; });
    GbenchSampler sampler;
    sampler.calibrate("a", counted, {.min_sample_s = 1e-5, .cold_cache = false});
    CHECK(sampler.knows("a"));
    for (int visit = 0; visit < 3; ++visit) {
        calls = 0;
        const Sample sample = sampler.visit("a");
        CHECK(sample.iterations >= 1);
        CHECK(calls == sample.iterations + 1);
        CHECK(sample.point == "a");
        CHECK(sample.wall_s > 0);
        CHECK(sample.involuntary_switches >= 0);
        CHECK(sample.page_faults >= 0);
    }
}

TEST_CASE("a cold visit times one iteration after a warm one and a flush") {
    std::int64_t calls = 0;
    VisitHere counted([&] { ++calls; });
    GbenchSampler sampler;
    sampler.calibrate("a", counted, {.min_sample_s = 1e-5, .cold_cache = true});
    calls = 0;
    CHECK(sampler.visit("a").iterations == 1);
    CHECK(calls == 2);
}

TEST_CASE("several points live beside each other, and one can be forgotten") {
    GbenchSampler sampler;
    std::int64_t a = 0, b = 0;
    VisitHere first([&] { ++a; });
    VisitHere second([&] { ++b; });
    sampler.calibrate("a", first, {.min_sample_s = 1e-6, .cold_cache = false});
    sampler.calibrate("b", second, {.min_sample_s = 1e-6, .cold_cache = false});
    a = b = 0;
    sampler.visit("b");
    CHECK(a == 0);
    CHECK(b > 0);
    sampler.forget("b");
    CHECK_FALSE(sampler.knows("b"));
    CHECK_THROWS_AS(sampler.visit("b"), Error);
    sampler.visit("a");
    CHECK(a > 0);
}

TEST_CASE("a first pass that is long beyond doubt is not repeated to calibrate") {
    GbenchSampler sampler;
    int calls = 0;
    VisitHere sleep([&] {
        ++calls;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    sampler.calibrate("long", sleep, {.min_sample_s = 1e-4, .cold_cache = false});
    REQUIRE(calls == 1);
    calls = 0;
    sampler.calibrate("short", sleep, {.min_sample_s = 0.1, .cold_cache = false});
    REQUIRE(calls >= 2);
    calls = 0;
    sampler.visit("long");
    REQUIRE(calls == 2);  // a warm iteration and a timed one
}

TEST_CASE("what a visit throws comes through Google Benchmark as it was, and the next visit is taken") {
    bool fails = false;
    VisitHere visit([&] {
        if (fails) throw UsageError("on purpose");
    });
    GbenchSampler sampler;
    sampler.calibrate("a", visit, {.min_sample_s = 1e-6, .cold_cache = false});
    fails = true;
    CHECK_THROWS_AS(sampler.visit("a"), UsageError);
    fails = false;
    CHECK(sampler.visit("a").wall_s > 0);
}

TEST_CASE("a visit that keeps time itself is believed, and its processor time stands") {
    struct Elsewhere final : Visit {
        double seconds_of(std::int64_t times) override { return 0.5 * static_cast<double>(times); }
        bool keeps_time() const override { return true; }
        Sample take(benchmark::State& state, const VisitPlan& plan) override {
            while (state.KeepRunningBatch(plan.iterations)) {
                state.SetIterationTime(0.5 * static_cast<double>(plan.iterations));
            }
            Sample sample;
            sample.cpu_s = 0.25;
            sample.involuntary_switches = -1;
            return sample;
        }
    };
    Elsewhere elsewhere;
    GbenchSampler sampler;
    CHECK(sampler.calibrate("a", elsewhere, {.min_sample_s = 2, .cold_cache = false}) == 0.5);
    const Sample sample = sampler.visit("a");
    CHECK(sample.iterations >= 4);
    CHECK(sample.wall_s == Approx(0.5));
    CHECK(sample.cpu_s == 0.25);
    CHECK(sample.involuntary_switches == -1);
    CHECK(sample.page_faults == -1);
}
