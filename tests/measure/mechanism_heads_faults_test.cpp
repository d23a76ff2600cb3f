// Faults of the mechanisms that change what heads share, what these refuse, and the work that their verbs claim.
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/backend/verbs/mix_heads.hpp"
#include "harness/backend/verbs/weighted_difference.hpp"
#include "harness/core/counted.hpp"
#include "harness/core/field_table.hpp"
#include "harness/measure/point/check.hpp"
#include "tests/catch.hpp"
#include "tests/mechanism.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::Contains;

namespace {

Problem problem_with(std::int64_t num_kv_heads, std::int64_t head_dim, Scope scope) {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = 24;
    spec.embed_dim = 12;
    spec.num_heads = 4;
    spec.num_kv_heads = num_kv_heads;
    spec.head_dim = head_dim;
    spec.causal = true;
    spec.bias = true;
    spec.scope = scope;
    return resolve(spec);
}

std::string refusal(std::string_view variant, const Problem& p) {
    return why_unsupported(Point{.variant = std::string(variant), .backend = "naive", .problem = p});
}

}  // namespace

TEST_CASE("what a mechanism cannot express it refuses, with the remedy") {
    const Problem core = problem_with(4, 4, Scope::core), grouped = problem_with(2, 4, Scope::layer);
    CHECK_THAT(refusal("collaborative", core), Contains("core scope"));
    CHECK_THAT(refusal("tensor_product", core), Contains("core scope"));
    CHECK_THAT(refusal("collaborative", grouped), Contains("set num_kv_heads equal to num_heads"));
    CHECK_THAT(refusal("differential", problem_with(4, 3, Scope::layer)),
               Contains("3 is odd, set it to an even number"));
    for (const char* name : {"talking_heads", "differential"}) {
        CHECK(refusal(name, problem_with(2, 4, Scope::core)).empty());
    }
    CHECK(refusal("tensor_product", grouped).empty());
}

namespace {

/// The check of a point whose kernel sees other numbers than the judge: `change(data)` after the judge has answered.
CheckRecord check_after(const Point& point, const std::function<void(PointData&)>& change) {
    PointData data = make_point_data(point);
    const judge::ReferenceRows right =
        data.variant->definition.answer(question_of(data), judge::rows_to_check(data.point.problem, data.point.seed));
    change(data);
    run_forward(data);
    return compare(data.layout.out, right);
}

void transpose(const Tensor& w) {
    for (std::int64_t i = 0; i < w.rows(); ++i) {
        for (std::int64_t j = 0; j < i; ++j) std::swap(*w.at<float>(0, 0, 0, i, j), *w.at<float>(0, 0, 0, j, i));
    }
}

}  // namespace

TEST_CASE("a mixing that is transposed, scaled or of the wrong head, and a mask that is wrong, are caught in f32") {
    const Problem p = problem_with(4, 4, Scope::layer);
    const auto weight = [](const PointData& data, const char* name) { return data.layout.prepared.at(name); };
    struct Fault {
        const char* variant;
        std::function<void(PointData&)> change;
    };
    const std::vector<Fault> faults{
        {"talking_heads", [&](PointData& data) { transpose(weight(data, "logit_mixing")); }},
        {"talking_heads", [&](PointData& data) { transpose(weight(data, "weight_mixing")); }},
        {"collaborative", [&](PointData& data) { *weight(data, "mixing").at<float>(0, 0, 0, 3, 5) *= 1.01F; }},
        {"differential", [&](PointData& data) { *weight(data, "lambda").at<float>(0, 0, 0) *= 1.001F; }},
        {"tensor_product", [&](PointData& data) { *weight(data, "bka").at<float>(0, 0, 0, 0, 1) *= 1.1F; }}};
    for (const Fault& fault : faults) {
        Point point{.variant = fault.variant, .backend = "naive", .problem = p};
        point.own = default_options(find_named(all_variants(), fault.variant, "variant"));
        CAPTURE(point.id());
        CHECK(passed(check_after(point, [](PointData&) {})));
        CHECK_FALSE(passed(check_after(point, fault.change)));
        // A kernel that lets every query see all keys.
        CHECK_FALSE(passed(check_after(point, [](PointData& data) { data.point.problem.causal = false; })));
    }
}

namespace {

/// Random numbers on a scalar that counts; none of them is kept by anyone else.
struct CountedTensors {
    std::vector<std::vector<Counted>> memory;
    Tensor take(std::array<std::int64_t, 5> extent) {
        Tensor t = dense(nullptr, DType::counted, extent);
        std::vector<Counted>& numbers = memory.emplace_back(static_cast<std::size_t>(t.elements()));
        for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = Counted(std::sin(static_cast<double>(i + 1)));
        t.data = numbers.data();
        return t;
    }
};

template <class V>
void check_counts(const V& verb) {
    Counted::tally() = {};
    verb.template naive<Counted>();
    OpCost claimed;
    for (const PartCost& part : Verb(verb).executed()) claimed += part.cost;
    claimed.bytes_read = claimed.bytes_written = 0;
    CHECK(Counted::tally() == claimed);
}

}  // namespace

TEST_CASE("the verbs of mixing and of a difference, and their derivatives, do the work that they claim") {
    Mask window;
    window.numbers = {3};
    window.rule = [](const Mask::Numbers& numbers, std::int64_t row, std::int64_t q_len, std::int64_t kv_len) {
        const std::int64_t last = kv_len - q_len + row + 1;
        return Keys{.first = last - numbers[0], .last = last, .sink = last > 0 ? 1 : 0};
    };
    for (const Mask& mask : {Mask{}, Mask{.causal = true}, window}) {
        for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{5, 7}, {7, 4}}) {
            for (const bool add : {false, true}) {
                CountedTensors tensors;
                const Tensor three = tensors.take({2, 3, 1, rows, cols}), four = tensors.take({2, 2, 2, rows, cols}),
                             mixing = tensors.take({1, 1, 1, 3, 4}), like = tensors.take(four.extent),
                             other = tensors.take(four.extent), one = tensors.take({1, 1, 1, 1, 1}),
                             d_one = tensors.take({1, 1, 1, 1, 1});
                check_counts(MixHeads{.from = three, .weights = mixing, .to = four, .mask = mask, .accumulate = add});
                check_counts(MixHeads{
                    .from = four, .weights = mixing.transposed(), .to = three, .mask = mask, .accumulate = add});
                check_counts(
                    MixHeadsVjp{.from = three, .d_to = four, .d_weights = mixing, .mask = mask, .accumulate = add});
                check_counts(WeightedDifference{.a = four, .b = like, .factor = one, .to = other, .mask = mask});
                check_counts(WeightedDifferenceVjp{.b = four,
                                                   .factor = one,
                                                   .d_to = like,
                                                   .d_a = other,
                                                   .d_b = tensors.take(four.extent),
                                                   .d_factor = d_one,
                                                   .mask = mask,
                                                   .add_to_a = add,
                                                   .add_to_b = add,
                                                   .add_to_factor = add});
            }
        }
    }
}
