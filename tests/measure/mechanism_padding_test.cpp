// Sequences of different lengths in one batch: padded and packed_sequences are one function, each sequence is attention
// by itself, and what padding costs is what is executed and not required.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/backend/all.hpp"
#include "harness/core/storage.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/count.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/layer_shape.hpp"
#include "tests/measure/off_bounds.hpp"
#include "tests/measure/random_problem.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::Contains;

namespace {

constexpr double kEqual = 1e-12;
const std::vector<std::string> kNames{"padded", "packed_sequences"};

OwnTexts shortest(std::int64_t tokens) { return {{"shortest", std::to_string(tokens)}}; }

/// One length for queries and keys; a batch of up to three.
Problem random_batch(std::mt19937_64& random, bool any_type = false) {
    Problem p = random_problem(random, 24, any_type);
    p.scope = Scope::layer;
    p.kv_len = p.q_len;
    return p;
}

std::int64_t up_to(std::mt19937_64& random, std::int64_t most) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most + 1));
}

/// What each sequence has, written down for the batches that follow.
struct Written {
    std::int64_t seq_len, shortest;
    std::vector<std::int64_t> lengths;
};
const std::vector<Written> kWritten{
    {10, 0, {10, 8, 6, 5}}, {10, 3, {10, 7, 5, 3}}, {7, 0, {7, 4}},          {1, 0, {1, 1, 1}},
    {9, 9, {9, 9, 9}},      {12, 1, {12, 6, 1}},    {5, 1, {5, 4, 3, 2, 1}}, {8, 2, {8}}};

Problem batch_of(const Written& written, bool causal, Scope scope = Scope::layer) {
    return layer_problem({.q_len = written.seq_len,
                          .kv_len = written.seq_len,
                          .num_kv_heads = 2,
                          .causal = causal,
                          .batch = static_cast<std::int64_t>(written.lengths.size())},
                         scope);
}

std::int64_t sum_of(const std::vector<std::int64_t>& lengths) {
    std::int64_t sum = 0;
    for (const std::int64_t length : lengths) sum += length;
    return sum;
}

std::vector<double> output_of(PointData& data) {
    poison(data.layout.out);
    run_forward(data);
    std::vector<double> numbers;
    const Tensor& out = data.layout.out;
    with_storage(out.dtype, [&](auto storage) {
        const auto* const first = static_cast<const decltype(storage)*>(out.data);
        for (std::int64_t i = 0; i < out.elements(); ++i) numbers.push_back(static_cast<double>(value_of(first[i])));
    });
    return numbers;
}

std::int64_t projected(const Count& count, Ledger ledger) {
    std::int64_t multiplies = 0;
    for (const OpPart& part : count.ops) {
        const bool is_projection = part.role != "scores" && part.role != "context";
        if (part.op == "matmul" && is_projection)
            multiplies += (ledger == Ledger::required ? part.required : part.executed).multiplies;
    }
    return multiplies;
}

}  // namespace

TEST_CASE("padded and packed_sequences give the same numbers on every backend, and pass their checks") {
    std::mt19937_64 random(111);
    std::size_t compared = 0;
    for (int i = 0; i < 60; ++i) {
        const Problem p = random_batch(random);
        const OwnTexts own = shortest(up_to(random, p.q_len));
        CHECK(apart(Ran(point_with("padded", p, own)).output(), Ran(point_with("packed_sequences", p, own)).output()) <
              kEqual);
        for (const auto& backend : all_backends()) {
            std::vector<std::vector<double>> outputs;
            for (const std::string& name : kNames) {
                Point point = point_with(name, p, own);
                point.problem.dtype = DType::f32;
                point.backend = backend.name;
                if (!why_unsupported(point).empty()) continue;
                PointData data = make_point_data(point);
                if (!data.backend->executes()) continue;
                INFO(point.id());
                CHECK(passed(check_point(data)));
                outputs.push_back(output_of(data));
            }
            if (outputs.size() != 2) continue;
            CHECK(apart(outputs[0], outputs[1]) < 1e-5);
            ++compared;
        }
    }
    CHECK(compared >= 120);
}

