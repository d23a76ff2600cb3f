// Derivatives by a recorded trace: what is written first, what must not be overwritten, which windows share memory.
#include "harness/backend/tape.hpp"

#include <array>
#include <set>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/backend/verbs/verb_type.hpp"
#include "harness/core/error.hpp"
#include "harness/core/workspace.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;

namespace {

std::set<std::int64_t> elements_of(const Tensor& t) {
    std::set<std::int64_t> elements;
    for (std::int64_t b = 0; b < t.batch(); ++b) {
        for (std::int64_t n = 0; n < t.kv_heads(); ++n) {
            for (std::int64_t g = 0; g < t.group(); ++g) {
                for (std::int64_t i = 0; i < t.rows(); ++i) {
                    for (std::int64_t j = 0; j < t.cols(); ++j)
                        elements.insert(reinterpret_cast<std::intptr_t>(t.at<float>(b, n, g, i, j)));
                }
            }
        }
    }
    return elements;
}

/// x += factor x, without a derivative.
struct Grow {
    static constexpr std::string_view kName = "grow";
    Tensor x;
    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.x, Access::update);
    }
    static bool fits() { return true; }
    static Parts required() { return {}; }
    template <class T>
    static void naive() {}
};

}  // namespace

TEST_CASE("windows of heads, rows and columns overlap exactly when they share an element") {
    std::vector<float> memory(2 * 6 * 24);
    const Tensor x = dense(memory.data(), DType::f32, {2, 1, 1, 6, 24});
    std::vector<Tensor> windows{x, x.transposed(), x.row_range(0, 2), x.row_range(1, 3), x.matrix(1, 0, 0)};
    for (const std::int64_t heads : {2, 3, 6}) {
        const Tensor split = split_heads(x, heads, 1);
        for (std::int64_t h = 0; h < heads; ++h) {
            windows.push_back(split.head(h, 0));
            windows.push_back(split.head(h, 0).transposed().matrix(0, 0, 0));
        }
    }
    for (const std::int64_t first : {0, 5, 8, 16}) windows.push_back(x.columns(first, 8));
    for (const Tensor& a : windows) {
        for (const Tensor& b : windows) {
            const std::set<std::int64_t> in_a = elements_of(a);
            bool shared = false;
            for (const std::int64_t element : elements_of(b)) shared = shared || in_a.contains(element);
            CHECK(overlap(a, b) == shared);
            // A window and its transpose show the same elements, in another order unless it is one row or column.
            const bool in_order = a.rows() == 1 || a.cols() == 1 || a.stride[4] == b.stride[4];
            const bool same = a.data == b.data && a.extent == b.extent && elements_of(b) == in_a && in_order;
            CHECK(same_window(a, b) == same);
        }
    }
}

TEST_CASE("the first to write a derivative begins it, the others add, and a second walk repeats that") {
    std::vector<float> values(64), derivatives(64);
    Adjoints adjoints;
    adjoints.put(values.data(), 256, derivatives.data());
    const Tensor x = dense(values.data(), DType::f32, {1, 1, 1, 4, 8});
    for (int walk = 0; walk < 2; ++walk) {
        adjoints.begin();
        CHECK_FALSE(adjoints.holds(x.columns(0, 4)));
        CHECK_FALSE(adjoints.holds(x.columns(4, 4)));
        CHECK(adjoints.holds(x.columns(4, 4)));
        CHECK(adjoints.holds(x.columns(0, 4).transposed()));
    }
    CHECK(adjoints.of(x.row_range(1, 1)).data == derivatives.data() + 8);
    std::vector<float> elsewhere(4);
    CHECK_THROWS_WITH(adjoints.of(dense(elsewhere.data(), DType::f32, {1, 1, 1, 1, 4})), Contains("has no derivative"));
}

TEST_CASE("a derivative that is written in windows of different shapes begins at zero") {
    std::vector<float> values(64), derivatives(64);
    Adjoints adjoints;
    adjoints.put(values.data(), 256, derivatives.data());
    const Tensor x = dense(values.data(), DType::f32, {1, 1, 1, 4, 8});
    const Tensor below = dense(values.data() + 32, DType::f32, {1, 1, 1, 4, 8});
    CHECK_FALSE(adjoints.holds(x));
    CHECK_FALSE(adjoints.holds(below));
    CHECK(adjoints.holds(x.columns(2, 3)));
    adjoints.begin();
    CHECK(adjoints.holds(x));
    CHECK_FALSE(adjoints.holds(below));
    CHECK(adjoints.holds(x.columns(2, 3)));
    REQUIRE(adjoints.zeroed().size() == 2);
    CHECK(adjoints.zeroed()[0].data == derivatives.data());
}

TEST_CASE("a tape refuses what it could not walk back: a verb without derivative, and values that are overwritten") {
    Workspace ws = Workspace::imagined(0);
    const auto take = [&] { return ws.take("x", DType::f32, {1, 1, 1, 4, 4}); };
    const Tensor a = take(), b = take(), c = take();
    NaiveBackend backend;
    backend.stay_dry();
    Tape tape;
    backend.record(&tape);
    backend.matmul("scores", a, b, c);
    backend.softmax_rows("weights", {}, c);
    CHECK_THROWS_WITH(backend.matmul("again", c, b, a), Contains("overwrites what an earlier verb read"));
    CHECK_THROWS_WITH(backend.run("grow", Grow{.x = take()}), Contains("has no derivative"));
    backend.record(nullptr);
    CHECK_NOTHROW(backend.matmul("again", c, b, a));
}
