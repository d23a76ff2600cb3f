// zero: to = 0: derivatives that are added up and that nobody writes whole; what a layer without heads finds.
#pragma once

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

struct Zero {
    static constexpr std::string_view kName = "zero";
    static constexpr bool kMoves = true;
    Tensor to;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.to, Access::write);
    }
    static bool fits() { return true; }

    /// Nothing depends on what stood there.
    template <class AnyBackend>
    static void vjp(AnyBackend& /*backend*/, std::string_view /*role*/, Workspace& /*scratch*/,
                    Adjoints& /*derivatives*/) {}

    /// Work that a path does, never work that the definition needs.
    static Parts required() { return {{.op = "copy", .role = "", .cost = {}}}; }
    Parts executed() const { return {{.op = "copy", .role = "", .cost = {.bytes_written = to.bytes()}}}; }

    template <class T>
    void naive() const {
        for_each_matrix(to, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> target = matrix_at<T>(to, b, n, g);
            for (std::int64_t i = 0; i < target.rows; ++i) {
                for (std::int64_t j = 0; j < target.cols; ++j) target(i, j) = T{};
            }
        });
    }
};

}  // namespace headcount
