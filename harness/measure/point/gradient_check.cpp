#include "harness/measure/point/gradient_check.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "harness/core/hash.hpp"
#include "harness/core/random.hpp"
#include "harness/core/storage.hpp"
#include "harness/judge/known.hpp"
#include "harness/measure/point/check.hpp"

namespace headcount {
namespace {

constexpr double kAllowed = 16;

/// +1 or -1 for each element of the tensor `name`, in order.
class Signs {
public:
    Signs(std::uint64_t seed, std::string_view name) : bits_(fnv64(name, seed ^ 0x9e3779b97f4a7c15ULL)) {}
    double next() { return bits_.next() >> 63U == 0 ? 1 : -1; }

private:
    SplitMix64 bits_;
};

/// What may move: inputs one by one, weights together.
std::map<std::string, judge::Tensors> parts_of(const judge::Question& question) {
    std::map<std::string, judge::Tensors> parts;
    for (const auto& [name, tensor] : question.inputs) {
        if (name == "x_kv" && tensor.data == question.inputs.at("x_q").data) continue;  // self-attention: one tensor
        parts[name] = {{name, tensor}};
    }
    if (!question.weights.empty()) parts["weights"] = question.weights;
    return parts;
}

double unit_of(DType dtype) {
    const judge::Rounding rounding = judge::rounding_of(dtype);
    return rounding.unit + rounding.storage;
}

/// sum(derivative * direction) and sum(derivative^2); NaN where an element is.
struct Along {
    double slope = 0, squares = 0;
};

Along along(const Tensor& derivative, Signs signs) {
    Along sum;
    with_storage(derivative.dtype, [&](auto storage) {
        const auto* const d = static_cast<const decltype(storage)*>(derivative.data);
        for (std::int64_t i = 0; i < derivative.elements(); ++i) {
            const double x = value_of(d[i]);
            sum.slope += x * signs.next();
            sum.squares += x * x;
        }
    });
    return sum;
}

void write(const Tensor& t, const GradientReference& reference) {
    fill(t, 0);
    with_storage(t.dtype, [&](auto storage) {
        using T = decltype(storage);
        auto factor = reference.factors.begin();
        for (const judge::Row row : reference.rows) {
            for (std::int64_t j = 0; j < t.cols(); ++j) *t.at<T>(row.batch, 0, 0, row.index, j) = stored<T>(*factor++);
        }
    });
}

}  // namespace

GradientReference gradient_reference(const PointData& data, judge::Question question) {
    GradientReference reference{
        .rows = judge::rows_to_check(data.point.problem, data.point.seed), .factors = {}, .slopes = {}};
    Signs signs(data.point.seed, "d_out");
    const auto numbers = static_cast<std::int64_t>(reference.rows.size()) * data.layout.out.cols();
    for (std::int64_t i = 0; i < numbers; ++i) reference.factors.push_back(signs.next());
    for (const auto& [part, tensors] : parts_of(question)) {
        std::vector<std::vector<double>> directions;
        for (const auto& [name, tensor] : tensors) {
            Signs direction(data.point.seed, name);
            std::vector<double>& numbers_of = directions.emplace_back(static_cast<std::size_t>(tensor.elements()));
            for (double& x : numbers_of) x = direction.next();
        }
        question.directions.clear();
        std::size_t i = 0;
        for (const auto& [name, tensor] : tensors)
            question.directions[tensor.data] = dense(directions[i++].data(), DType::f64, tensor.extent);
        reference.slopes[part] = data.variant->definition.slope(question, reference.rows, reference.factors);
    }
    return reference;
}

CheckRecord check_gradients(PointData& data, const GradientReference& reference) {
    Backward& backward = *data.backward;
    const Tensor dout = backward.derivatives.of(data.layout.out);
    const judge::Question question = question_of(data);
    for (const auto& [part, tensors] : parts_of(question)) {
        // What prepare() does not read of a weight has the derivative 0, which nobody writes.
        for (const auto& [name, tensor] : tensors) {
            const Tensor derivative = backward.derivatives.of(tensor);
            part == "weights" ? fill(derivative, 0) : poison(derivative);
        }
    }
    for (const auto& [name, tensor] : data.layout.prepared.all()) poison(backward.derivatives.of(tensor));
    write(dout, reference);
    backward.walk(*data.backend, data.workspace);
    backward.walk_to_canonical(*data.backend, data.workspace);

    CheckRecord check;
    check.done = true;
    check.rows_total = data.layout.out.batch() * data.layout.out.rows();
    check.rows_checked = static_cast<std::int64_t>(reference.rows.size());
    const Problem& p = data.point.problem;
    const double terms = static_cast<double>(p.q_len + p.kv_len + 2 * p.embed_dim);
    double worst = -1;
    for (const auto& [part, tensors] : parts_of(question)) {
        Along sum;
        for (const auto& [name, tensor] : tensors) {
            const Along one = along(backward.derivatives.of(tensor), Signs(data.point.seed, name));
            sum.slope += one.slope;
            sum.squares += one.squares;
        }
        double error = std::abs(sum.slope - reference.slopes.at(part));
        double bound = kAllowed * unit_of(p.dtype) * std::sqrt(terms * sum.squares);
        if (!std::isfinite(sum.slope)) error = std::numeric_limits<double>::infinity(), bound = 0;
        const double ratio = error == 0 ? 0 : error / bound;
        if (ratio <= worst) continue;
        worst = ratio;
        check.max_error = error;
        check.bound = bound;
        check.worst = "derivative by " + part + ", along a random direction";
    }
    fill_random(dout, data.point.seed, "d_out", 1);
    return check;
}

}  // namespace headcount
