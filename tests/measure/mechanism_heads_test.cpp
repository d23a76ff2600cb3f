// Mechanisms that change what heads share: which weights make them plain attention, and what they cost.
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/field_table.hpp"
#include "harness/measure/point/count.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

struct Shape {
    std::int64_t batch = 2, q_len = 6, kv_len = 6, embed_dim = 12, num_heads = 4, num_kv_heads = 4;
    std::int64_t head_dim = 3, value_head_dim = 3;
    bool causal = false, bias = false;
};

/// More queries than keys and the reverse, one head and odd numbers of them, widths that have no factor in common.
const std::vector<Shape> kShapes{
    {},
    {.causal = true, .bias = true},
    {.batch = 1, .q_len = 9, .kv_len = 5, .embed_dim = 10, .head_dim = 4, .value_head_dim = 7, .causal = true},
    {.batch = 3, .q_len = 1, .kv_len = 17, .num_heads = 3, .num_kv_heads = 3, .head_dim = 2, .bias = true},
    {.q_len = 8, .kv_len = 8, .num_heads = 1, .num_kv_heads = 1, .head_dim = 12, .causal = true, .bias = true},
    {.q_len = 4, .kv_len = 11, .num_heads = 6, .num_kv_heads = 2, .value_head_dim = 5, .causal = true, .bias = true},
    {.q_len = 5, .kv_len = 5, .num_heads = 6, .num_kv_heads = 3, .head_dim = 8}};

Problem problem_of(const Shape& shape, Scope scope = Scope::layer) {
    ProblemSpec spec;
    spec.batch = shape.batch;
    spec.q_len = shape.q_len;
    spec.kv_len = shape.kv_len;
    spec.embed_dim = shape.embed_dim;
    spec.num_heads = shape.num_heads;
    spec.num_kv_heads = shape.num_kv_heads;
    spec.head_dim = shape.head_dim;
    spec.value_head_dim = shape.value_head_dim;
    spec.causal = shape.causal;
    spec.bias = shape.bias;
    spec.scope = scope;
    spec.dtype = DType::f64;
    return resolve(spec);
}

/// All numbers of a weight from the weight of this name, or of another, of `from`.
void copy_weight(Ran& to, std::string_view name, Ran& from, std::string_view of = "") {
    const std::string_view source = of.empty() ? name : of;
    to.set(name, [&](std::int64_t i, std::int64_t j) { return from.at(source, i, j); });
}

double one_where(bool here) { return here ? 1 : 0; }

constexpr double kSame = 1e-12;
constexpr double kOther = 1e-3;

using Own = std::vector<std::pair<std::string, std::string>>;

/// Multiplies of all products of matrices, of the ingredients `op`.
std::int64_t multiplies(const Count& count, std::string_view op, std::string_view role = "") {
    std::int64_t sum = 0;
    for (const OpPart& part : count.ops) {
        if (part.op == op && (role.empty() || part.role == role)) sum += part.required.multiplies;
    }
    return sum;
}

Count count_of(std::string_view variant, const Problem& p, const Own& own = {}) {
    Point point = point_with(variant, p, own);
    point.backend = "counting";
    return count_point(point);
}

constexpr std::int64_t kBytes = 8;  // of an f64

/// B P, where P is the number of pairs of one head.
std::int64_t pairs_of(const Problem& p) {
    std::int64_t pairs = 0;
    for (std::int64_t i = 0; i < p.q_len; ++i) {
        for (std::int64_t j = 0; j < p.kv_len; ++j) pairs += !p.causal || j <= i + p.kv_len - p.q_len ? 1 : 0;
    }
    return p.batch * pairs;
}

/// Of the projections that multi_head has, per token of either side.
std::int64_t output_multiplies(const Problem& p) { return p.batch * p.q_len * p.context_width() * p.embed_dim; }
std::int64_t value_multiplies(const Problem& p) { return p.batch * p.kv_len * p.embed_dim * p.value_width(); }

}  // namespace

TEST_CASE("talking_heads with two identity matrices is multi_head") {
    for (const Shape& shape : kShapes) {
        for (const Scope scope : {Scope::layer, Scope::core}) {
            const Problem p = problem_of(shape, scope);
            const std::vector<double> plain = Ran(point_with("multi_head", p)).output();
            Ran talking(point_with("talking_heads", p));
            const bool one_head = p.num_heads == 1;
            if (!one_head) CHECK(apart(talking.output(), plain) > kOther);
            for (const char* name : {"logit_mixing", "weight_mixing"}) {
                talking.set(name, [](std::int64_t i, std::int64_t j) { return one_where(i == j); });
            }
            CHECK(apart(talking.output(), plain) < kSame);
        }
    }
}

