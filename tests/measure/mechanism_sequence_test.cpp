// Layers of one sequence that are no attention: what they are equal to, what they cost, and what their check sees.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/backend/all.hpp"
#include "harness/core/counted.hpp"
#include "harness/judge/compare.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/random_problem.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

using Catch::Matchers::Contains;

const std::vector<std::string> kNames{"recurrent", "convolution", "separable_convolution"};

Problem sequence(std::int64_t len, std::int64_t width, bool causal, bool bias = false, DType dtype = DType::f64) {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = len;
    spec.embed_dim = width;
    spec.causal = causal;
    spec.bias = bias;
    spec.dtype = dtype;
    return resolve(spec);
}

/// One head of the whole width, of a problem that may have fewer results than tokens, a cache among them.
Problem random_sequence(std::mt19937_64& random, int longest, bool any_type) {
    Problem p = random_problem(random, longest, any_type);
    p.scope = Scope::layer;
    p.num_heads = p.num_kv_heads = 1;
    p.head_dim = p.value_head_dim = p.embed_dim;
    if (p.q_len > p.kv_len) std::swap(p.q_len, p.kv_len);
    p.cached = random() % 3 == 0;
    return p;
}

/// f(point) for random problems of each variant, with random options.
template <class F>
void for_each_sequence_point(std::uint64_t seed, int problems, bool any_type, const std::string& backend, const F& f) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < problems; ++i) {
        const Problem any = random_sequence(random, 20, any_type);
        for (const std::string& name : kNames) {
            Problem p = any;
            if (name == "recurrent") p.causal = true;
            const Point plain{.variant = name, .backend = backend, .problem = p};
            const Variant& variant = find_named(all_variants(), name, "variant");
            for (const Point& point : with_random_options(plain, variant, random)) {
                if (why_unsupported(point).empty()) f(point);
            }
        }
    }
}

OpCost arithmetic(OpCost cost) {
    cost.bytes_read = cost.bytes_written = 0;
    return cost;
}

/// Pairs of a result and a token that its kernel has a place for, pair by pair.
std::int64_t pairs_of(const Problem& p, std::int64_t kernel_size, std::int64_t dilation) {
    std::int64_t pairs = 0;
    for (std::int64_t i = p.kv_len - p.q_len; i < p.kv_len; ++i) {
        for (std::int64_t token = 0; token < p.kv_len; ++token) {
            const std::int64_t apart = i - token, reach = (kernel_size - 1) * dilation;
            const bool within = p.causal ? apart >= 0 && apart <= reach : 2 * std::abs(apart) <= reach;
            if (within && apart % dilation == 0) ++pairs;
        }
    }
    return pairs;
}

}  // namespace

TEST_CASE("they agree with their definitions on every backend and in every type, behind a cache too") {
    std::size_t compared = 0;
    for (const auto& backend : all_backends()) {
        for_each_sequence_point(91, 25, true, backend.name, [&](const Point& point) {
            PointData data = make_point_data(point);
            if (!data.backend->executes()) return;
            const CheckRecord check = check_point(data);
            INFO(point.id() << ": " << check.max_error << " of " << check.bound);
            REQUIRE(passed(check));
            ++compared;
        });
    }
    CHECK(compared > 200);
}

TEST_CASE("what they execute, counted number by number, and what their definitions require, is what a dry run says") {
    for_each_sequence_point(92, 40, false, "naive", [](const Point& any) {
        Point point = any;
        point.problem.dtype = DType::counted;
        INFO(point.id());
        PointData data = make_point_data(point);
        Counted::tally() = {};
        run_forward(data);
        REQUIRE(arithmetic(count_point(point).total(Ledger::executed)) == arithmetic(Counted::tally()));
        if (any.problem.cached) return;
        point.problem.dtype = DType::f32;
        REQUIRE(arithmetic(count_point(point).total(Ledger::required)) ==
                make_point_data(point).variant->definition.required(question_of(make_point_data(point))));
    });
}

TEST_CASE("a convolution costs k n d^2, a separable one k n d + n d^2, a recurrence 2 n d^2, but for the ends") {
    for_each_sequence_point(93, 40, false, "counting", [](const Point& point) {
        const Problem& p = point.problem;
        const std::int64_t d = p.embed_dim, n = p.batch * p.q_len, bias = p.bias ? d : 0;
        const Count count = count_point(point);
        const OpCost work = count.total(Ledger::required);
        INFO(point.id());
        if (point.variant == "recurrent") {
            const std::int64_t fresh = p.batch * (p.kv_len - p.kept_len()), first = p.kept_len() == 0 ? p.batch : 0;
            CHECK(work.multiplies == (2 * fresh - first) * d * d);
            CHECK(work.exps == (*point.own.find("activation") == "tanh" ? fresh * d : 0));
            CHECK(count.parameters == 2 * d * d + bias);
            CHECK(count.kv_cache_bytes == p.batch * d * size_in_bytes(p.dtype));
            return;
        }
        const std::int64_t k = *number_of(point, "kernel_size"), dilation = *number_of(point, "dilation");
        const std::int64_t pairs = p.batch * pairs_of(p, k, dilation);
        const bool separable = point.variant == "separable_convolution";
        CHECK(work.multiplies == (separable ? pairs * d + n * d * d : pairs * d * d));
        CHECK(count.parameters == (separable ? k * d + d * d : k * d * d) + bias);
        const std::int64_t before = std::min(p.kv_len, (p.causal ? k - 1 : (k - 1) / 2) * dilation);
        CHECK(count.kv_cache_bytes == p.batch * before * d * size_in_bytes(p.dtype));
    });
}