TEST_CASE("sequences of one length are multi_head, with both; so is a single one, and in core scope") {
    std::mt19937_64 random(112);
    for (int i = 0; i < 40; ++i) {
        const Problem p = random_batch(random);
        for (const std::string& name : kNames) {
            for (const bool alone : {false, true}) {
                Problem same = p;
                if (alone) same.batch = 1;
                const Point point = point_with(name, same, shortest(alone ? 1 : p.q_len));
                INFO(point.id());
                CHECK(apart(Ran(point).output(), Ran(point_with("multi_head", same)).output()) < kEqual);
            }
        }
        Problem core = p;
        core.scope = Scope::core;
        CHECK(apart(Ran(point_with("padded", core, shortest(p.q_len))).output(),
                    Ran(point_with("multi_head", core)).output()) < kEqual);
    }
}

TEST_CASE("each sequence is multi_head of its tokens alone, whatever stands behind them, and zero from there on") {
    for (const Written& written : kWritten) {
        for (const bool causal : {false, true}) {
            for (const std::string& name : kNames) {
                const Problem p = batch_of(written, causal);
                Ran batch(point_with(name, p, shortest(written.shortest)));
                std::vector<double> right;
                for (std::size_t b = 0; b < written.lengths.size(); ++b) {
                    const std::int64_t length = written.lengths[b], entry = static_cast<std::int64_t>(b);
                    Problem alone = p;
                    alone.batch = 1;
                    alone.q_len = alone.kv_len = length;
                    Ran sequence(point_with("multi_head", alone));
                    for (std::int64_t row = 0; row < written.seq_len; ++row) {
                        for (std::int64_t col = 0; col < p.embed_dim; ++col) {
                            double& x = *batch.x_kv().at<double>(entry, 0, 0, row, col);
                            if (row < length) {
                                *sequence.x_kv().at<double>(0, 0, 0, row, col) = x;
                            } else {
                                x = 1e100;
                            }
                        }
                    }
                    const std::vector<double> out = sequence.output();
                    right.insert(right.end(), out.begin(), out.end());
                    right.resize(static_cast<std::size_t>((entry + 1) * written.seq_len * p.embed_dim), 0);
                }
                INFO(name << ' ' << written.seq_len << ' ' << written.shortest);
                const std::vector<double> out = batch.output();
                CHECK(apart(out, right) < kEqual);
                for (std::size_t i = 0; i < out.size(); ++i) {
                    if (right[i] == 0) REQUIRE(out[i] == 0);
                }
            }
        }
    }
}

TEST_CASE(
    "padded projects padding, packed_sequences does not; the core, what is required and parameters are the same") {
    for (const Written& written : kWritten) {
        for (const bool causal : {false, true}) {
            const Problem p = batch_of(written, causal);
            const auto counted = [&](const std::string& name) {
                Point point = point_with(name, p, shortest(written.shortest));
                point.problem.dtype = DType::f32;
                point.backend = "counting";
                return count_point(point);
            };
            const Count padded = counted("padded"), packed = counted("packed_sequences");
            INFO(written.seq_len << ' ' << written.shortest);
            const std::int64_t tokens = sum_of(written.lengths), all = p.batch * written.seq_len;
            const std::int64_t a_token = p.embed_dim * (2 * p.query_width() + 2 * p.key_width());
            CHECK(projected(padded, Ledger::executed) == all * a_token);
            for (const std::int64_t needed : {projected(padded, Ledger::required), projected(packed, Ledger::required),
                                              projected(packed, Ledger::executed)}) {
                CHECK(needed == tokens * a_token);
            }
            std::int64_t pairs = 0;
            for (const std::int64_t length : written.lengths)
                pairs += causal ? length * (length + 1) / 2 : length * length;
            for (const Count* count : {&padded, &packed}) {
                CHECK(count->total(Ledger::required).exps == p.num_heads * pairs);
                CHECK(count->parameters == padded.parameters);
            }
            const std::int64_t row = 4 * (p.key_width() + p.value_width());
            CHECK(padded.kv_cache_bytes == all * row);
            CHECK(packed.kv_cache_bytes == tokens * row);
        }
    }
}