TEST_CASE("talking_heads whose matrices are one permutation and its inverse talks to permuted values") {
    // Logits of head h go to head h + 1 and its weights back: the same function, by another road.
    const Problem p = problem_of(kShapes[1]);
    Ran talking(point_with("talking_heads", p));
    const auto next = [&](std::int64_t h) { return (h + 1) % p.num_heads; };
    talking.set("logit_mixing", [&](std::int64_t i, std::int64_t j) { return one_where(j == next(i)); });
    talking.set("weight_mixing", [&](std::int64_t i, std::int64_t j) { return one_where(i == next(j)); });
    CHECK(apart(talking.output(), Ran(point_with("multi_head", p)).output()) < kSame);
}

TEST_CASE("talking_heads costs two mixings of H^2 multiplies a pair, and two H x H matrices") {
    for (const Shape& shape : kShapes) {
        const Problem p = problem_of(shape);
        const std::int64_t H = p.num_heads, pairs = pairs_of(p);
        const Count plain = count_of("multi_head", p), talking = count_of("talking_heads", p);
        CHECK(multiplies(talking, "mix", "scores") == pairs * H * H);
        CHECK(multiplies(talking, "mix", "weights") == pairs * H * H);
        CHECK(multiplies(talking, "matmul") == multiplies(plain, "matmul"));
        CHECK(talking.parameters == plain.parameters + 2 * H * H);
        CHECK(talking.kv_cache_bytes == plain.kv_cache_bytes);
        CHECK(talking.score_bytes == 2 * kBytes * p.batch * H * p.q_len * p.kv_len);
    }
}

TEST_CASE("collaborative with each head's own block of the full width is multi_head") {
    for (const Shape& shape : kShapes) {
        const Problem p = problem_of(shape);
        if (p.num_kv_heads != p.num_heads) continue;
        const std::vector<double> plain = Ran(point_with("multi_head", p)).output();
        Ran shared(point_with("collaborative", p));
        if (p.num_heads > 1) CHECK(apart(shared.output(), plain) > kOther);
        shared.set("mixing", [&](std::int64_t h, std::int64_t c) { return one_where(c / p.head_dim == h); });
        CHECK(apart(shared.output(), plain) < kSame);
    }
}

TEST_CASE("collaborative whose heads all weigh by one is num_heads times one wide head") {
    // Every head then has the scores of one head as wide as what is shared, whose values are all columns.
    Shape shape = kShapes[2];
    const Problem p = problem_of(shape);
    const std::int64_t width = 9;
    Ran shared(point_with("collaborative", p, {{"shared_dim", std::to_string(width)}}));
    shape.num_heads = shape.num_kv_heads = 1;
    shape.value_head_dim = p.context_width();
    shape.head_dim = width;
    Ran single(point_with("multi_head", problem_of(shape)));
    // The scale is that of head_dim, not of the width that is shared.
    const double factor = std::sqrt(static_cast<double>(p.head_dim) / static_cast<double>(width));
    shared.set("mixing", [&](std::int64_t, std::int64_t) { return factor; });
    CHECK(apart(shared.output(), single.output()) < kSame);
}

TEST_CASE("collaborative costs H times the shared width for each query and pair, and caches that width once") {
    for (const Shape& shape : kShapes) {
        const Problem p = problem_of(shape);
        if (p.num_kv_heads != p.num_heads) continue;
        const std::int64_t H = p.num_heads, pairs = pairs_of(p), E = p.embed_dim;
        for (const std::int64_t chosen : {0, 1, 5, 16}) {
            const std::int64_t width = chosen > 0 ? chosen : H * p.head_dim;
            const Count count = count_of("collaborative", p, {{"shared_dim", std::to_string(chosen)}});
            const std::int64_t q_rows = p.batch * p.q_len, k_rows = p.batch * p.kv_len;
            CHECK(multiplies(count, "matmul", "query") == q_rows * E * width);
            CHECK(multiplies(count, "matmul", "key") == k_rows * E * width);
            CHECK(multiplies(count, "matmul", "mixing") == q_rows * H * width);
            CHECK(multiplies(count, "matmul", "scores") == pairs * H * width);
            CHECK(multiplies(count, "matmul") == (q_rows + k_rows) * E * width + (q_rows + pairs) * H * width +
                                                     pairs * H * p.value_head_dim + value_multiplies(p) +
                                                     output_multiplies(p));
            const std::int64_t biases = p.bias ? 2 * width + p.value_width() + E : 0;
            CHECK(count.parameters == 2 * E * width + H * width + E * p.value_width() + p.context_width() * E + biases);
            CHECK(count.kv_cache_bytes == kBytes * k_rows * (width + p.value_width()));
        }
    }
}

