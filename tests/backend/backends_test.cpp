// Every backend that computes against the readable loops in double precision, verb by verb, layout by layout.
#include "harness/backend/all.hpp"
#include "harness/backend/naive_backend.hpp"
#include "tests/backend/twins.hpp"
#include "tests/catch.hpp"
#include "tests/slow_build.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

// At most 20 terms of order one: float rounding stays below 20 * 20 * 2^-24 * a few.
constexpr double kTolerance = 2e-4;

}  // namespace

TEST_CASE("products agree for every layout, with scale, bias and broadcasting") {
    for_each_real_backend([](Backend& backend) {
        NaiveBackend exact;
        TwinStore store(4);
        for (int i = 0; i < 300; ++i) {
            const std::int64_t b = store.pick(2), n = store.pick(3), g = store.pick(2);
            const std::int64_t m = store.pick(9), k = store.pick(20), cols = store.pick(9);
            const int a_layout = i % 3, b_layout = i / 3 % 3, c_layout = i / 9 % 3;
            const Twins left = store.take({b, n, g, m, k}, a_layout);
            const Twins right = store.take({store.flip() ? 1 : b, store.flip() ? 1 : n, 1, k, cols}, b_layout);
            const Twins c = store.take({b, n, g, m, cols}, c_layout);
            const Twins bias = store.take({1, 1, 1, 1, cols}, 0);
            const bool with_bias = store.flip();
            MatmulOptions fast_options{.scale = {}, .bias = nullptr, .mask = {}, .masked = Masked::nothing};
            if (store.flip()) fast_options.scale = 0.75;
            MatmulOptions exact_options = fast_options;
            if (with_bias) {
                fast_options.bias = &bias.fast;
                exact_options.bias = &bias.exact;
            }
            backend.matmul("x", left.fast, right.fast, c.fast, fast_options);
            exact.matmul("x", left.exact, right.exact, c.exact, exact_options);
            CAPTURE(b, n, g, m, k, cols, a_layout, b_layout, c_layout, with_bias);
            REQUIRE(worst_difference(c) < kTolerance);
        }
    });
}

TEST_CASE("products and cores of the sizes between which libraries change their ways agree") {
    for_each_real_backend([](Backend& backend) {
        NaiveBackend exact;
        TwinStore store(11);
        for (const std::int64_t size : {1, 7, 127, kSlowBuild ? 257 : 513}) {
            const std::int64_t width = std::min<std::int64_t>(size, 127);
            CAPTURE(size);
            // What a projection is: one product, rows in one piece, with and without a bias.
            const Twins x = store.take({1, 1, 1, size, size}, 0), w = store.take({1, 1, 1, size, width}, 0);
            const Twins bias = store.take({1, 1, 1, 1, width}, 0), y = store.take({1, 1, 1, size, width}, 0);
            for (const bool biased : {false, true}) {
                MatmulOptions fast{.scale = {}, .bias = nullptr, .mask = {}, .masked = Masked::nothing};
                MatmulOptions slow = fast;
                if (biased) fast.bias = &bias.fast, slow.bias = &bias.exact;
                backend.matmul("x", x.fast, w.fast, y.fast, fast);
                exact.matmul("x", x.exact, w.exact, y.exact, slow);
                REQUIRE(worst_difference(y) < 20 * kTolerance);
            }
            // What a core is: heads side by side, keys shared by a group.
            const Twins q = store.take({1, 2, 2, size, 16}, 2), k = store.take({1, 2, 1, size, 16}, 2);
            const Twins v = store.take({1, 2, 1, size, 16}, 2), out = store.take({1, 2, 2, size, 16}, 2);
            const Twins scores = store.take({1, 2, 2, size, size}, 0);
            for (const bool causal : {false, true}) {
                for (Backend* const on : {&backend, static_cast<Backend*>(&exact)}) {
                    const auto pick = [&](const Twins& t) { return on == &backend ? t.fast : t.exact; };
                    on->matmul("scores", pick(q), pick(k).transposed(), pick(scores),
                               {.scale = 0.25, .bias = nullptr, .mask = {.causal = causal}, .masked = Masked::output});
                    on->softmax_rows("weights", {.causal = causal}, pick(scores));
                    on->matmul("context", pick(scores), pick(v), pick(out));
                }
                REQUIRE(worst_difference(out) < kTolerance);
                Workspace ws = Workspace::reserve(
                    4 * backend.attend_plan(attend_shape(q.fast, k.fast, v.fast), {}).scratch_elements);
                backend.attend("core", 0.25, {.causal = causal}, q.fast, k.fast, v.fast, out.fast, ws);
                REQUIRE(worst_difference(out) < kTolerance);
            }
        }
    });
}

