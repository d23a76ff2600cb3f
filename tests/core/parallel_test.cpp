// The thread pool: every task once, errors brought home.
#include "harness/core/parallel.hpp"

#include <atomic>
#include <vector>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("every task runs once, on a thread with a number in range, whatever the counts") {
    for (const int threads : {1, 2, 3, 7}) {
        ThreadPool pool(threads);
        for (const std::int64_t count : {0, 1, 2, 5, 64, 1000}) {
            std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
            std::atomic<bool> in_range{true};
            pool.run(count, [&](std::int64_t index, int thread) {
                runs[static_cast<std::size_t>(index)]++;
                if (thread < 0 || thread >= threads) in_range = false;
            });
            REQUIRE(in_range);
            for (const auto& n : runs) REQUIRE(n == 1);
        }
    }
}

TEST_CASE("a task's exception reaches the caller, and the pool works on") {
    ThreadPool pool(3);
    for (int round = 0; round < 20; ++round) {
        REQUIRE_THROWS_AS(pool.run(50,
                                   [&](std::int64_t index, int) {
                                       if (index == 17) throw Error("task 17 fails");
                                   }),
                          Error);
        std::atomic<int> sum{0};
        pool.run(10, [&](std::int64_t index, int) { sum += static_cast<int>(index); });
        REQUIRE(sum == 45);
    }
}

TEST_CASE("a pool that never runs starts no thread and ends at once") {
    const ThreadPool pool(64);
    REQUIRE(pool.num_threads() == 64);
}
