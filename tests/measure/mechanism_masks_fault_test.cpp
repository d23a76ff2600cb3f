// A wrong mask, scale or sharing of keys is seen by the check before each measurement.
#include <cstdint>
#include <string>
#include <vector>

#include "harness/measure/point/check.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/layer_shape.hpp"
#include "variants/steps.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// What a forward pass is told to do wrong; it is a plain function.
struct Fault {
    std::string what;
    double scale = 1;
    bool other_groups = false;
    bool no_causal = false;
    std::int64_t window = 0;  ///< 0: the mask of the heads
} fault;

Problem heads_of(const Pass& pass) {
    Problem heads = pass.problem;
    const auto number = [&](const char* name) {
        const std::string* text = pass.point.own.find(name);
        return text == nullptr ? 0 : std::stoll(*text);
    };
    if (number("query_heads") > 0) heads.num_heads = number("query_heads");
    if (number("fixed_dim") > 0) heads.head_dim = heads.value_head_dim = number("fixed_dim");
    return heads;
}

/// All of these mechanisms once more, as heads of some number and width within some window.
void faulty_forward(Pass& pass) {
    const Problem heads = heads_of(pass);
    const auto projected = [&](const char* role, const char* w, const char* b, const Tensor& x, std::int64_t width) {
        const Tensor y = pass.take(role, {heads.batch, 1, 1, x.rows(), width});
        project(pass, role, x, pass.weights.at(w), pass.weights.find(b), y);
        return y;
    };
    const Tensor q = projected("query", "wq", "bq", pass.in.x_q, heads.query_width());
    const Tensor k = projected("key", "wk", "bk", pass.in.x_kv, heads.key_width());
    Tensor keys = key_heads(k, heads);
    if (fault.other_groups) {
        keys.data = keys.at<double>(0, keys.kv_heads() - 1, 0);
        keys.stride[1] = -keys.stride[1];
    }
    const Tensor v = projected("value", "wv", "bv", pass.in.x_kv, heads.value_width());
    const Tensor context = pass.take("context", {heads.batch, 1, 1, heads.q_len, heads.context_width()});
    Mask mask{.causal = heads.causal && !fault.no_causal};
    if (fault.window > 0) {
        mask.numbers = {fault.window};
        mask.rule = [](const Mask::Numbers& numbers, std::int64_t row, std::int64_t q_len, std::int64_t kv_len) {
            const std::int64_t last = kv_len - q_len + row + 1;
            return Keys{.first = last - numbers[0], .last = last};
        };
    }
    pass.backend.attend("core", fault.scale * heads.scale(), mask, query_heads(q, heads), keys, key_heads(v, heads),
                        query_heads(context, heads), pass.workspace);
    project_output(pass, context);
}

CheckRecord check_with(const Fault& which, const Point& point) {
    PointData data = make_point_data(point);
    data.workspace = Workspace::reserve(1 << 20);
    Variant variant = *data.variant;
    variant.forward = faulty_forward;
    data.variant = &variant;
    fault = which;
    return check_point(data);
}

}  // namespace

TEST_CASE("a wrong mask, scale or sharing of any of these mechanisms is caught") {
    const LayerShape shape{.q_len = 20, .kv_len = 20, .num_kv_heads = 2};
    LayerShape one = shape;
    one.num_kv_heads = 1;
    struct Case {
        Point point;
        std::int64_t window;  ///< of the right mask; 0: causal
    };
    const std::vector<Case> cases{{point_with("multi_query", layer_problem(one)), 0},
                                  {point_with("grouped_query", layer_problem(shape)), 0},
                                  {point_with("sparse_query", layer_problem(shape), {{"query_heads", "2"}}), 0},
                                  {point_with("fixed_head_dim", layer_problem(shape), {{"fixed_dim", "9"}}), 0},
                                  {point_with("local", layer_problem(shape), {{"window", "5"}}), 5},
                                  {point_with("strided", layer_problem(shape), {{"stride", "20"}}), 20}};
    for (const Case& one_case : cases) {
        const Point& point = one_case.point;
        const std::int64_t window = one_case.window;
        INFO(point.id());
        const CheckRecord right = check_with({.what = "", .window = window}, point);
        REQUIRE(passed(right));
        std::vector<Fault> faults{{.what = "scale", .scale = 1.001, .window = window},
                                  {.what = "a key too few", .window = window == 0 ? 19 : window - 1}};
        if (window != 20) {  // otherwise there is no other key
            faults.push_back({.what = "a key too many", .no_causal = true, .window = window == 0 ? 0 : window + 1});
        }
        if (point.problem.num_kv_heads > 1) {
            faults.push_back({.what = "keys of another group", .other_groups = true, .window = window});
        }
        for (const Fault& each : faults) {
            INFO(each.what);
            CHECK(check_with(each, point).max_error > 20 * right.bound);
        }
    }
    // Far keys that are forgotten.
    const Point strided = point_with("strided", layer_problem(shape), {{"stride", "6"}});
    CHECK_FALSE(passed(check_with({.what = "no far keys", .window = 6}, strided)));
}