TEST_CASE("of both passes the products that are required are those of the tokens, and bytes as well") {
    std::mt19937_64 random(113);
    for (int i = 0; i < 30; ++i) {
        Problem p = random_batch(random);
        for (const PassKind pass : {PassKind::forward, PassKind::backward}) {
            p.pass = pass;
            const OwnTexts own = shortest(up_to(random, p.q_len));
            std::vector<OpCost> products, biases;
            for (const std::string& name : kNames) {
                Point point = point_with(name, p, own);
                point.backend = "counting";
                OpCost of_matmul, of_bias;
                for (const OpPart& part : count_point(point).ops) {
                    if (part.op == "matmul") of_matmul += part.required;
                    if (part.op == "bias") of_bias += part.required;
                    CHECK(part.required.multiplies <= part.executed.multiplies);
                    CHECK(part.required.adds <= part.executed.adds);
                }
                products.push_back(of_matmul);
                biases.push_back(of_bias);
            }
            INFO(point_with("padded", p, own).id());
            CHECK(products[0] == products[1]);
            CHECK(biases[0] == biases[1]);
        }
    }
}

TEST_CASE("derivatives of padding are zero, and those of all else are right, on numbers that nobody cleared") {
    std::mt19937_64 random(114);
    for (int i = 0; i < 30; ++i) {
        Problem p = random_batch(random);
        p.pass = PassKind::backward;
        for (const std::string& name : kNames) {
            for (const Scope scope : {Scope::layer, Scope::core}) {
                if (scope == Scope::core && name != "padded") continue;
                p.scope = scope;
                PointData data = make_point_data(point_with(name, p, shortest(up_to(random, p.q_len))));
                Adjoints& derivatives = data.backward->derivatives;
                const Inputs& in = data.layout.inputs;
                for (const Tensor& t :
                     scope == Scope::core ? std::vector<Tensor>{in.q, in.k, in.v} : std::vector<Tensor>{in.x_q}) {
                    poison(derivatives.of(t));
                }
                INFO(data.point.id());
                CHECK(passed(check_point(data)));
            }
        }
    }
}

TEST_CASE("a sequence that is one token longer or shorter, and another mask, are far from the definition") {
    const Problem p = batch_of({.seq_len = 12, .shortest = 0, .lengths = {12, 9, 6}}, true);
    for (const std::string& name : kNames) {
        const Point right = point_with(name, p, shortest(6));
        Problem open = p;
        open.causal = false;
        CHECK(bounds_off(right, right) <= 1);
        CHECK(bounds_off(right, point_with(name, p)) <= 1);  // half of 12
        for (const Point& wrong : {point_with(name, p, shortest(5)), point_with(name, p, shortest(7)),
                                   point_with(name, open, shortest(6)), point_with("multi_head", p)}) {
            INFO(wrong.id());
            CHECK(bounds_off(right, wrong) > 20);
        }
    }
}

TEST_CASE("what padding refuses, and the product that has padding, say what to do") {
    const auto why = [](const std::string& name, const Problem& p, const OwnTexts& own = {}) -> std::string {
        try {
            point_with(name, p, own);
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    };
    for (const std::string& name : kNames) {
        CHECK_THAT(why(name, layer_problem({.q_len = 5, .kv_len = 9})), Contains("set kv_len equal to q_len"));
        CHECK_THAT(why(name, layer_problem({}), shortest(13)), Contains("12") && Contains("instead of 13"));
        Problem cached = layer_problem({});
        cached.cached = true;
        CHECK_THAT(why(name, cached), Contains("set cached to false"));
    }
    CHECK(why("padded", layer_problem({}, Scope::core)).empty());
    CHECK_THAT(why("packed_sequences", layer_problem({}, Scope::core)), Contains("set scope to layer"));
    // The rows that are needed are counted over the whole batch, so it has to be one product.
    const Tensor x = dense(nullptr, DType::f32, {2, 1, 1, 3, 4}), w = dense(nullptr, DType::f32, {1, 1, 1, 4, 5});
    const Tensor y = dense(nullptr, DType::f32, {2, 1, 1, 3, 5});
    Matmul product{.a = x, .b = w, .c = y, .needed_rows = 4};
    CHECK(product.fits());
    CHECK(product.required().front().cost.multiplies == 4 * 4 * 5);
    CHECK(product.executed().front().cost.multiplies == 6 * 4 * 5);
    product.a = dense(nullptr, DType::f32, {2, 1, 1, 4, 4}).row_range(0, 3);
    CHECK_FALSE(product.fits());
}