TEST_CASE("softmax and copies agree for every layout and mask") {
    for_each_real_backend([](Backend& backend) {
        NaiveBackend exact;
        TwinStore store(5);
        for (int i = 0; i < 200; ++i) {
            const std::array<std::int64_t, 5> extent{store.pick(2), store.pick(3), store.pick(2), store.pick(9),
                                                     store.pick(40)};
            const Twins scores = store.take(extent, i % 3);
            const Mask mask{.causal = store.flip()};
            backend.softmax_rows("weights", mask, scores.fast);
            exact.softmax_rows("weights", mask, scores.exact);
            REQUIRE(worst_difference(scores) < kTolerance);
            const Twins copy = store.take(extent, i / 3 % 3);
            backend.copy("x", scores.fast, copy.fast);
            exact.copy("x", scores.exact, copy.exact);
            REQUIRE(worst_difference(copy) < kTolerance);
        }
    });
}

TEST_CASE("work large enough to be shared among threads gives the same result") {
    for_each_real_backend([](Backend& backend) {
        NaiveBackend exact;
        TwinStore store(6);
        const Twins scores = store.take({1, 3, 1, 150, 150}, 0);
        backend.softmax_rows("weights", {.causal = true}, scores.fast);
        exact.softmax_rows("weights", {.causal = true}, scores.exact);
        REQUIRE(worst_difference(scores) < kTolerance);
        const Twins copy = store.take({1, 3, 1, 150, 150}, 2);
        backend.copy("x", scores.fast, copy.fast);
        exact.copy("x", scores.exact, copy.exact);
        REQUIRE(worst_difference(copy) < kTolerance);
    });
}

TEST_CASE("the fused core equals the three steps, for every mask, grouping and length") {
    for_each_real_backend([](Backend& backend) {
        NaiveBackend exact;
        TwinStore store(8);
        for (int i = 0; i < 100; ++i) {
            const std::int64_t b = store.pick(2), n = store.pick(3), g = store.pick(2), d = store.pick(20);
            const std::int64_t q_len = store.pick(i % 20 == 0 ? 150 : 30), kv_len = store.pick(i % 20 == 0 ? 150 : 30);
            const std::int64_t dv = store.pick(20);
            const Twins q = store.take({b, n, g, q_len, d}, 2);
            const Twins k = store.take({b, n, 1, kv_len, d}, 2);
            const Twins v = store.take({b, n, 1, kv_len, dv}, 0);
            const Twins out = store.take({b, n, g, q_len, dv}, i % 3);
            const Mask mask{.causal = store.flip()};
            const AttendShape shape = attend_shape(q.fast, k.fast, v.fast);
            Workspace ws = Workspace::reserve(4 * backend.attend_plan(shape, mask).scratch_elements);
            backend.attend("core", 0.3, mask, q.fast, k.fast, v.fast, out.fast, ws);
            const Twins scores = store.take({b, n, g, q_len, kv_len}, 0);
            exact.matmul("scores", q.exact, k.exact.transposed(), scores.exact,
                         {.scale = 0.3, .bias = nullptr, .mask = mask, .masked = Masked::output});
            exact.softmax_rows("weights", mask, scores.exact);
            exact.matmul("context", scores.exact, v.exact, out.exact);
            CAPTURE(b, n, g, q_len, kv_len, d, dv, mask.causal);
            REQUIRE(worst_difference(out) < kTolerance);
        }
    });
}

