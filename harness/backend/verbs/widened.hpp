// bf16 tensors as f32 ones: a naive kernel widens what it reads, computes, and rounds what it writes once.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/backend/verbs/matrix.hpp"
#include "harness/core/bfloat16.hpp"

namespace headcount {

/// A dense f32 copy of a bf16 tensor. Keeps its memory for the next one.
class Widened {
public:
    /// A window on `t`'s elements in f32, valid until the next call.
    Tensor of(const Tensor& t) {
        const Tensor wide = shaped_as(t);
        each(t, wide, [](const BFloat16& from, float& to) { to = static_cast<float>(from); });
        return wide;
    }
    /// The same, elements not set: for what is about to be written.
    Tensor shaped_as(const Tensor& t) {
        memory_.resize(static_cast<std::size_t>(t.elements()));
        return dense(memory_.data(), DType::f32, t.extent);
    }
    static void round(const Tensor& wide, const Tensor& t) {
        each(t, wide, [](BFloat16& to, const float& from) { to = BFloat16(from); });
    }

private:
    /// f(element of t, element of wide) for all elements.
    template <class F>
    static void each(const Tensor& t, const Tensor& wide, F f) {
        for_each_matrix(t, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            for (std::int64_t i = 0; i < t.rows(); ++i) {
                for (std::int64_t j = 0; j < t.cols(); ++j)
                    f(*t.at<BFloat16>(b, n, g, i, j), *wide.at<float>(b, n, g, i, j));
            }
        });
    }

    std::vector<float> memory_;
};

}  // namespace headcount
