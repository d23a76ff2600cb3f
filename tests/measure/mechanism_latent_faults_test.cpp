// Latent, grouped-latent and grouped-tied attention gone wrong: what the check has to see, and what is refused.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/measure/point/check.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/latents.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

enum class Fault : std::uint8_t { none, mask, scale, mixing, position };

/// The variant's own forward, handed something else than its definition is. The output of what is right is within the
/// bound; how many bounds away is that with a fault?
double bounds_off(const Point& point, Fault fault) {
    PointData data = make_point_data(point);
    static Fault now;
    static const Variant* real;
    now = fault;
    real = data.variant;
    Variant faulty = *real;
    faulty.forward = [](Pass& pass) {
        Point wrong = pass.point;
        if (now == Fault::mask) wrong.problem.causal = !wrong.problem.causal;
        Pass other(wrong, pass.in, pass.weights, pass.out, pass.backend, pass.workspace);
        real->forward(other);
    };
    data.variant = &faulty;
    const judge::ReferenceRows reference =
        data.variant->definition.answer(question_of(data), judge::rows_to_check(point.problem, point.seed));
    const auto change = [&](const char* name, const auto& f) {
        const Tensor w = data.layout.prepared.at(name);
        for (std::int64_t i = 0; i < w.rows(); ++i) f(w.at<double>(0, 0, 0, i), w.cols());
    };
    if (fault == Fault::scale) {  // as if by the width of a key without its rotary columns
        const double factor =
            std::sqrt(static_cast<double>(point.problem.head_dim + 2) / static_cast<double>(point.problem.head_dim));
        change("wq", [&](double* row, std::int64_t cols) {
            for (std::int64_t j = 0; j < cols; ++j) row[j] *= factor;
        });
    }
    if (fault == Fault::mixing) {  // heads in reverse
        change("wo", [](double* row, std::int64_t cols) { std::reverse(row, row + cols); });
    }
    if (fault == Fault::position) {  // the other way round
        change("wkr", [](double* row, std::int64_t cols) {
            for (std::int64_t j = 0; j < cols; j += 2) std::swap(row[j], row[j + 1]);
        });
    }
    poison(data.layout.out);
    run_forward(data);
    const CheckRecord check = compare(data.layout.out, reference);
    return check.max_error / check.bound;
}

}  // namespace

TEST_CASE("a wrong mask, scale, order of heads and rotation are seen by the check") {
    Problem p = deepseek_v2(24, 24, true);
    p.embed_dim = 32;
    p.num_heads = p.num_kv_heads = 4;
    p.head_dim = p.value_head_dim = 8;
    std::vector<Point> points{point_with("grouped_tied", p)};
    for (const char* form : {"materialised", "absorbed"}) {
        points.push_back(point_with("latent", p, {{"kv_rank", "16"}, {"rope_dim", "4"}, {"form", form}}));
        points.push_back(point_with("grouped_latent", p,
                                    {{"kv_rank", "16"}, {"rope_dim", "4"}, {"form", form}, {"latent_groups", "2"}}));
    }
    for (const Point& point : points) {
        INFO(point.id());
        CHECK(bounds_off(point, Fault::none) <= 1);
        for (const Fault fault : {Fault::mask, Fault::scale, Fault::mixing, Fault::position}) {
            CAPTURE(static_cast<int>(fault));
            CHECK(bounds_off(point, fault) > 20);
        }
    }
}

TEST_CASE("what these mechanisms cannot express says why and what to set") {
    Problem p = deepseek_v2(8, 8, true);
    const auto reason = [&](const char* variant, const Chosen& own) -> std::string {
        try {
            point_with(variant, p, own);
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    };
    const auto says = [](const std::string& text, const char* word) { return text.find(word) != std::string::npos; };
    CHECK(reason("latent", {}).empty());
    CHECK(says(reason("latent", {{"rope_dim", "7"}}), "set rope_dim"));
    CHECK(says(reason("grouped_latent", {{"latent_groups", "3"}}), "latent_groups 3"));
    CHECK(says(reason("grouped_latent", {{"latent_groups", "128"}, {"kv_rank", "64"}}), "kv_rank 64"));
    CHECK(says(reason("grouped_tied", {{"tied_dim", "129"}}), "set tied_dim"));
    CHECK(says(reason("grouped_tied", {{"tied_dim", "127"}}), "set tied_dim"));
    p.value_head_dim = 32;
    CHECK(says(reason("grouped_tied", {}), "value_head_dim"));
    p.num_kv_heads = 2;
    CHECK(says(reason("latent", {}), "set num_kv_heads"));
    p.scope = Scope::core;
    for (const char* variant : {"latent", "grouped_latent", "grouped_tied"}) {
        CHECK(says(reason(variant, {}), "set scope to layer"));
    }
    p = deepseek_v2(1 << 20, 1 << 20, true);
    p.batch = 1 << 10;
    CHECK(says(reason("latent", {{"kv_rank", "1048576"}}), "63 bits"));
}