TEST_CASE("a separable convolution is one whose matrices are a diagonal times the same matrix") {
    for (const bool causal : {false, true}) {
        const Problem p = sequence(11, 5, causal, true);
        const std::vector<std::pair<std::string, std::string>> own{{"kernel_size", "3"}, {"dilation", "2"}};
        Ran separable(point_with("separable_convolution", p, own)), dense(point_with("convolution", p, own));
        dense.set("wc", [&](std::int64_t row, std::int64_t col) {
            return separable.at("wd", row / 5, row % 5) * separable.at("wp", row % 5, col);
        });
        dense.set("bc", [&](std::int64_t, std::int64_t col) { return separable.at("bp", 0, col); });
        CHECK(apart(dense.output(), separable.output()) < 1e-12);
        dense.at("wc", 7, 2) += 1e-3;
        CHECK(apart(dense.output(), separable.output()) > 1e-6);
    }
}

TEST_CASE("a recurrence that stays above zero is a convolution with powers of its matrix") {
    constexpr std::int64_t kLen = 9, kWidth = 4;
    constexpr double kFades = 0.5, kLift = 100;
    Ran recurrent(point_with("recurrent", sequence(kLen, kWidth, true, true), {{"activation", "relu"}}));
    Ran kernel(point_with("convolution", sequence(kLen, kWidth, true), {{"kernel_size", std::to_string(kLen)}}));
    recurrent.set("wh", [](std::int64_t row, std::int64_t col) { return row == col ? kFades : 0; });
    recurrent.set("bx", [](std::int64_t, std::int64_t) { return kLift; });
    kernel.set("wc", [&](std::int64_t row, std::int64_t col) {
        return recurrent.at("wx", row % kWidth, col) * std::pow(kFades, static_cast<double>(row / kWidth));
    });
    std::vector<double> lifted = recurrent.output();
    for (std::size_t i = 0; i < lifted.size(); ++i) {
        const auto token = static_cast<double>(i / kWidth % kLen);
        lifted[i] -= kLift * (1 - std::pow(kFades, token + 1)) / (1 - kFades);
    }
    CHECK(apart(lifted, kernel.output()) < 1e-12);
}

TEST_CASE("a token that is another than it was is seen by the check wherever it counts, in bf16 too") {
    for (const DType dtype : {DType::f32, DType::bf16}) {
        for (const std::string& name : kNames) {
            Point point = point_with(name, sequence(12, 24, true), {});
            point.problem.dtype = dtype;
            PointData data = make_point_data(point);
            const judge::ReferenceRows right =
                data.variant->definition.answer(question_of(data), judge::rows_to_check(point.problem, point.seed));
            const Tensor x = data.layout.inputs.x_kv;
            fill_random(dense(x.matrix(1, 0, 0).row_range(9, 1).data, dtype, {1, 1, 1, 1, 24}), 7, "other", 1);
            run_forward(data);
            const judge::Difference found = judge::difference(data.layout.out, right);
            INFO(point.id() << ": " << found.error / found.bound << " times the bound");
            CHECK(found.error > (dtype == DType::bf16 ? 2 : 20) * found.bound);
        }
    }
}

TEST_CASE("what they cannot run they say, with what to set") {
    const auto why = [](const std::string& id) { return why_unsupported(point_from_id(id, known_fields())); };
    for (const std::string& name : kNames) {
        const std::string shape = name + "/naive/seq_len=8,embed_dim=8,causal=true";
        CHECK(why(shape).empty());
        CHECK_THAT(why(shape + ",num_heads=2"), Contains("set num_heads to 1"));
        CHECK_THAT(why(shape + ",head_dim=4"), Contains("leave head_dim and value_head_dim out"));
        CHECK_THAT(why(shape + ",scope=core"), Contains("set scope to layer"));
        CHECK_THAT(why(name + "/naive/q_len=9,kv_len=8,embed_dim=8,causal=true"), Contains("kv_len"));
        CHECK_THAT(why(name + "/naive/q_len=3,kv_len=8,embed_dim=8,causal=true,pass=backward"),
                   Contains("set kv_len equal to q_len"));
        CHECK_THAT(why(name + "/naive/task=d_retrieval,q_len=1,kv_len=4,embed_dim=8,causal=true"),
                   Contains("set kv_len equal to q_len"));
    }
    CHECK_THAT(why("recurrent/naive/seq_len=8,embed_dim=8"), Contains("set causal to true"));
    CHECK_THAT(why("convolution/naive/seq_len=8,embed_dim=8,kernel_size=4"), Contains("odd"));
    CHECK(why("convolution/naive/seq_len=8,embed_dim=8,causal=true,kernel_size=4").empty());
    for (const char* where : {",causal=true,dilation=4", ",dilation=8"}) {
        for (const char* name : {"convolution", "separable_convolution"}) {
            const std::string far = std::string(name) + "/naive/seq_len=8,embed_dim=8" + where;
            CHECK(why(far).empty());
            CHECK_THAT(why(far + ",pass=backward"), Contains("no derivative"));
        }
    }
    CHECK(why("convolution/naive/seq_len=9,embed_dim=8,causal=true,dilation=4,pass=backward").empty());
}
