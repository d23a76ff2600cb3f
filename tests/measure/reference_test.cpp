// The reference, by hand on the smallest cases, and with a scalar that counts.
#include "harness/measure/point/reference.hpp"

#include <cmath>

#include "tests/catch.hpp"

using namespace headcount;

namespace {

ReferenceData<double> core(std::int64_t q_len, std::int64_t kv_len, std::int64_t num_heads, std::int64_t head_dim) {
    ReferenceData<double> data;
    data.problem.q_len = q_len;
    data.problem.kv_len = kv_len;
    data.problem.num_heads = data.problem.num_kv_heads = num_heads;
    data.problem.head_dim = data.problem.value_head_dim = head_dim;
    data.problem.embed_dim = num_heads * head_dim;
    data.problem.scope = Scope::core;
    return data;
}

}  // namespace

TEST_CASE("one query and two keys, by hand") {
    ReferenceData<double> data = core(1, 2, 1, 1);
    data.q = {2};
    data.k = {1, 3};
    data.v = {10, 20};
    const ReferenceRow<double> row = reference_row(data, reference_keys(data, 0), 0, 0);
    const double late = std::exp(6.0) / (std::exp(2.0) + std::exp(6.0));
    REQUIRE(row.out.at(0) == Approx(10 + 10 * late));
}

TEST_CASE("scores are divided by the root of head_dim, not of embed_dim") {
    ReferenceData<double> data = core(1, 1, 2, 4);
    data.q.assign(8, 1);
    data.k.assign(8, 1);
    data.v.assign(8, 5);
    const ReferenceRow<double> row = reference_row(data, reference_keys(data, 0), 0, 0);
    REQUIRE(row.scores.at(0) == Approx(4 / 2.0));
    REQUIRE(row.out == std::vector<double>(8, 5.0));
}

TEST_CASE("a causal row sees the keys up to its own, aligned at the end; a row that sees none gives zeros") {
    ReferenceData<double> data = core(4, 2, 1, 1);
    data.problem.causal = true;
    data.q.assign(4, 0);
    data.k.assign(2, 0);
    data.v = {10, 20};
    const ReferenceKeys<double> keys = reference_keys(data, 0);
    REQUIRE(reference_row(data, keys, 0, 0).out == std::vector<double>{0});
    REQUIRE(reference_row(data, keys, 0, 1).out == std::vector<double>{0});
    REQUIRE(reference_row(data, keys, 0, 2).out == std::vector<double>{10});
    REQUIRE(reference_row(data, keys, 0, 3).out == std::vector<double>{15});
}

TEST_CASE("query heads share key-value heads in groups") {
    ReferenceData<double> data = core(1, 1, 4, 1);
    data.problem.num_kv_heads = 2;
    data.q.assign(4, 1);
    data.k = {1, 1};
    data.v = {3, 7};
    REQUIRE(reference_row(data, reference_keys(data, 0), 0, 0).out == std::vector<double>{3, 3, 7, 7});
}

TEST_CASE("block-diagonal heads read their own slice only") {
    ReferenceData<double> data = core(1, 1, 2, 1);
    data.problem.scope = Scope::layer;
    data.function = Function::block_diagonal;
    data.x_q = data.x_kv = {1, 100};
    data.wq = data.wk = {1, 1, 1, 1};
    data.wv = {2, 1000, 1000, 3};
    data.wo = {5, 1000, 1000, 7};
    const ReferenceRow<double> row = reference_row(data, reference_keys(data, 0), 0, 0);
    REQUIRE(row.out == std::vector<double>{1 * 2 * 5, 100 * 3 * 7});
    data.function = Function::attention;
    REQUIRE(reference_row(data, reference_keys(data, 0), 0, 0).out != row.out);
}
