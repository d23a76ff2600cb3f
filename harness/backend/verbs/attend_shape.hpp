// What one call of the fused core is: its shape, how a backend cuts it, and the ingredients of its cost.
#pragma once

#include <cstdint>

#include "harness/core/op_cost.hpp"
#include "harness/core/tensor.hpp"

namespace headcount {

/// Shapes one `attend` call works on.
struct AttendShape {
    std::int64_t batch, kv_heads, group, q_len, kv_len, head_dim, value_head_dim;
    DType dtype;
    std::int64_t heads() const { return kv_heads * group; }
};

/// The shape of an attend call on these operands.
inline AttendShape attend_shape(const Tensor& q, const Tensor& k, const Tensor& v) {
    return {.batch = q.batch(),
            .kv_heads = q.kv_heads(),
            .group = q.group(),
            .q_len = q.rows(),
            .kv_len = k.rows(),
            .head_dim = q.cols(),
            .value_head_dim = v.cols(),
            .dtype = q.dtype};
}

/// How a backend cuts one `attend` call.
struct AttendPlan {
    std::int64_t query_block = 0;  ///< rows of q kept in fast memory while all keys stream past; B_r of docs/flops.md
    std::int64_t key_block = 0;    ///< keys taken at a time
    std::int64_t scratch_elements = 0;  ///< in all, for all threads, of accumulator_of(dtype)
    /// The same of the backend's own derivative, which finds statistics of rows beside what attend read and wrote; 0
    /// where it has none.
    std::int64_t vjp_scratch_elements = 0;
};

/// Costs of the ingredients of one `attend` call.
struct AttendParts {
    OpCost scores;   ///< q @ k^T
    OpCost scale;    ///< one multiply a score
    OpCost weights;  ///< softmax, without rescaling
    OpCost context;  ///< weights @ v
    OpCost rescale;  ///< of partial results when a later key block raises the row's maximum
};

}  // namespace headcount