TEST_CASE("differential without its second map is multi_head of the first half of every head's queries and keys") {
    for (Shape shape : kShapes) {
        const std::int64_t half = shape.head_dim;
        Ran plain(point_with("multi_head", problem_of(shape)));
        shape.head_dim = 2 * half;
        Ran both(point_with("differential", problem_of(shape)));
        // Columns [0, half) of each head of wq, wk (and bq, bk) are the plain ones; the others are anything.
        for (const std::string name : {"wq", "wk", "bq", "bk"}) {
            if (name.front() == 'b' && !shape.bias) continue;
            both.set(name, [&](std::int64_t i, std::int64_t j) {
                const std::int64_t head = j / (2 * half), column = j % (2 * half);
                return column < half ? plain.at(name, i, head * half + column) : both.at(name, i, j);
            });
        }
        CHECK(apart(both.output(), plain.output()) > kOther);
        both.at("lambda", 0, 0) = 0;
        CHECK(apart(both.output(), plain.output()) < kSame);
    }
}

TEST_CASE("differential of two equal maps is multi_head times 1 - lambda, and nothing for lambda 1") {
    Shape shape = kShapes[2];
    Ran plain(point_with("multi_head", problem_of(shape)));
    const std::int64_t half = shape.head_dim;
    shape.head_dim = 2 * half;
    Ran both(point_with("differential", problem_of(shape)));
    for (const std::string name : {"wq", "wk"}) {
        both.set(name, [&](std::int64_t i, std::int64_t j) {
            return plain.at(name, i, j / (2 * half) * half + j % (2 * half) % half);
        });
    }
    both.at("lambda", 0, 0) = 0.25;
    std::vector<double> scaled = both.output();
    for (double& x : scaled) x /= 0.75;
    CHECK(apart(scaled, plain.output()) < kSame);
    both.at("lambda", 0, 0) = 1;
    for (const double x : both.output()) CHECK(std::abs(x) < 1e-14);
}

TEST_CASE("differential costs two maps of half the width: the products of multi_head, twice its softmax") {
    for (Shape shape : kShapes) {
        shape.head_dim *= 2;
        const Problem p = problem_of(shape);
        const Count plain = count_of("multi_head", p), both = count_of("differential", p);
        CHECK(multiplies(both, "matmul") == multiplies(plain, "matmul"));
        CHECK(multiplies(both, "scale") == 2 * multiplies(plain, "scale"));
        CHECK(multiplies(both, "subtract", "weights") == pairs_of(p) * p.num_heads);
        CHECK(both.total(Ledger::required).exps == 2 * pairs_of(p) * p.num_heads);
        CHECK(both.parameters == plain.parameters + 1);
        CHECK(both.kv_cache_bytes == plain.kv_cache_bytes);
        CHECK(both.score_bytes == 2 * plain.score_bytes);
    }
}

TEST_CASE("tensor_product of full rank with one head a product is multi_head") {
    // Factors over heads that are the same for all tokens: no weights, and a bias that is rank for one head.
    for (Shape shape : kShapes) {
        shape.bias = true;
        const Problem p = problem_of(shape);
        Ran plain(point_with("multi_head", p));
        const std::string heads = std::to_string(p.num_heads), kv_heads = std::to_string(p.num_kv_heads);
        Ran factored(point_with("tensor_product", p, {{"q_rank", heads}, {"k_rank", kv_heads}, {"v_rank", kv_heads}}));
        for (const std::string letter : {"q", "k", "v"}) {
            copy_weight(factored, "w" + letter + "b", plain, "w" + letter);
            copy_weight(factored, "b" + letter + "b", plain, "b" + letter);
            const std::int64_t rank = letter == "q" ? p.num_heads : p.num_kv_heads;
            factored.set("w" + letter + "a", [](std::int64_t, std::int64_t) { return 0.0; });
            if (rank > 1) CHECK(apart(factored.output(), plain.output()) > kOther);
            factored.set("b" + letter + "a", [&](std::int64_t, std::int64_t j) {
                return j / rank == j % rank ? static_cast<double>(rank) : 0.0;
            });
        }
        CHECK(apart(factored.output(), plain.output()) < kSame);
    }
}

