// What a variant looks at: the keys that its definition looks at, of every variant; and the heads it reads.
#include "harness/measure/point/looks.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "harness/measure/point/check.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "tests/catch.hpp"
#include "tests/mechanism.hpp"
#include "variants/all.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// The keys that the rows of the definition depend on. `forward` does not run.
Looks defined_keys(const Point& point) {
    PointData data = make_point_data(point);
    const Workspace own_keys = reads_x_kv(point) ? separate_x_kv(data) : Workspace::dry();
    const Tensor& keys = data.layout.inputs.x_kv;
    std::vector<judge::Row> rows;
    for (std::int64_t b = 0; b < point.problem.batch; ++b) {
        for (std::int64_t i = 0; i < point.problem.q_len; ++i) rows.push_back({b, i});
    }
    const auto scale = [&](std::int64_t key, double factor) {
        for (std::int64_t b = 0; b < keys.batch(); ++b) {
            for (std::int64_t j = 0; j < keys.cols(); ++j) *keys.at<double>(b, 0, 0, key, j) *= factor;
        }
    };
    return looks_of(point.problem.kv_len, [&](std::int64_t key) {
        if (key >= 0) scale(key, -2);
        const judge::ReferenceRows answer = data.variant->definition.answer(question_of(data), rows);
        if (key >= 0) scale(key, -0.5);  // exact, there and back
        std::vector<std::vector<double>> found(static_cast<std::size_t>(point.problem.q_len));
        for (std::size_t i = 0; i < answer.out.size(); ++i) {
            const judge::Row& row = answer.rows[i / static_cast<std::size_t>(answer.width)];
            found[static_cast<std::size_t>(row.index)].push_back(answer.out[i]);
        }
        return found;
    });
}

struct Case {
    std::int64_t q_len, kv_len, num_heads;
    bool causal;
};

std::vector<Point> points_of(const Named<Variant>& variant) {
    std::vector<Point> points;
    for (const Case& one : {Case{9, 9, 2, false},
                            {9, 9, 2, true},
                            {9, 9, 1, true},
                            {5, 12, 2, true},
                            {11, 6, 2, true},
                            {7, 10, 1, false}}) {
        ProblemSpec spec;
        spec.batch = 2;
        spec.q_len = one.q_len;
        spec.kv_len = one.kv_len;
        spec.embed_dim = 8 * one.num_heads;
        spec.num_heads = one.num_heads;
        if (variant.name == "multi_query") spec.num_kv_heads = 1;
        spec.causal = one.causal;
        spec.dtype = DType::f64;
        Point point{.variant = variant.name, .backend = "naive", .problem = resolve(spec)};
        std::mt19937_64 random(5);
        for (const Point& with_options : with_random_options(point, variant.value, random, 6)) {
            if (why_unsupported(with_options).empty()) points.push_back(with_options);
        }
    }
    return points;
}

Point with_heads(const std::string& id) { return point_from_id(id, known_fields()); }

Looks one_each(std::vector<std::size_t> heads, std::size_t of) {
    Looks looks;
    for (const std::size_t head : heads) {
        looks.emplace_back(of);
        looks.back()[head] = true;
    }
    return looks;
}

}  // namespace

TEST_CASE("a variant sees the keys that its definition looks at") {
    for (const auto& variant : all_variants()) {
        if (variant.name == "external") continue;  // other programs compute it
        const std::vector<Point> points = points_of(variant);
        CAPTURE(variant.name);
        CHECK(points.size() >= 2);
        for (const Point& point : points) {
            CAPTURE(point.id());
            CHECK(seen_keys(point) == defined_keys(point));
        }
    }
}

TEST_CASE("a causal mask hides what is later") {
    const Looks seen = seen_keys(with_heads("multi_head/naive/q_len=3,kv_len=5,embed_dim=8,num_heads=2,causal=true"));
    CHECK(seen ==
          Looks{{true, true, true, false, false}, {true, true, true, true, false}, {true, true, true, true, true}});
}

TEST_CASE("a query head reads the head of values of its group") {
    CHECK(read_heads(with_heads("multi_head/naive/seq_len=3,embed_dim=8,num_heads=4")) == one_each({0, 1, 2, 3}, 4));
    CHECK(read_heads(with_heads("grouped_query/naive/seq_len=3,embed_dim=8,num_heads=4,num_kv_heads=2")) ==
          one_each({0, 0, 1, 1}, 2));
    CHECK(read_heads(with_heads("sparse_query/naive/seq_len=3,embed_dim=8,num_heads=4,num_kv_heads=2,query_heads=2")) ==
          one_each({0, 1}, 2));
    CHECK(read_heads(with_heads("latent/naive/seq_len=3,embed_dim=8,num_heads=2,kv_rank=4,rope_dim=2")).empty());
}

TEST_CASE("only a variant that projects one sequence cannot be given two") {
    CHECK(reads_x_kv(with_heads("multi_head/naive/seq_len=3,embed_dim=8,num_heads=2")));
    CHECK(reads_x_kv(with_heads("strided/naive/seq_len=3,embed_dim=8,num_heads=2,causal=true")));
    CHECK_FALSE(reads_x_kv(with_heads("packed_qkv/naive/seq_len=3,embed_dim=8,num_heads=2")));
}
