// Seeded inputs: the same for every variant and backend, other for other seeds.
#include "harness/measure/point/inputs.hpp"

#include <cmath>

#include "harness/core/field_table.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

Point point(const char* variant, const char* backend, std::uint64_t seed) {
    ProblemSpec spec;
    spec.q_len = 64;
    spec.embed_dim = 96;
    spec.num_heads = 4;
    spec.bias = true;
    return {.variant = variant, .backend = backend, .problem = resolve(spec), .num_threads = 1, .seed = seed};
}

bool equal(const Tensor& a, const Tensor& b) {
    const auto* x = static_cast<const float*>(a.data);
    return a.extent == b.extent && std::equal(x, x + a.elements(), static_cast<const float*>(b.data));
}

}  // namespace

TEST_CASE("variants and backends see the same data, seeds differ") {
    const PointData a = make_point_data(point("multi_head", "naive", 1));
    const PointData b = make_point_data(point("packed_qkv", "naive", 1));
    const PointData c = make_point_data(point("multi_head", "naive", 2));
    REQUIRE(equal(a.layout.inputs.x_q, b.layout.inputs.x_q));
    for (const char* name : {"wq", "wk", "wv", "wo", "bq", "bk", "bv", "bo"}) {
        REQUIRE(equal(a.layout.canonical.at(name), b.layout.canonical.at(name)));
        REQUIRE_FALSE(equal(a.layout.canonical.at(name), c.layout.canonical.at(name)));
    }
    REQUIRE_FALSE(equal(a.layout.canonical.at("wq"), a.layout.canonical.at("wk")));
    REQUIRE_FALSE(equal(a.layout.inputs.x_q, c.layout.inputs.x_q));
}

TEST_CASE("inputs have mean zero and variance one") {
    const PointData data = make_point_data(point("multi_head", "naive", 5));
    const auto* x = static_cast<const float*>(data.layout.inputs.x_q.data);
    const auto n = data.layout.inputs.x_q.elements();
    double sum = 0;
    double squares = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        sum += static_cast<double>(x[i]);
        squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
    // Six standard errors of 6144 uniform numbers.
    REQUIRE(std::abs(sum / static_cast<double>(n)) < 6 / std::sqrt(static_cast<double>(n)));
    REQUIRE(std::abs(squares / static_cast<double>(n) - 1) < 6 * std::sqrt(0.8 / static_cast<double>(n)));
}

TEST_CASE("self-attention has one input, which counts once") {
    const PointData self = make_point_data(point("multi_head", "naive", 1));
    REQUIRE(self.layout.inputs.x_q.data == self.layout.inputs.x_kv.data);
    REQUIRE(self.layout.bytes() == 4 * (64 * 96 + 4 * 96 * 96 + 4 * 96 + 64 * 96));
    Point cross_point = point("multi_head", "naive", 1);
    cross_point.problem.kv_len = 10;
    const PointData cross = make_point_data(cross_point);
    REQUIRE(cross.layout.inputs.x_q.data != cross.layout.inputs.x_kv.data);
    REQUIRE(cross.layout.bytes() == self.layout.bytes() + 4 * 10 * 96);
}

TEST_CASE("packed weights hold the canonical ones side by side") {
    const PointData data = make_point_data(point("packed_qkv", "naive", 1));
    const Tensor& packed = data.layout.prepared.at("wqkv");
    const Tensor& wk = data.layout.canonical.at("wk");
    for (const std::int64_t row : {0, 50, 95}) {
        for (const std::int64_t col : {0, 50, 95}) {
            REQUIRE(*packed.at<float>(0, 0, 0, row, 96 + col) == *wk.at<float>(0, 0, 0, row, col));
        }
    }
    REQUIRE(data.layout.prepared.elements() == data.layout.canonical.elements());
}
