// Runs a forward pass in float64 and, beside every number, its derivative along one direction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/add.hpp"
#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/attend.hpp"
#include "harness/backend/verbs/causal_product.hpp"
#include "harness/backend/verbs/copy.hpp"
#include "harness/backend/verbs/decay.hpp"
#include "harness/backend/verbs/decayed_scores.hpp"
#include "harness/backend/verbs/elu_plus_one.hpp"
#include "harness/backend/verbs/log_gate.hpp"
#include "harness/backend/verbs/mask_rows.hpp"
#include "harness/backend/verbs/matmul.hpp"
#include "harness/backend/verbs/mix_heads.hpp"
#include "harness/backend/verbs/normalise_rows.hpp"
#include "harness/backend/verbs/positive_features.hpp"
#include "harness/backend/verbs/relu.hpp"
#include "harness/backend/verbs/rotate.hpp"
#include "harness/backend/verbs/running_sum.hpp"
#include "harness/backend/verbs/scale_columns.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/backend/verbs/tanh.hpp"
#include "harness/backend/verbs/unseen.hpp"
#include "harness/backend/verbs/weighted_difference.hpp"
#include "harness/backend/verbs/zero.hpp"
#include "harness/core/error.hpp"
#include "tests/measure/complex_step.hpp"

namespace headcount::testing {

/// Every verb's naive kernel, on complex numbers: real parts are what the tensors hold, derivatives lie beside them. So
/// no verb's vjp() is asked, and no type of element is added that only tests would know.
class ComplexBackend : public NaiveBackend {
public:
    /// `slopes`, which outlives this, says where the derivatives of all that the pass touches lie.
    explicit ComplexBackend(const Adjoints& slopes) : slopes_(slopes) {}

protected:
    void compute(const Verb& verb) override {
        if (ran_one_of<Add, Attend, CausalProduct, Copy, Decay, DecayedScores, EluPlusOne, LogGate, MaskRows, Matmul,
                       MixHeads, NormaliseRows, PositiveFeatures, Relu, Rotate, RunningSum, ScaleColumns, SoftmaxRows,
                       Tanh, Unseen, WeightedDifference, Zero>(verb))
            return;
        throw Error("verb " + std::string(verb.name()) + " has not been run on complex numbers: name it here, too");
    }

private:
    using ComplexNumbers = std::vector<ComplexStep>;

    template <class... V>
    bool ran_one_of(const Verb& verb) const {
        return (ran<V>(verb) || ...);
    }

    template <class V>
    bool ran(const Verb& verb) const {
        const V* const real = verb.as<V>();
        if (real == nullptr) return false;
        V on_complex = *real;
        std::array<ComplexNumbers, 8> memory;
        std::size_t next = 0;
        V::operands(on_complex, [&](Tensor& t, Access access) {
            ComplexNumbers& numbers = memory.at(next++);
            numbers.resize(static_cast<std::size_t>(t.elements()));
            if (access != Access::write) read(t, numbers);
            t = dense(numbers.data(), t.dtype, t.extent);
        });
        ComplexNumbers scratch;
        if constexpr (requires { on_complex.scratch; }) {
            scratch.resize(static_cast<std::size_t>(on_complex.scratch.elements()));
            on_complex.scratch.data = scratch.data();
        }
        on_complex.template naive<ComplexStep>();
        next = 0;
        V::operands(*real, [&](const Tensor& t, Access access) {
            const ComplexNumbers& numbers = memory.at(next++);
            if (access != Access::read) write(numbers, t);
        });
        return true;
    }

    void read(const Tensor& t, ComplexNumbers& to) const {
        auto number = to.begin();
        each(t, [&](const double& value, const double& slope) { *number++ = ComplexStep(value, slope); });
    }
    void write(const ComplexNumbers& from, const Tensor& t) const {
        auto number = from.begin();
        each(t, [&](double& value, double& slope) {
            value = number->value();
            slope = number->slope();
            ++number;
        });
    }
    /// f(number, its derivative) in the order of a dense tensor.
    template <class F>
    void each(const Tensor& t, F f) const {
        const Tensor slopes = slopes_.of(t);
        for_each_matrix(t, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            for (std::int64_t i = 0; i < t.rows(); ++i) {
                for (std::int64_t j = 0; j < t.cols(); ++j)
                    f(*t.at<double>(b, n, g, i, j), *slopes.at<double>(b, n, g, i, j));
            }
        });
    }

    const Adjoints& slopes_;
};

}  // namespace headcount::testing
