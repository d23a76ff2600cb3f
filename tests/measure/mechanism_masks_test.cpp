// Shared keys, fewer queries, heads of a fixed width, windows and strides: what they are equal to in float64, and which
// problems they refuse.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "harness/measure/point/check.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/layer_shape.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::Contains;

namespace {

std::vector<double> output(std::string_view name, const LayerShape& shape, const OwnTexts& own = {},
                           Scope scope = Scope::layer) {
    return Ran(point_with(name, layer_problem(shape, scope), own)).output();
}

std::string why(std::string_view name, const LayerShape& shape, const OwnTexts& own = {}, Scope scope = Scope::layer) {
    try {
        point_with(name, layer_problem(shape, scope), own);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

/// Self-attention and cross attention, either length the longer one.
std::vector<LayerShape> shapes_of_masks() {
    std::vector<LayerShape> shapes;
    for (const bool causal : {false, true}) {
        for (const auto& [q_len, kv_len] : {std::pair{1, 1}, {12, 12}, {13, 13}, {5, 14}, {1, 14}, {14, 5}, {9, 1}}) {
            for (const std::int64_t kv_heads : {4, 2, 1}) {
                shapes.push_back({.q_len = q_len, .kv_len = kv_len, .num_kv_heads = kv_heads, .causal = causal});
            }
        }
    }
    return shapes;
}

constexpr double kEqual = 1e-12;

}  // namespace

TEST_CASE("groups of one are multi_head, one group is multi_query") {
    for (const Scope scope : {Scope::layer, Scope::core}) {
        for (const LayerShape& shape : shapes_of_masks()) {
            CAPTURE(shape.q_len, shape.kv_len, shape.num_kv_heads, shape.causal);
            const std::vector<double> grouped = output("grouped_query", shape, {}, scope);
            if (shape.num_kv_heads == 1) {
                CHECK(apart(grouped, output("multi_query", shape, {}, scope)) < kEqual);
            } else if (shape.num_kv_heads == shape.num_heads) {
                CHECK(apart(grouped, output("multi_head", shape, {}, scope)) < kEqual);
            }
        }
    }
}

TEST_CASE("shared keys are multi_head with every head of keys repeated for its group") {
    for (const std::int64_t kv_heads : {1, 2}) {
        const LayerShape shape{.num_kv_heads = kv_heads};
        Ran grouped(point_with("grouped_query", layer_problem(shape)));
        Ran all(point_with("multi_head", layer_problem({})));
        const std::int64_t width = all.problem().head_dim, group = 4 / kv_heads;
        for (const char* name : {"wk", "wv", "bk", "bv"}) {
            all.set(name, [&](std::int64_t i, std::int64_t j) {
                return grouped.at(name, i, j / width / group * width + j % width);
            });
        }
        CHECK(apart(grouped.output(), all.output()) < kEqual);
        all.at("wk", 3, 2 * width) += 1e-6;  // a head of keys that is not shared
        CHECK(apart(grouped.output(), all.output()) > 1e-9);
    }
}

TEST_CASE("sparse_query with all of its queries is multi_head, with fewer it is multi_head of fewer heads as wide") {
    for (const LayerShape& shape : shapes_of_masks()) {
        CAPTURE(shape.q_len, shape.kv_len, shape.num_kv_heads, shape.causal);
        CHECK(apart(output("sparse_query", shape, {{"query_heads", "4"}}), output("multi_head", shape)) < kEqual);
        if (shape.num_kv_heads == 4) continue;
        LayerShape fewer = shape;
        fewer.num_heads = 2;
        fewer.head_dim = 6;
        const std::vector<double> half = output("sparse_query", shape, {{"query_heads", "2"}});
        CHECK(apart(half, output("multi_head", fewer)) < kEqual);
        CHECK(apart(half, output("sparse_query", shape)) == 0);  // half is what it keeps unless told otherwise
    }
}

TEST_CASE("sparse_query is multi_head whose output forgets the heads that are not kept") {
    const LayerShape shape{.num_kv_heads = 2};
    Ran sparse(point_with("sparse_query", layer_problem(shape), {{"query_heads", "2"}}));
    Ran all(point_with("multi_head", layer_problem({})));
    const auto kept = [](double& of_sparse, std::int64_t place) { return place < 12 ? of_sparse : 0.25; };
    for (const char* name : {"wq", "wk", "wv", "bq", "bk", "bv"}) {
        all.set(name, [&](std::int64_t i, std::int64_t j) {
            return kept(sparse.at(name, i, std::min<std::int64_t>(j, 11)), j);
        });
    }
    all.set("wo", [&](std::int64_t i, std::int64_t j) { return i < 12 ? sparse.at("wo", i, j) : 0; });
    CHECK(apart(sparse.output(), all.output()) < kEqual);
    all.at("wo", 12, 0) = 1e-6;
    CHECK(apart(sparse.output(), all.output()) > 1e-9);
}

TEST_CASE("fixed_head_dim at embed_dim / num_heads is multi_head, at another width multi_head of that head_dim") {
    for (const LayerShape& shape : shapes_of_masks()) {
        CAPTURE(shape.q_len, shape.kv_len, shape.num_kv_heads, shape.causal);
        CHECK(apart(output("fixed_head_dim", shape, {{"fixed_dim", "6"}}), output("multi_head", shape)) < kEqual);
        for (const std::int64_t width : {1, 5, 16}) {
            LayerShape wide = shape;
            wide.head_dim = width;
            CHECK(apart(output("fixed_head_dim", shape, {{"fixed_dim", std::to_string(width)}}),
                        output("multi_head", wide)) < kEqual);
        }
    }
}

// Bhojanapalli et al. 2020, theorem 2: what narrow heads express, wide ones do, too.
TEST_CASE("heads of a fixed width hold every narrower layer: padded with zeros, queries scaled back") {
    const LayerShape shape{.num_kv_heads = 2};
    constexpr std::int64_t kNarrow = 6, kWide = 10;
    Ran narrow(point_with("multi_head", layer_problem(shape)));
    Ran wide(point_with("fixed_head_dim", layer_problem(shape), {{"fixed_dim", std::to_string(kWide)}}));
    const double scale = std::sqrt(static_cast<double>(kWide) / kNarrow);
    const auto place = [](std::int64_t j) { return j / kWide * kNarrow + j % kWide; };
    const auto padded = [&](const char* name, double factor) {
        wide.set(name, [&](std::int64_t i, std::int64_t j) {
            return j % kWide < kNarrow ? factor * narrow.at(name, i, place(j)) : 0;
        });
    };
    for (const char* name : {"wk", "wv", "bk", "bv"}) padded(name, 1);
    for (const char* name : {"wq", "bq"}) padded(name, scale);
    wide.set("wo",
             [&](std::int64_t i, std::int64_t j) { return i % kWide < kNarrow ? narrow.at("wo", place(i), j) : 0; });
    CHECK(apart(wide.output(), narrow.output()) < kEqual);
}

TEST_CASE("a window as long as the sequence is multi_head, with either mask, and so is a sink as long") {
    for (const Scope scope : {Scope::layer, Scope::core}) {
        for (const LayerShape& shape : shapes_of_masks()) {
            CAPTURE(shape.q_len, shape.kv_len, shape.num_kv_heads, shape.causal);
            const std::vector<double> right = output("multi_head", shape, {}, scope);
            const std::string longest = std::to_string(std::max(shape.q_len, shape.kv_len));
            for (const OwnTexts& own :
                 {OwnTexts{{"window", longest}}, OwnTexts{{"window", longest}, {"sink_keys", "3"}}, OwnTexts{},
                  OwnTexts{{"window", "1"}, {"sink_keys", longest}}}) {
                CHECK(apart(output("local", shape, own, scope), right) < kEqual);
            }
        }
    }
}

TEST_CASE("a window of one key gives each query its own value") {
    const Problem p = layer_problem({.num_kv_heads = 4, .causal = true}, Scope::core);
    Ran ran(point_with("local", p, {{"window", "1"}}));
    const std::vector<double> out = ran.output();
    // The same numbers as values that are gathered with weight 1.
    PointData data = make_point_data(point_with("multi_head", p));
    const auto* const v = static_cast<const double*>(data.layout.inputs.v.data);
    CHECK(apart(out, {v, v + data.layout.inputs.v.elements()}) < kEqual);
}

TEST_CASE("a stride of one and a stride as long as the sequence are multi_head") {
    for (const Scope scope : {Scope::layer, Scope::core}) {
        for (const LayerShape& shape : shapes_of_masks()) {
            if (!shape.causal) continue;
            CAPTURE(shape.q_len, shape.kv_len, shape.num_kv_heads);
            const std::vector<double> right = output("multi_head", shape, {}, scope);
            for (const char* stride : {"1", "14", "32", "1000000000000"}) {
                CHECK(apart(output("strided", shape, {{"stride", stride}}, scope), right) < kEqual);
            }
        }
    }
}

TEST_CASE("strided is a window for sequences whose older keys are none of the stride's, and no window beyond") {
    // Of 7 keys the last query of a stride of 6 has one older key, of 6 keys none.
    const LayerShape six{.q_len = 6, .kv_len = 6}, seven{.q_len = 7, .kv_len = 7};
    const OwnTexts window{{"window", "6"}}, stride{{"stride", "6"}};
    CHECK(apart(output("strided", six, stride), output("local", six, window)) < kEqual);
    CHECK(apart(output("strided", seven, stride), output("local", seven, window)) > 1e-3);
    // The sink is that one key.
    CHECK(apart(output("strided", seven, stride), output("local", seven, {{"window", "6"}, {"sink_keys", "1"}})) <
          kEqual);
}

TEST_CASE("keys that no query sees have a derivative of zero, however few queries there are") {
    for (const char* name : {"local", "strided"}) {
        for (const std::int64_t q_len : {1, 2, 7}) {
            for (const char* step : {"1", "3", "8", "33", "64"}) {
                for (const Scope scope : {Scope::layer, Scope::core}) {
                    Problem p = layer_problem({.q_len = q_len, .kv_len = 40, .num_kv_heads = 2}, scope);
                    p.pass = PassKind::backward;
                    const char* const option = std::string_view(name) == "local" ? "window" : "stride";
                    PointData data = make_point_data(point_with(name, p, {{option, step}}));
                    // What is not written shows.
                    Adjoints& derivatives = data.backward->derivatives;
                    const Inputs& in = data.layout.inputs;
                    for (const Tensor& t : scope == Scope::core ? std::vector<Tensor>{in.q, in.k, in.v}
                                                                : std::vector<Tensor>{in.x_q, in.x_kv}) {
                        poison(derivatives.of(t));
                    }
                    INFO(data.point.id());
                    CHECK(passed(check_point(data)));
                }
            }
        }
    }
}

TEST_CASE("problems that a mechanism cannot express are refused with the remedy") {
    CHECK_THAT(why("multi_query", {.num_kv_heads = 2}), Contains("set num_kv_heads: 1") && Contains("grouped_query"));
    CHECK_THAT(why("sparse_query", {.num_kv_heads = 1}, {}, Scope::core), Contains("set scope: layer"));
    CHECK_THAT(why("sparse_query", {.num_kv_heads = 4}), Contains("set num_kv_heads"));
    CHECK_THAT(why("sparse_query", {.num_kv_heads = 1}, {{"query_heads", "3"}}), Contains("does not divide"));
    CHECK_THAT(why("sparse_query", {.num_kv_heads = 1}, {{"query_heads", "8"}}), Contains("does not divide"));
    CHECK_THAT(why("sparse_query", {.num_heads = 3, .num_kv_heads = 1}), Contains("set query_heads"));
    CHECK_THAT(why("fixed_head_dim", {}, {}, Scope::core), Contains("set scope: layer"));
    CHECK_THAT(why("fixed_head_dim", {.head_dim = 5}), Contains("leave head_dim and value_head_dim at"));
    CHECK(why("fixed_head_dim", {.head_dim = 5}, {{"fixed_dim", "5"}}).empty());
    CHECK_THAT(why("fixed_head_dim", {.q_len = 1'000'000, .kv_len = 1'000'000}, {{"fixed_dim", "1099511627776"}}),
               Contains("do not fit into 63 bits"));
    CHECK_THAT(why("strided", {.causal = false}), Contains("set causal: true"));
}
