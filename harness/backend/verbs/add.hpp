// add: to = to + from, what a residual stream does.
#pragma once

#include <string>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/copy.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/error.hpp"

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

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        // That by `to` is the same before and after.
        pass_on(backend, role, derivatives.of(to), from, derivatives);
    }
    /// Adds the derivative by a copy of `x` to that by x, or copies it where that by x has nothing yet.
    template <class AnyBackend>
    static void pass_on(AnyBackend& backend, std::string_view role, const Tensor& derivative, const Tensor& x,
                        Adjoints& derivatives) {
        if (!derivatives.wants(x)) return;
        if (x.extent != derivative.extent)
            throw Error("'" + std::string(role) +
                        "': the derivative of what broadcasts is a sum, which is not written");
        const Tensor into = derivatives.of(x);
        if (derivatives.holds(x)) {
            backend.run(role, Add{.from = derivative, .to = into});
        } else {
            backend.run(role, Copy{.from = derivative, .to = into});
        }
    }

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
