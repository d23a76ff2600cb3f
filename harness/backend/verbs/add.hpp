// add: to = to + from, what a residual stream does.
#pragma once

#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

struct Add {
    static constexpr std::string_view kName = "add";
    Tensor from;  ///< a leading extent of 1 broadcasts
    Tensor to;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.to, Access::update);
    }
    bool fits() const { return broadcasts(from, to) && from.rows() == to.rows() && from.cols() == to.cols(); }

    Parts required() const {
        return {
            {.op = "add",
             .role = "",
             .cost = {.adds = to.elements(), .bytes_read = from.bytes() + to.bytes(), .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        for_each_matrix(to, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> source = matrix_at<T>(from, b, n, g);
            const Matrix<T> target = matrix_at<T>(to, b, n, g);
            for (std::int64_t i = 0; i < target.rows; ++i) {
                for (std::int64_t j = 0; j < target.cols; ++j) target(i, j) = target(i, j) + source(i, j);
            }
        });
    }
};

}  // namespace headcount
