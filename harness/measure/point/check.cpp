#include "harness/measure/point/check.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "harness/core/storage.hpp"
#include "harness/judge/compare.hpp"

namespace headcount {

void fill(const Tensor& t, double value) {
    with_storage(t.dtype, [&](auto storage) {
        using T = decltype(storage);
        std::fill_n(static_cast<T*>(t.data), t.elements(), stored<T>(value));
    });
}

void poison(const Tensor& out) { fill(out, std::numeric_limits<double>::quiet_NaN()); }

namespace {

// What a backend adds changes how a point is computed, not what: references may be shared across it.
Settings options_of_variant(const PointData& data) {
    std::vector<Setting> own;
    for (const Field& field : data.variant->own) {
        if (const std::string* text = data.point.own.find(field.name))
            own.push_back({.name = field.name, .text = *text});
    }
    return Settings(std::move(own));
}

}  // namespace

judge::Question question_of(const PointData& data) {
    const Inputs& given = data.layout.inputs;
    judge::Tensors inputs{{"x_q", given.x_q}, {"x_kv", given.x_kv}};
    if (given.problem.scope == Scope::projections) inputs.emplace("context", given.context);
    if (given.problem.scope == Scope::core) inputs = {{"q", given.q}, {"k", given.k}, {"v", given.v}};
    return {.problem = given.problem,
            .own = options_of_variant(data),
            .stores_scores = data.variant->stores_scores,
            .inputs = std::move(inputs),
            .weights = data.layout.canonical.all()};
}

void ReferenceCache::ask(const PointData& data) {
    const Point& point = data.point;
    const Variant& variant = *data.variant;
    const Settings own = options_of_variant(data);
    Problem problem = point.problem;
    problem.pass = PassKind::forward;  // the function is the same, and so are its derivatives
    problem.cached = false;            // and what is kept of it changes nothing
    const bool known = filled_ && problem_ == problem && own_ == own && definition_ == variant.definition &&
                       stores_scores_ == variant.stores_scores && seed_ == point.seed;
    if (known) return;
    problem_ = problem;
    own_ = own;
    definition_ = variant.definition;
    stores_scores_ = variant.stores_scores;
    seed_ = point.seed;
    rows_.clear();
    gradients_.clear();
    filled_ = true;
}

const judge::ReferenceRows& ReferenceCache::of(const PointData& data) {
    ask(data);
    const auto found = rows_.find(data.input_set);
    if (found != rows_.end()) return found->second;
    return rows_[data.input_set] = data.variant->definition.answer(
               question_of(data), judge::rows_to_check(data.point.problem, data.point.seed));
}

const GradientReference& ReferenceCache::gradient_of(const PointData& data) {
    ask(data);
    const auto found = gradients_.find(data.input_set);
    if (found != gradients_.end()) return found->second;
    return gradients_[data.input_set] = gradient_reference(data, question_of(data));
}

bool passed(const CheckRecord& check) { return check.done && check.max_error <= check.bound; }

CheckRecord compare(const Tensor& out, const judge::ReferenceRows& reference) {
    const judge::Difference found = judge::difference(out, reference);
    CheckRecord check;
    check.done = true;
    check.rows_total = out.batch() * out.rows();
    check.rows_checked = found.rows_compared;
    check.max_error = found.error;
    check.bound = found.bound;
    check.worst = found.worst;
    return check;
}

CheckRecord check_point(PointData& data, ReferenceCache* cache) {
    const Tensor& out = data.layout.out;
    if (!data.backend->executes()) {
        CheckRecord check;
        check.rows_total = out.batch() * out.rows();
        return check;
    }
    ReferenceCache own;
    ReferenceCache& references = cache == nullptr ? own : *cache;
    poison(out);
    run_forward(data);
    CheckRecord forward = compare(out, references.of(data));
    if (data.backward == nullptr || !passed(forward)) return forward;
    return check_gradients(data, references.gradient_of(data));
}

}  // namespace headcount