TEST_CASE("shapes that do not fit are an error, not a read out of bounds") {
    for_each_real_backend([](Backend& backend) {
        TwinStore store(9);
        const Tensor a = store.take({1, 1, 1, 4, 5}, 0).fast;
        const Tensor b = store.take({1, 1, 1, 5, 6}, 0).fast;
        const Tensor c = store.take({1, 1, 1, 4, 6}, 0).fast;
        REQUIRE_THROWS_AS(backend.matmul("x", a, a, c), Error);
        REQUIRE_THROWS_AS(backend.matmul("x", a, b, a), Error);
        REQUIRE_THROWS_AS(backend.matmul("x", a, store.take({1, 2, 1, 5, 6}, 0).fast, c), Error);
        REQUIRE_THROWS_AS(backend.matmul("x", a, store.take({1, 1, 1, 5, 6}, 0).exact, c), Error);
        REQUIRE_THROWS_AS(backend.matmul("x", a, b, c, {.scale = {}, .bias = &a, .mask = {}, .masked = {}}), Error);
        REQUIRE_THROWS_AS(backend.copy("x", a, b), Error);
        Workspace ws = Workspace::reserve(1 << 16);
        REQUIRE_THROWS_AS(backend.attend("x", 1, {}, a, b, b, c, ws), Error);
    });
}

TEST_CASE("an untraced call builds no span; a traced one names verb, role and both ledgers") {
    NaiveBackend backend;
    TwinStore store(10);
    const Tensor a = store.take({1, 1, 1, 4, 4}, 0).fast;
    const Tensor c = store.take({1, 1, 1, 4, 4}, 0).fast;
    OpLog log;
    backend.matmul("scores", a, a, c);
    backend.listen(&log);
    backend.matmul("scores", a, a, c,
                   {.scale = 2.0, .bias = nullptr, .mask = {.causal = true}, .masked = Masked::output});
    backend.listen(nullptr);
    backend.matmul("scores", a, a, c);
    REQUIRE(log.spans.size() == 1);
    REQUIRE(log.spans[0].verb == "matmul");
    REQUIRE(log.spans[0].role == "scores");
    REQUIRE(log.spans[0].parts.size() == 2);
    REQUIRE(log.spans[0].parts[0].required.multiplies == 10 * 4);
    REQUIRE(log.spans[0].parts[0].executed.multiplies == 16 * 4);
    REQUIRE(log.spans[0].parts[1].op == "scale");
    REQUIRE(log.spans[0].parts[1].required.multiplies == 10);
}

TEST_CASE("every thread finds a block of query rows when there are rows enough") {
    for_each_real_backend([](Backend& backend) {
        for (const std::int64_t heads : {1, 2, 5}) {
            const AttendShape shape{.batch = 1,
                                    .kv_heads = heads,
                                    .group = 1,
                                    .q_len = 50,
                                    .kv_len = 50,
                                    .head_dim = 8,
                                    .value_head_dim = 8,
                                    .dtype = DType::f32};
            const std::int64_t block = backend.attend_plan(shape, {}).query_block;
            REQUIRE(block >= 1);
            REQUIRE(block <= 50);
            REQUIRE(heads * ((50 + block - 1) / block) >= backend.num_threads());
        }
    });
}

TEST_CASE("a query block grows as fast memory over width, until it holds all rows") {
    const NaiveBackend backend;
    AttendShape shape{.batch = 1,
                      .kv_heads = 1,
                      .group = 1,
                      .q_len = 1 << 20,
                      .kv_len = 1 << 20,
                      .head_dim = 64,
                      .value_head_dim = 64,
                      .dtype = DType::f32};
    const std::int64_t block = backend.attend_plan(shape, {}).query_block;
    REQUIRE(block == 256);
    shape.head_dim = shape.value_head_dim = 512;
    REQUIRE(backend.attend_plan(shape, {}).query_block * 8 == block);
    shape.head_dim = shape.value_head_dim = 1 << 20;
    REQUIRE(backend.attend_plan(shape, {}).query_block == 1);
    shape.q_len = 7;
    shape.head_dim = shape.value_head_dim = 8;
    REQUIRE(backend.attend_plan(shape, {}).query_block == 7);
}

TEST_CASE("a backend that was built says so, one that was not says why") {
    REQUIRE(all_backends().size() >= 3);
    for (const auto& [name, info] : all_backends()) {
        INFO(name);
        REQUIRE_FALSE(info.summary.empty());
        if (info.missing.empty()) {
            REQUIRE(info.make != nullptr);
        } else {
            REQUIRE(info.make == nullptr);
        }
        if (info.facts != nullptr) {
            for (const auto& [key, value] : info.facts()) REQUIRE_FALSE(value.empty());
        }
    }
}
