// copy: to = from, a layout change.
#pragma once

#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

struct Add;

struct Copy {
    static constexpr std::string_view kName = "copy";
    static constexpr bool kMoves = true;
    Tensor from, to;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.to, Access::write);
    }
    bool fits() const { return from.extent == to.extent && from.dtype == to.dtype; }

    template <class AnyBackend, class Sum = Add>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        Sum::pass_on(backend, role, derivatives.of(to), from, derivatives);
    }

    /// A layout change is work that a path does, never work that the definition needs.
    Parts required() const { return {{.op = "copy", .role = "", .cost = {}}}; }
    Parts executed() const {
        return {{.op = "copy", .role = "", .cost = {.bytes_read = from.bytes(), .bytes_written = from.bytes()}}};
    }

    template <class T>
    void naive() const {
        for_each_matrix(to, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> source = matrix_at<T>(from, b, n, g);
            const Matrix<T> target = matrix_at<T>(to, b, n, g);
            for (std::int64_t i = 0; i < target.rows; ++i) {
                for (std::int64_t j = 0; j < target.cols; ++j) target(i, j) = source(i, j);
            }
        });
    }
};

}  // namespace headcount