TEST_CASE("tensor_product of rank one with factors of ones over heads is multi_head whose heads are all the same") {
    const Shape shape{.num_heads = 3, .num_kv_heads = 3, .causal = true, .bias = true};
    const Problem p = problem_of(shape);
    Ran factored(point_with("tensor_product", p, {{"q_rank", "1"}, {"k_rank", "1"}, {"v_rank", "1"}}));
    Ran plain(point_with("multi_head", p));
    for (const std::string letter : {"q", "k", "v"}) {
        factored.set("w" + letter + "a", [](std::int64_t, std::int64_t) { return 0.0; });
        factored.set("b" + letter + "a", [](std::int64_t, std::int64_t) { return 1.0; });
        for (const std::string kind : {"w", "b"}) {
            const std::string name = kind + letter;
            plain.set(name, [&](std::int64_t i, std::int64_t j) { return factored.at(name + "b", i, j % p.head_dim); });
        }
    }
    CHECK(apart(factored.output(), plain.output()) < kSame);
}

TEST_CASE("tensor_product costs its factors and their products, and caches (R_K + R_V) (H + d) numbers a token") {
    for (const Shape& shape : kShapes) {
        const Problem p = problem_of(shape);
        const std::int64_t H = p.num_heads, G = p.num_kv_heads, d = p.head_dim, v = p.value_head_dim;
        const std::int64_t q_rows = p.batch * p.q_len, k_rows = p.batch * p.kv_len, E = p.embed_dim;
        for (const auto& [rq, rk, rv] : {std::array<std::int64_t, 3>{6, 2, 2}, {1, 3, 4}}) {
            const Count count = count_of(
                "tensor_product", p,
                {{"q_rank", std::to_string(rq)}, {"k_rank", std::to_string(rk)}, {"v_rank", std::to_string(rv)}});
            const std::int64_t q = rq * (H + d), kv = rk * (G + d) + rv * (G + v);
            CHECK(multiplies(count, "matmul", "query_factors") == q_rows * E * q);
            CHECK(multiplies(count, "matmul", "query") == q_rows * rq * H * d);
            CHECK(multiplies(count, "matmul") == (q_rows * q + k_rows * kv) * E + q_rows * rq * H * d +
                                                     k_rows * (rk * G * d + rv * G * v) + pairs_of(p) * H * (d + v) +
                                                     output_multiplies(p));
            CHECK(multiplies(count, "scale") == q_rows * H * d + k_rows * G * (d + v) + pairs_of(p) * H);
            CHECK(count.parameters == E * (q + kv) + H * v * E + (p.bias ? q + kv + E : 0));
            CHECK(count.kv_cache_bytes == kBytes * k_rows * kv);
            if (G == H && d == v) CHECK(count.kv_cache_bytes == kBytes * k_rows * (rk + rv) * (H + d));
        }
    }
}

TEST_CASE("tensor_product has the parameters of multi_head with the number of heads that its paper gives it") {
    // Zhang et al. 2025, table of model sizes: heads of width 64 of multi-head attention and of theirs.
    struct Size {
        std::int64_t plain, factored;
    };
    for (const Size size : {Size{12, 34}, {16, 47}, {20, 61}, {25, 78}}) {
        const auto parameters = [&](std::string_view variant, std::int64_t heads) {
            Shape shape{.embed_dim = 64 * size.plain, .num_heads = heads, .num_kv_heads = heads};
            shape.head_dim = shape.value_head_dim = 64;
            return static_cast<double>(count_of(variant, problem_of(shape)).parameters);
        };
        const double plain = parameters("multi_head", size.plain);
        CHECK(std::abs(parameters("tensor_product", size.factored) / plain - 1) < 0.03);
        CHECK(std::abs(parameters("tensor_product", size.factored + 3) / plain - 1) >
              std::abs(parameters("tensor_product", size.factored) / plain - 1));
    }
}
