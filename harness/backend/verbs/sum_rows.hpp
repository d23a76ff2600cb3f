// sum_rows: the sum of all rows, which is the derivative of a bias that was added to each.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// to[0, j] = sum of from[.., i, j], or that is added to it.
struct SumRows {
    static constexpr std::string_view kName = "sum_rows";
    Tensor from;
    Tensor to;  ///< [1,1,1,1,n]
    bool accumulate = false;
    std::optional<std::int64_t> needed_rows = {};  ///< the others are zero, as padding has it: added, and not required

    /// The derivative of a bias, from that of what it was added to.
    static SumRows of(const Tensor& derivative, const Tensor& bias, Adjoints& derivatives) {
        return {.from = derivative, .to = derivatives.of(bias), .accumulate = derivatives.holds(bias)};
    }

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.to, verb.accumulate ? Access::update : Access::write);
    }
    bool fits() const { return to.cols() == from.cols() && to.elements() == to.cols() && to.dtype == from.dtype; }

    Parts required() const { return of_elements(needed_rows ? *needed_rows * from.cols() : from.elements()); }
    Parts executed() const { return of_elements(from.elements()); }

    template <class T>
    void naive() const {
        const Matrix<T> sum = matrix_at<T>(to, 0, 0, 0);
        bool begun = accumulate;
        for_each_matrix(from, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> rows = matrix_at<T>(from, b, n, g);
            for (std::int64_t i = 0; i < rows.rows; ++i, begun = true) {
                for (std::int64_t j = 0; j < rows.cols; ++j) sum(0, j) = begun ? sum(0, j) + rows(i, j) : rows(i, j);
            }
        });
    }

private:
    Parts of_elements(std::int64_t elements) const {
        return {{.op = "bias",
                 .role = "",
                 .cost = {.adds = elements - (accumulate ? 0 : to.cols()),
                          .bytes_read = elements * size_in_bytes(from.dtype) + (accumulate ? to.bytes() : 0),
                          .bytes_written = to.bytes()}}};
    }
};

}  // namespace headcount
