// A projection of a whole batch is one product, not one a batch entry.
#pragma once

#include <optional>

#include "harness/backend/verbs/matmul.hpp"

namespace headcount {

/// The batch laid end to end; nothing when it does not lie so.
inline std::optional<Tensor> batch_as_rows(Tensor t) {
    if (t.kv_heads() != 1 || t.group() != 1) return std::nullopt;
    if (t.batch() != 1 && t.stride[0] != t.rows() * t.stride[3]) return std::nullopt;
    t.extent = {1, 1, 1, t.batch() * t.rows(), t.cols()};
    return t;
}

struct LeftAndProduct {
    Tensor left, product;
};

/// a and c of c = a @ b with the batch as rows where every entry meets the same b, otherwise as they are.
inline LeftAndProduct flattened(const Tensor& a, const Tensor& b, const Tensor& c, Masked masked) {
    const std::optional<Tensor> a_rows = batch_as_rows(a);
    const std::optional<Tensor> c_rows = batch_as_rows(c);
    const bool shared = b.batch() == 1 && a.batch() == c.batch();
    if (a_rows && c_rows && shared && masked == Masked::nothing) return {*a_rows, *c_rows};
    return {a, c};
}

}  // namespace headcount
