// A point whose inputs and weights may move: what checks of its derivatives have in common.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/core/random.hpp"
#include "harness/core/storage.hpp"
#include "harness/core/workspace.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/inputs.hpp"

namespace headcount::testing {

/// Numbers of each input and weight, by its name: a gradient, or a direction, which leaves out what stands still.
using Numbers = std::map<std::string, std::vector<double>>;

inline std::vector<double> numbers_of(const Tensor& t) {
    std::vector<double> numbers;
    with_storage(t.dtype, [&](auto storage) {
        const auto* const first = static_cast<const decltype(storage)*>(t.data);
        std::transform(first, first + t.elements(), std::back_inserter(numbers), [](auto x) { return value_of(x); });
    });
    return numbers;
}

/// The function whose derivatives are checked is f = sum(d_out * output), with random d_out.
class MovingPoint {
public:
    /// A point with a backward pass.
    explicit MovingPoint(const Point& point)
        : data(make_point_data(point)), prepared(Workspace::reserve(data.store.reserved_bytes())) {
        const judge::Question question = question_of(data);
        parameters = question.weights;
        inputs = question.inputs;
        if (inputs.contains("x_kv") && inputs.at("x_kv").data == inputs.at("x_q").data) inputs.erase("x_kv");
        parameters.insert(inputs.begin(), inputs.end());
        forward(*data.backend);
    }

    /// Prepares the weights, as they are now, and runs the forward pass by the verbs of `backend`.
    void forward(Backend& backend) {
        const Layout& layout = data.layout;
        Weights weights = layout.canonical;
        if (data.variant->prepare != nullptr) {
            prepared.reset();
            Pass pass(data.point, layout.inputs, layout.canonical, {}, backend, prepared);
            weights = data.variant->prepare(pass);
        }
        data.workspace.reset();
        Pass pass(data.point, layout.inputs, weights, layout.out, backend, data.workspace);
        run_variant(*data.variant, pass);
    }

    /// f, or its derivative when `of_output` are those of the output.
    double weighed(const Tensor& of_output) const {
        const std::vector<double> out = numbers_of(of_output), d = numbers_of(d_out());
        double sum = 0;
        for (std::size_t i = 0; i < out.size(); ++i) sum += d[i] * out[i];
        return sum;
    }

    /// The root of the sum of squares of its terms.
    double size_of_weighed(const Tensor& of_output) const {
        const std::vector<double> out = numbers_of(of_output), d = numbers_of(d_out());
        double sum = 0;
        for (std::size_t i = 0; i < out.size(); ++i) sum += d[i] * out[i] * d[i] * out[i];
        return std::sqrt(sum);
    }

    /// All derivatives of f, by a walk back over the verbs of `backend`.
    Numbers gradient(Backend& backend) {
        run_forward(data);
        const Adjoints& derivatives = data.backward->derivatives;
        // What nobody writes has to be seen, but for weights that prepare() does not read: their derivative is zero.
        for (const auto& [name, tensor] : parameters) fill(derivatives.of(tensor), 0);
        for (const auto& [name, tensor] : inputs) poison(derivatives.of(tensor));
        for (const auto& [name, tensor] : data.layout.prepared.all()) poison(derivatives.of(tensor));
        data.backward->walk(backend, data.workspace);
        data.backward->walk_to_canonical(backend, data.workspace);
        Numbers gradient;
        for (const auto& [name, tensor] : parameters) gradient[name] = numbers_of(derivatives.of(tensor));
        return gradient;
    }
    Numbers gradient() { return gradient(*data.backend); }

    Tensor d_out() const { return data.backward->derivatives.of(data.layout.out); }

    PointData data;
    Workspace prepared;         ///< the weights that forward() prepared
    judge::Tensors inputs;      ///< self-attention's one sequence once
    judge::Tensors parameters;  ///< inputs and weights: all that f depends on
};

/// Three random directions of everything together, one of each input and weight alone, and two single numbers of each.
inline std::vector<Numbers> directions_of(const MovingPoint& point) {
    SplitMix64 random(point.data.point.seed);
    const auto along = [&](const Tensor& t) {
        std::vector<double> moves(static_cast<std::size_t>(t.elements()));
        for (double& x : moves) x = static_cast<double>(random.below(2001)) * 1e-3 - 1;
        return moves;
    };
    std::vector<Numbers> directions(3);
    for (const auto& [name, tensor] : point.parameters) {
        for (std::size_t i = 0; i < 3; ++i) directions[i][name] = along(tensor);
        directions.push_back({{name, along(tensor)}});
        for (int i = 0; i < 2; ++i) {
            std::vector<double> one(static_cast<std::size_t>(tensor.elements()));
            one[random.below(one.size())] = 1;
            directions.push_back({{name, std::move(one)}});
        }
    }
    return directions;
}

/// How far sum(gradient * direction) is from `slope`, in units of the norm of its terms. Of single numbers too: one
/// that happens to be close to zero is the sum of terms that are not, so no term counts as smaller than the root mean
/// square of its tensor. Softmax does not see what all keys share, so the gradient by a key's bias is zero but for
/// rounding: it is measured in the units of that by a query's.
/// `rounding` is how far `slope` may be off by itself.
inline double disagreement(const Numbers& gradient, const Numbers& direction, double slope, double rounding = 0) {
    double sum = 0, squares = 0;
    for (const auto& [name, moves] : direction) {
        double size = 0;
        const std::vector<double>& typical = gradient.at(name == "bk" ? "bq" : name);
        for (const double x : typical) size += x * x / static_cast<double>(typical.size());
        const std::vector<double>& derivatives = gradient.at(name);
        for (std::size_t i = 0; i < moves.size(); ++i) {
            sum += derivatives[i] * moves[i];
            squares += moves[i] * moves[i] * std::max(derivatives[i] * derivatives[i], size);
        }
    }
    const double off = std::abs(sum - slope);
    return off <= rounding ? 0 : (off - rounding) / std::sqrt(squares);
}

}  // namespace headcount::testing
