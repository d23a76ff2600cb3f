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

TEST_CASE("from six passes on each part has an interval that holds its mean") {
    const std::vector<TracedPass> six{pass(2, 1, 1),     pass(2.2, 1.1, 1.1), pass(1.9, 1, 0.9),
                                      pass(2.1, 1, 1.1), pass(2, 1.2, 0.8),   pass(30, 9, 21)};
    for (const SpanRecord& span : middle_half(six).breakdown) {
        CHECK(span.low_s > 0);
        CHECK(span.low_s <= span.seconds);
        CHECK(span.seconds <= span.high_s);
    }
    CHECK(middle_half(six).breakdown[0].high_s >= 9);  // of six, the range at least
    for (const SpanRecord& span : middle_half({six.begin(), six.end() - 1}).breakdown) {
        CHECK(span.low_s == -1);
        CHECK(span.high_s == -1);
    }
    std::vector<TracedPass> many;
    for (int i = 0; i < 21; ++i) many.push_back(pass(i == 7 ? 51 : 2, i == 7 ? 50 : 1 + 0.001 * (i * 10 % 21), 1));
    CHECK(middle_half(many).breakdown[0].high_s < 1.1);
}
