// What shared keys, fewer queries, heads of a fixed width, windows and strides cost, by their papers' formulas and
// tables.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/measure/point/count.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/layer_shape.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

Count counted(std::string_view name, const LayerShape& shape, const OwnTexts& own = {}, Scope scope = Scope::layer) {
    Point point = point_with(name, layer_problem(shape, scope), own);
    point.problem.dtype = DType::f32;
    return count_point(point);
}

OpCost part(const Count& count, Ledger ledger, std::string_view op, std::string_view role) {
    OpCost sum;
    for (const OpPart& one : count.ops) {
        if (one.op == op && one.role == role) sum += ledger == Ledger::required ? one.required : one.executed;
    }
    return sum;
}
std::int64_t products(const Count& count, std::string_view role, Ledger ledger = Ledger::required) {
    return part(count, ledger, "matmul", role).multiplies;
}

struct Layer {
    std::int64_t heads, kv_heads, width;
};
/// B L x E into heads and back, the core over `pairs` of one head; parameters; bytes of a cache of `kept` tokens.
void check_layer(const Count& count, const LayerShape& s, const Layer& of, std::int64_t pairs, std::int64_t kept) {
    const std::int64_t queries = of.heads * of.width, keys = of.kv_heads * of.width;
    CHECK(products(count, "query") == s.batch * s.q_len * s.embed_dim * queries);
    CHECK(products(count, "key") == s.batch * s.kv_len * s.embed_dim * keys);
    CHECK(products(count, "value") == s.batch * s.kv_len * s.embed_dim * keys);
    CHECK(products(count, "output") == s.batch * s.q_len * queries * s.embed_dim);
    CHECK(products(count, "scores") == s.batch * pairs * queries);
    CHECK(products(count, "context") == s.batch * pairs * queries);
    CHECK(part(count, Ledger::required, "softmax", "weights").exps == s.batch * of.heads * pairs);
    const std::int64_t biases = s.bias ? queries + 2 * keys + s.embed_dim : 0;
    CHECK(count.parameters == 2 * s.embed_dim * (queries + keys) + biases);
    CHECK(count.kv_cache_bytes == 4 * s.batch * kept * 2 * keys);
}

std::vector<LayerShape> shapes_of_costs() {
    return {{.q_len = 32, .kv_len = 32, .embed_dim = 48, .num_heads = 12, .num_kv_heads = 4, .batch = 1},
            {.q_len = 100, .kv_len = 100, .embed_dim = 64, .num_heads = 8, .num_kv_heads = 1, .bias = false},
            {.q_len = 77, .kv_len = 77, .embed_dim = 60, .num_heads = 4, .num_kv_heads = 2, .causal = false},
            {.q_len = 1, .kv_len = 300, .embed_dim = 96, .num_heads = 16, .num_kv_heads = 8, .causal = false}};
}
std::int64_t plain_pairs(const LayerShape& s) { return s.causal ? s.q_len * (s.q_len + 1) / 2 : s.q_len * s.kv_len; }

}  // namespace

TEST_CASE("costs of shared keys: the core is that of all heads, projections and cache are those of the kept keys") {
    for (const LayerShape& s : shapes_of_costs()) {
        CAPTURE(s.q_len, s.embed_dim, s.num_heads, s.num_kv_heads);
        const std::int64_t d = s.embed_dim / s.num_heads;
        check_layer(counted("grouped_query", s), s, {s.num_heads, s.num_kv_heads, d}, plain_pairs(s), s.kv_len);
        LayerShape one = s;
        one.num_kv_heads = 1;
        const Count multi_query = counted("multi_query", one);
        check_layer(multi_query, one, {s.num_heads, 1, d}, plain_pairs(s), s.kv_len);
        LayerShape all = s;
        all.num_kv_heads = s.num_heads;
        // Shazeer 2019, section 3.1: what is kept and read for every token shrinks by the number of heads.
        CHECK(counted("multi_head", all).kv_cache_bytes == s.num_heads * multi_query.kv_cache_bytes);
    }
}

TEST_CASE("costs of sparse_query: the core falls with the query heads, the cache does not") {
    for (const LayerShape& s : shapes_of_costs()) {
        for (const std::int64_t heads : {s.num_heads / 2, s.num_heads}) {
            if (heads % s.num_kv_heads != 0) continue;
            CAPTURE(s.q_len, s.embed_dim, s.num_heads, s.num_kv_heads, heads);
            check_layer(counted("sparse_query", s, {{"query_heads", std::to_string(heads)}}), s,
                        {heads, s.num_kv_heads, s.embed_dim / s.num_heads}, plain_pairs(s), s.kv_len);
        }
    }
}

TEST_CASE("parameters of sparse_query differ as printed in its paper, and its core is as much smaller as it says") {
    // Filipek 2025: 8 layers of E 256, 16 heads; query heads, heads of keys, millions of parameters to one decimal.
    struct Printed {
        std::int64_t query_heads, kv_heads;
        double millions;
    };
    constexpr double kMultiHead = 12.0;
    const LayerShape base{
        .q_len = 64, .kv_len = 64, .embed_dim = 256, .num_heads = 16, .num_kv_heads = 16, .bias = false};
    const Count all = counted("multi_head", base);
    for (const Printed& row :
         {Printed{16, 4, 11.2}, {16, 1, 11.0}, {8, 8, 10.9}, {8, 4, 10.7}, {4, 4, 10.4}, {4, 1, 10.2}}) {
        LayerShape s = base;
        s.num_kv_heads = row.kv_heads;
        const Count sparse = counted("sparse_query", s, {{"query_heads", std::to_string(row.query_heads)}});
        CAPTURE(row.query_heads, row.kv_heads);
        const double saved = 8e-6 * static_cast<double>(all.parameters - sparse.parameters);
        CHECK(std::abs(kMultiHead - saved - row.millions) < 0.1);  // either is rounded by up to 0.05
        CHECK(products(all, "scores") * row.query_heads == products(sparse, "scores") * 16);
    }
}

