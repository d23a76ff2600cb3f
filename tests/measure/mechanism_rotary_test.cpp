// Rotary attention: what it is equal to, that it sees distances and no positions, what it costs, and what its check
// sees.
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/measure/point/count.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/latents.hpp"
#include "tests/measure/off_bounds.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::Contains;

namespace {

constexpr double kSame = 1e-12;

std::string why(const Problem& p, const std::vector<std::pair<std::string, std::string>>& own = {}) {
    try {
        point_with("rotary", p, own);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("where nothing turns rotary is multi_head: heads of one column, one position, zeros in the turned columns") {
    std::mt19937_64 random(101);
    for (int i = 0; i < 40; ++i) {
        const Problem any = random_layer(random, true);
        Problem narrow = any, first = any;
        narrow.head_dim = 1;
        first.q_len = first.kv_len = 1;
        for (const Problem& p : {narrow, first}) {
            INFO(point_with("rotary", p).id());
            CHECK(apart(Ran(point_with("rotary", p)).output(), Ran(point_with("multi_head", p)).output()) < kSame);
        }
        if (any.head_dim < 2) continue;
        Ran turned(point_with("rotary", any, {{"rotary_dim", "2"}})), plain(point_with("multi_head", any));
        INFO(point_with("rotary", any).id());
        for (Ran* ran : {&turned, &plain}) {
            for (const char* name : {"wq", "bq"}) {
                if (name[0] == 'b' && !any.bias) continue;
                const Tensor w = ran->weight(name);
                for (std::int64_t row = 0; row < w.rows(); ++row) {
                    for (std::int64_t col = 0; col < w.cols(); ++col)
                        if (col % any.head_dim < 2) ran->at(name, row, col) = 0;
                }
            }
        }
        CHECK(apart(turned.output(), plain.output()) < kSame);
    }
}

TEST_CASE("rotary heads that share one key are a latent whose keys and values are picked from it") {
    std::mt19937_64 random(102);
    for (int i = 0; i < 40; ++i) {
        Problem p = random_layer(random, false);
        p.bias = false;
        p.num_kv_heads = 1;
        const std::int64_t still = p.head_dim, turning = 2 * (1 + i % 3), rank = still + p.value_head_dim;
        Problem wide = p, own_keys = p;
        wide.head_dim = turning + still;
        own_keys.num_kv_heads = p.num_heads;
        Ran rotary(point_with("rotary", wide, {{"rotary_dim", text(turning)}}));
        Ran latent(point_with("latent", own_keys, {{"kv_rank", text(rank)}, {"rope_dim", text(turning)}}));
        INFO(point_with("rotary", wide).id());
        const auto picks = [](std::int64_t width, std::int64_t begin) {
            return [=](std::int64_t row, std::int64_t col) { return row == begin + col % width ? 1.0 : 0.0; };
        };
        latent.set("wuk", picks(still, 0));
        latent.set("wuv", picks(p.value_head_dim, still));
        latent.set("wkr", [&](std::int64_t row, std::int64_t col) { return rotary.at("wk", row, col); });
        latent.set("wdkv", [&](std::int64_t row, std::int64_t col) {
            return col < still ? rotary.at("wk", row, turning + col) : rotary.at("wv", row, col - still);
        });
        for (const char* name : {"wq", "wo"})
            latent.set(name, [&](std::int64_t row, std::int64_t col) { return rotary.at(name, row, col); });
        CHECK(apart(rotary.output(), latent.output()) < 1e-10);
    }
}

TEST_CASE("rotary sees how far apart a query and a key are, and not where they are") {
    constexpr std::int64_t kKeys = 9, kWidth = 6;
    // `hidden` tokens that no query gives a weight to, before token `at`: the first number of a token says so, and the
    // last column of a head, which does not turn, has it as a score.
    const auto with_hidden = [](std::int64_t hidden, std::int64_t at, bool causal) {
        ProblemSpec spec;
        spec.batch = 2;
        spec.q_len = 4;
        spec.kv_len = kKeys + hidden;
        spec.embed_dim = 12;
        spec.num_heads = 2;
        spec.causal = causal;
        spec.bias = true;
        const Problem p = resolve(spec);
        Ran ran(point_with("rotary", p, {{"rotary_dim", "4"}}));
        Ran of_keys(point_with("rotary", [&] {
            Problem plain = p;
            plain.kv_len = kKeys;
            return plain;
        }()));
        for (std::int64_t b = 0; b < p.batch; ++b) {
            for (std::int64_t row = 0; row < p.kv_len; ++row) {
                const bool hides = row >= at && row < at + hidden;
                const std::int64_t from = row < at ? row : row - hidden;
                for (std::int64_t col = 0; col < p.embed_dim; ++col) {
                    double& x = *ran.x_kv().at<double>(b, 0, 0, row, col);
                    x = hides ? 0.5 : *of_keys.x_kv().at<double>(b, 0, 0, from, col);
                    if (col == 0) x = hides ? 1 : 0;
                }
            }
        }
        for (std::int64_t head = 0; head < p.num_heads; ++head) {
            const std::int64_t last = head * kWidth + kWidth - 1;
            for (std::int64_t row = 0; row < p.embed_dim; ++row) ran.at("wq", row, last) = 0;
            ran.at("bq", 0, last) = 1;
            ran.at("wk", 0, last) = -1e5;
        }
        return ran.output();
    };
    for (const bool causal : {false, true}) {
        const std::vector<double> none = with_hidden(0, 0, causal);
        for (const std::int64_t shift : {1, 2, 50}) {
            INFO(shift << ' ' << causal);
            CHECK(apart(with_hidden(shift, 0, causal), none) < kSame);  // all positions are later
            CHECK(apart(with_hidden(shift, 3, causal), none) > 1e-3);   // some keys are farther away
        }
    }
}

TEST_CASE(
    "what rotary costs: multi_head, and two products a number that is turned, behind a cache those of new tokens") {
    std::mt19937_64 random(103);
    for (int i = 0; i < 100; ++i) {
        const Problem p = random_layer(random, true);
        for (const std::int64_t dim : {0, 2, 4}) {
            if (dim > p.head_dim) continue;
            Point point = point_with("rotary", p, {{"rotary_dim", text(dim)}}), plain = point_with("streaming", p);
            if (p.q_len <= p.kv_len) point.problem.cached = plain.problem.cached = i % 2 == 0;
            INFO(point.id());
            const Count count = count_point(point), of_plain = count_point(plain);
            const std::int64_t turning = dim == 0 ? p.head_dim / 2 * 2 : dim;
            const std::int64_t new_keys = p.kv_len - point.problem.kept_len();
            std::int64_t turned = 0;
            for (const OpPart& part : count.ops) {
                if (part.op == "rotate") turned += part.required.multiplies;
            }
            CHECK(turned == 2 * p.batch * turning * (p.q_len * p.num_heads + new_keys * p.num_kv_heads));
            CHECK(count.total(Ledger::required).multiplies == of_plain.total(Ledger::required).multiplies + turned);
            CHECK(count.parameters == of_plain.parameters);
            CHECK(count.kv_cache_bytes == of_plain.kv_cache_bytes);
        }
    }
}

TEST_CASE("another base, another part of a head and none at all are far from the definition of rotary") {
    std::mt19937_64 random(104);
    for (int i = 0; i < 10; ++i) {
        Problem p = random_layer(random, true);
        p.head_dim = 6;
        p.kv_len = p.q_len = 12;
        const Point right = point_with("rotary", p, {{"rotary_dim", "4"}});
        INFO(right.id());
        CHECK(bounds_off(right, right) < 1);
        CHECK(bounds_off(right, point_with("rotary", p, {{"rotary_dim", "4"}, {"rotary_base", "9000"}})) > 20);
        CHECK(bounds_off(right, point_with("rotary", p, {{"rotary_dim", "6"}})) > 20);
        CHECK(bounds_off(right, point_with("multi_head", p)) > 20);
    }
}

TEST_CASE("rotary refuses what it cannot turn, with the remedy") {
    std::mt19937_64 random(105);
    Problem p = random_layer(random, true);
    p.head_dim = 6;
    CHECK(why(p).empty());
    CHECK_THAT(why(p, {{"rotary_dim", "3"}}), Contains("set rotary_dim to an even number instead of 3"));
    CHECK_THAT(why(p, {{"rotary_dim", "8"}}), Contains("which has 6") && Contains("instead of 8"));
    p.scope = Scope::core;
    CHECK_THAT(why(p), Contains("set scope to layer"));
}
