// A window on memory it does not own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "harness/core/dtype.hpp"

namespace headcount {

/// [batch, kv_head, group, row, col]. Splitting heads is a change of strides; grouped-query attention
/// is an extent of 1 in `group` that broadcasts; plain multi-head has group = 1. A copy is never hidden.
struct Tensor {
    void* data = nullptr;  ///< null in a dry run
    DType dtype = DType::f32;
    std::array<std::int64_t, 5> extent{1, 1, 1, 1, 1};
    std::array<std::int64_t, 5> stride{0, 0, 0, 0, 0};  ///< in elements

    std::int64_t batch() const { return extent[0]; }
    std::int64_t kv_heads() const { return extent[1]; }
    std::int64_t group() const { return extent[2]; }
    std::int64_t rows() const { return extent[3]; }
    std::int64_t cols() const { return extent[4]; }

    /// Distinct elements the window shows: what a verb that touches it must move at least.
    std::int64_t elements() const {
        std::int64_t n = 1;
        for (const std::int64_t e : extent) n *= e;
        return n;
    }
    std::int64_t bytes() const { return elements() * size_in_bytes(dtype); }

    /// Swaps rows and cols by swapping two strides: there are no transpose flags anywhere.
    Tensor transposed() const;
    /// One head: [batch, 1, 1, row, col].
    Tensor head(std::int64_t kv_head, std::int64_t group_index) const;
    /// The matrix at one leading index, where an extent of 1 broadcasts: [1, 1, 1, row, col].
    Tensor matrix(std::int64_t b, std::int64_t n, std::int64_t g) const;
    /// Columns [first, first + count).
    Tensor columns(std::int64_t first, std::int64_t count) const;
    /// Rows [first, first + count).
    Tensor row_range(std::int64_t first, std::int64_t count) const;

    template <class T>
    T* at(std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t i = 0, std::int64_t j = 0) const {
        return static_cast<T*>(data) + b * stride[0] + n * stride[1] + g * stride[2] + i * stride[3] + j * stride[4];
    }
};

/// A dense row-major window of these extents on `data`.
Tensor dense(void* data, DType dtype, std::array<std::int64_t, 5> extent);

/// Whether some element belongs to both. Windows on the same columns of rows may be called overlapping when they are
/// not (rows interleaved in another way); never the reverse.
bool overlap(const Tensor& a, const Tensor& b);
/// Whether both show the same elements in the same order.
bool same_window(const Tensor& a, const Tensor& b);

/// The batch of a tensor [batch, 1, 1, row, col] laid end to end: [1, 1, 1, batch * row, col]; nothing when it does not
/// lie so.
std::optional<Tensor> batch_as_rows(const Tensor& t);

/// x [batch, 1, 1, len, heads * width] seen as [batch, num_kv_heads, group, len, width]; no copy.
/// Throws Error when cols is not num_kv_heads * group * width for a whole width.
Tensor split_heads(Tensor x, std::int64_t num_kv_heads, std::int64_t group);

}  // namespace headcount