TEST_CASE("costs of fixed_head_dim: everything but the softmax of a head grows with the heads") {
    for (const LayerShape& s : shapes_of_costs()) {
        for (const std::int64_t width : {1, 7, 64}) {
            CAPTURE(s.q_len, s.embed_dim, s.num_heads, s.num_kv_heads, width);
            check_layer(counted("fixed_head_dim", s, {{"fixed_dim", std::to_string(width)}}), s,
                        {s.num_heads, s.num_kv_heads, width}, plain_pairs(s), s.kv_len);
        }
    }
}

TEST_CASE("parameters of fixed_head_dim grow as printed in its paper") {
    // Bhojanapalli et al. 2020, table 2: 24 layers of E 512 in millions, (A) heads of 128, (B) 8 heads.
    struct Printed {
        std::int64_t num_heads, fixed_dim;
        double millions;
    };
    const auto millions = [](std::int64_t num_heads, std::int64_t fixed_dim) {
        const LayerShape s{.q_len = 1,
                           .kv_len = 1,
                           .embed_dim = 512,
                           .num_heads = num_heads,
                           .num_kv_heads = num_heads,
                           .head_dim = fixed_dim};
        return 24e-6 *
               static_cast<double>(counted("fixed_head_dim", s, {{"fixed_dim", std::to_string(fixed_dim)}}).parameters);
    };
    const double base = millions(8, 128);
    for (const Printed& row :
         {Printed{12, 128, 193}, {16, 128, 218}, {32, 128, 319}, {8, 32, 130}, {8, 64, 142}, {8, 256, 218}}) {
        CAPTURE(row.num_heads, row.fixed_dim);
        CHECK(std::abs(168 + millions(row.num_heads, row.fixed_dim) - base - row.millions) < 1);
    }
}

TEST_CASE("costs of a window: pairs, and a cache that does not grow beyond it") {
    const std::int64_t length = 60;
    for (const std::int64_t window : {1, 2, 17, 59, 60, 1000}) {
        const std::int64_t w = std::min(window, length);
        for (const std::int64_t sink : {0, 1, 5}) {
            for (const bool causal : {true, false}) {
                CAPTURE(window, sink, causal);
                const LayerShape s{.q_len = length, .kv_len = length, .num_kv_heads = 2, .causal = causal};
                // Row i sees a window of min(i + 1, w) keys, and as many on the other side.
                std::int64_t pairs = w * length - w * (w - 1) / 2;
                if (!causal) pairs += (w - 1) * length - w * (w - 1) / 2;
                // Of the sink the rows w, w + 1, ... see 1, 2, ... keys outside of their window, at most all of it.
                const std::int64_t beyond = length - w, rising = std::min(sink, beyond);
                pairs += rising * (rising + 1) / 2 + (beyond - rising) * sink;
                // Without a mask the first sink - w rows miss keys of the sink that are too far ahead.
                for (std::int64_t row = 0; !causal && row + w < sink; ++row) pairs += sink - row - w;
                const Count count =
                    counted("local", s, {{"window", std::to_string(window)}, {"sink_keys", std::to_string(sink)}});
                check_layer(count, s, {4, 2, 6}, pairs, causal ? std::min(length, window + sink) : length);
                CHECK(count.score_bytes == 0);
            }
        }
    }
}

TEST_CASE("costs of a stride: L (stride + L / stride) pairs or so, executed in blocks and classes, all keys kept") {
    for (const std::int64_t stride : {1, 2, 5, 10, 30, 60}) {
        const std::int64_t length = 60, blocks = length / stride;
        const LayerShape s{.q_len = length, .kv_len = length, .num_kv_heads = 2};
        CAPTURE(stride);
        // Of m = L / stride blocks each row of block b sees b older keys, and its newest `stride` or those that are.
        const std::int64_t near = stride * length - stride * (stride - 1) / 2;
        const std::int64_t far = stride * blocks * (blocks - 1) / 2;
        const Count count = counted("strided", s, {{"stride", std::to_string(stride)}});
        check_layer(count, s, {4, 2, 6}, near + far, length);
        // A block computes its rows against all keys that one of them sees, a class all of its rows against all but the
        // last of its keys.
        const std::int64_t near_done = stride * stride + (blocks - 1) * stride * (2 * stride - 1);
        const std::int64_t far_done = stride * (blocks - 1) * (blocks - 1);
        CHECK(products(count, "scores", Ledger::executed) == 2 * 24 * (near_done + far_done));
        CHECK(products(count, "context", Ledger::executed) == 2 * 24 * (near_done + far_done));
        const std::int64_t columns = blocks - 1 + (blocks > 1 ? 2 * stride - 1 : stride);
        CHECK(count.score_bytes == 4 * 2 * 4 * length * columns);
    }
    // One new token: its newest keys and every stride-th before them, nothing besides.
    const LayerShape decode{.q_len = 1, .kv_len = 100, .num_kv_heads = 2};
    const Count count = counted("strided", decode, {{"stride", "10"}});
    CHECK(products(count, "scores") == 2 * 24 * (10 + 9));
    CHECK(products(count, "scores", Ledger::executed) == 2 * 24 * (10 + 9));
    CHECK(count.kv_cache_bytes == 4 * 2 * 100 * 2 * 2 * 6);
}
