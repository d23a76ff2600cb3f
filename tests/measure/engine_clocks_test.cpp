// What an engine says of its time, against what is seen from outside: honest ones, busy machines, and lies.
#include "harness/measure/engine/engine_clocks.hpp"

#include <limits>
#include <string>
#include <vector>

#include "tests/catch.hpp"

using namespace headcount;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what an engine says of its time is held against the request and the kernel") {
    const Clocked seen{.wall_s = 0.1, .cpu_s = 0.1};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(impossible({.wall_s = 0.0999, .cpu_s = 0.0999}, seen).empty());
    CHECK_FALSE(impossible({.wall_s = 0.1001, .cpu_s = 0.1}, seen).empty());
    CHECK_FALSE(impossible({.wall_s = 0.09, .cpu_s = 0.12}, seen).empty());
    CHECK_FALSE(impossible({.wall_s = 0, .cpu_s = 0}, seen).empty());
    CHECK_FALSE(impossible({.wall_s = nan, .cpu_s = 0.1}, seen).empty());
    CHECK_FALSE(impossible({.wall_s = 0.09, .cpu_s = -1}, seen).empty());
    CHECK(doubtful({.wall_s = 0.099, .cpu_s = 0.099}, seen, 1).empty());
    CHECK(contains(doubtful({.wall_s = 0.05, .cpu_s = 0.05}, seen, 1), "times less than it does"));
    // Late because others had the cores: no lie. Work outside the clock stays one.
    const Clocked late{.wall_s = 0.1, .cpu_s = 0.05, .waited_s = 0.04};
    CHECK(doubtful({.wall_s = 0.05, .cpu_s = 0.05}, late, 1).empty());
    CHECK(contains(doubtful({.wall_s = 0.04, .cpu_s = 0.05}, late, 1), "times less than it does"));
    CHECK(contains(doubtful({.wall_s = 0.05, .cpu_s = 0.03}, late, 1), "not all of its threads"));
    CHECK(contains(doubtful({.wall_s = 0.099, .cpu_s = 0.05}, seen, 1), "not all of its threads"));
    CHECK(contains(doubtful({.wall_s = 0.099, .cpu_s = 0.19}, {.wall_s = 0.1, .cpu_s = 0.19}, 1), "num_threads=1"));
    CHECK(doubtful({.wall_s = 0.099, .cpu_s = 0.19}, {.wall_s = 0.1, .cpu_s = 0.19}, 2).empty());
    CHECK(doubtful({.wall_s = 0.099, .cpu_s = 0.05}, {.wall_s = 0.1, .cpu_s = -1}, 1).empty());
}

TEST_CASE("what is left out is a lie where it grows with the passes") {
    // Requests of 1 and 4 passes of 50 ms, each with `around` of work that belongs to none.
    struct Engine {
        const char* name;
        double said_wall, said_cpu;  ///< of a pass, as a share of its 50 ms
        double around_s;
        double waited_s;  ///< others had the core, somewhere in the request, the first time of three
        int num_threads, cores;
        bool believed;
    };
    for (const Engine& engine : std::vector<Engine>{
             {"exact", 1, 1, 0, 0, 1, 1, true},
             {"25 ms around, as ONNX Runtime was seen with", 1, 1, 0.025, 0, 1, 1, true},
             {"more around than in a pass", 1, 1, 0.12, 0, 1, 1, true},
             {"on a busy machine", 1, 1, 0.025, 0.3, 1, 1, true},
             {"two threads", 1, 1, 0.025, 0, 2, 2, true},
             {"30 % less", 0.7, 0.7, 0, 0, 1, 1, false},
             {"30 % less, beside honest work around", 0.7, 0.7, 0.025, 0, 1, 1, false},
             {"30 % less, on a busy machine", 0.7, 0.7, 0, 0.3, 1, 1, false},
             {"30 % less wall time", 0.7, 1, 0, 0, 1, 1, false},
             {"30 % less processor time", 1, 0.7, 0, 0, 1, 1, false},
             {"one more thread than it was given", 1, 1, 0, 0, 1, 2, false},
         }) {
        CAPTURE(engine.name);
        const auto requests = [&](std::int64_t passes) {
            std::vector<Timed> result;
            for (const double share : {1.0, 0.4, 0.7}) {
                const double waited = share * engine.waited_s;
                const double wall = 0.05 * static_cast<double>(passes), cpu = engine.cores * wall;
                result.push_back({.passes = passes,
                                  .claimed = {.wall_s = engine.said_wall * wall, .cpu_s = engine.said_cpu * cpu},
                                  .seen = {.wall_s = wall + engine.around_s + 0.0005 + waited,
                                           .cpu_s = cpu + engine.around_s + 0.0003,
                                           .waited_s = waited}});
            }
            return result;
        };
        CHECK(grows(requests(1), requests(4), engine.num_threads).empty() == engine.believed);
    }
    // The last pass of each request is still under way when the clocks are stopped.
    const auto late = [](double passes) {
        return std::vector<Timed>(3, {.passes = static_cast<std::int64_t>(passes),
                                      .claimed = {.wall_s = 0.05 * (passes - 0.99), .cpu_s = 0.05 * (passes - 0.99)},
                                      .seen = {.wall_s = 0.05 * passes, .cpu_s = 0.05 * passes}});
    };
    CHECK(contains(grows(late(1), late(4), 1), "each further one takes"));
}
