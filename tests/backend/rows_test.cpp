// Verbs of rows on every backend against the readable loops in double precision.
#include <algorithm>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/add.hpp"
#include "harness/backend/verbs/softmax_rows_vjp.hpp"
#include "harness/backend/verbs/sum_rows.hpp"
#include "harness/backend/verbs/zero.hpp"
#include "tests/backend/twins.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

// At most 160 terms of order one in f32, their sum times a number of order one.
constexpr double kTolerance = 5e-4;

/// The last numbers[0] keys up to a query's own, and the first numbers[1] ones; every fifth row sees none.
Keys window_and_sink(const Mask::Numbers& numbers, std::int64_t row, std::int64_t q_len, std::int64_t kv_len) {
    if (row % 5 == 4) return {};
    const std::int64_t own = kv_len - q_len + row;
    return {.first = own - numbers[0] + 1, .last = own + 1, .sink = std::min(numbers[1], own + 1)};
}

Mask mask_of(int i, std::int64_t cols) {
    if (i % 3 == 2) return {.rule = window_and_sink, .numbers = {1 + cols / 3, 1 + i % 4}};
    return {.causal = i % 3 == 1};
}

struct Case {
    std::array<std::int64_t, 5> extent;
    int layouts;
    Mask mask;
};

/// Every verb of rows on one shape; fails where `backend` and the readable loops differ.
void check_verbs(Backend& backend, TwinStore& store, const Case& c) {
    NaiveBackend exact;
    const auto both = [&](const auto& verb_on) {
        backend.run("x", verb_on([](const Twins& t) { return t.fast; }));
        exact.run("x", verb_on([](const Twins& t) { return t.exact; }));
    };
    const int first = c.layouts % 3, second = c.layouts / 3 % 3;
    const Twins weights = store.take(c.extent, first), derivative = store.take(c.extent, second);
    both([&](auto of) { return SoftmaxRowsVjp{.mask = c.mask, .weights = of(weights), .derivative = of(derivative)}; });
    CHECK(worst_difference(derivative) < kTolerance);

    const std::array<std::int64_t, 5> shared{1, c.extent[1], 1, c.extent[3], c.extent[4]};
    const Twins from = store.take(store.flip() ? c.extent : shared, first);
    both([&](auto of) { return Add{.from = of(from), .to = of(derivative)}; });
    CHECK(worst_difference(derivative) < kTolerance);

    const Twins sum = store.take({1, 1, 1, 1, c.extent[4]}, second);
    for (const bool accumulate : {false, true}) {
        both([&](auto of) { return SumRows{.from = of(from), .to = of(sum), .accumulate = accumulate}; });
        CHECK(worst_difference(sum) < kTolerance);
    }

    both([&](auto of) { return Zero{.to = of(derivative)}; });
    CHECK(worst_difference(derivative) == 0);
    CHECK(*derivative.fast.at<float>(0, 0, 0, c.extent[3] - 1, c.extent[4] - 1) == 0);
}

}  // namespace

TEST_CASE("softmax's derivative, additions, sums and zeros agree for every layout and mask") {
    for_each_real_backend([](Backend& backend) {
        TwinStore store(21);
        for (int i = 0; i < 120; ++i) {
            const std::int64_t rows = store.pick(9), cols = store.pick(70);
            check_verbs(backend, store,
                        {.extent = {store.pick(2), store.pick(3), store.pick(2), rows, cols},
                         .layouts = i,
                         .mask = mask_of(i / 9, cols)});
        }
    });
}

TEST_CASE("the same where threads share the work") {
    for_each_real_backend([](Backend& backend) {
        TwinStore store(22);
        for (const int i : {0, 1, 2}) {
            check_verbs(backend, store,
                        {.extent = {1, 3, 1, 149, 151}, .layouts = i == 1 ? 2 : 0, .mask = mask_of(i, 151)});
        }
    });
}
