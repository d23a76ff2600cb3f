// Traced passes: which of them speak, and that their parts still sum to their total.
#include "harness/measure/clock/traced.hpp"

#include "harness/backend/naive_backend.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

TracedPass pass(double seconds, double scores, double weights) {
    return {.seconds = seconds,
            .spans = {{.verb = "matmul", .role = "scores", .seconds = scores, .parts = {}},
                      {.verb = "softmax_rows", .role = "weights", .seconds = weights, .parts = {}}}};
}

}  // namespace

TEST_CASE("the middle half of the passes speaks, whatever their order, and the extremes do not") {
    const Traced traced =
        middle_half({pass(100, 90, 10), pass(2, 1, 1), pass(4, 3, 1), pass(0.5, 0.1, 0.1)});  // the ends are preempted
    CHECK(traced.seconds == Approx(3));
    REQUIRE(traced.breakdown.size() == 2);
    CHECK(traced.breakdown[0].role == "scores");
    CHECK(traced.breakdown[0].seconds == Approx(2));
    CHECK(traced.breakdown[1].seconds == Approx(1));
}

TEST_CASE("fewer than four passes all speak") {
    CHECK(middle_half({pass(3, 1, 1)}).seconds == Approx(3));
    CHECK(middle_half({pass(3, 1, 1), pass(5, 1, 1), pass(10, 1, 1)}).seconds == Approx(6));
}

TEST_CASE("calls of one verb and role are added up within a pass") {
    TracedPass twice = pass(4, 1, 1);
    twice.spans.push_back({.verb = "matmul", .role = "scores", .seconds = 0.5, .parts = {}});
    const Traced traced = middle_half({twice});
    REQUIRE(traced.breakdown.size() == 2);
    CHECK(traced.breakdown[0].seconds == Approx(1.5));
}

TEST_CASE("a short pass is traced 21 times after one that is not, and nobody listens afterwards") {
    NaiveBackend backend;
    int calls = 0;
    const Traced traced = trace([&] { ++calls; }, backend);
    CHECK(calls == 22);
    CHECK(traced.breakdown.empty());
    CHECK(traced.seconds >= 0);
}
