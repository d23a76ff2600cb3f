// Visits through Google Benchmark: how often the forward pass runs, never how long.
#include "harness/measure/clock/gbench_sampler.hpp"

#include <chrono>
#include <thread>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("a visit runs one warm iteration and the calibrated number of timed ones") {
    GbenchSampler sampler;
    std::int64_t calls = 0;
    sampler.calibrate("a", [&] { ++calls; }, {.min_sample_s = 1e-5, .cold_cache = false});
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
    GbenchSampler sampler;
    std::int64_t calls = 0;
    sampler.calibrate("a", [&] { ++calls; }, {.min_sample_s = 1e-5, .cold_cache = true});
    calls = 0;
    CHECK(sampler.visit("a").iterations == 1);
    CHECK(calls == 2);
}

TEST_CASE("several points live beside each other, and one can be forgotten") {
    GbenchSampler sampler;
    std::int64_t a = 0, b = 0;
    sampler.calibrate("a", [&] { ++a; }, {.min_sample_s = 1e-6, .cold_cache = false});
    sampler.calibrate("b", [&] { ++b; }, {.min_sample_s = 1e-6, .cold_cache = false});
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
    const auto sleep = [&] {
        ++calls;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    };
    sampler.calibrate("long", sleep, {.min_sample_s = 1e-4, .cold_cache = false});
    REQUIRE(calls == 1);
    calls = 0;
    sampler.calibrate("short", sleep, {.min_sample_s = 0.1, .cold_cache = false});
    REQUIRE(calls >= 2);
    calls = 0;
    sampler.visit("long");
    REQUIRE(calls == 2);  // a warm iteration and a timed one
}
