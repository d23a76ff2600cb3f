// A projection of a whole batch is one product, not one a batch entry.
#pragma once

#include <optional>

#include "harness/backend/verbs/matmul.hpp"

namespace headcount {

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
