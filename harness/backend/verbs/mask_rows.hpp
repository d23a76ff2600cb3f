// mask_rows: what a mask hides becomes zero, in place.
#pragma once

#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

struct MaskRows {
    static constexpr std::string_view kName = "mask_rows";
    static constexpr bool kMoves = true;
    Mask mask;
    Tensor scores;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.scores, Access::update);
    }
    static bool fits() { return true; }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, MaskRows{.mask = mask, .scores = derivatives.of(scores)});
    }

    /// Hidden scores exist only where all pairs are computed: work that a path does, never work that is needed.
    static Parts required() { return {{.op = "copy", .role = "", .cost = {}}}; }
    Parts executed() const {
        const std::int64_t matrices = scores.elements() / (scores.rows() * scores.cols());
        const std::int64_t hidden = scores.elements() - matrices * mask.pairs(scores.rows(), scores.cols());
        return {{.op = "copy", .role = "", .cost = {.bytes_written = hidden * size_in_bytes(scores.dtype)}}};
    }

    template <class T>
    void naive() const {
        for_each_matrix(scores, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> m = matrix_at<T>(scores, b, n, g);
            for (std::int64_t i = 0; i < m.rows; ++i) {
                const Keys keys = mask.keys(i, m.rows, m.cols);
                for (std::int64_t j = keys.sink; j < keys.first; ++j) m(i, j) = T{};
                for (std::int64_t j = keys.last; j < m.cols; ++j) m(i, j) = T{};
            }
        });
    }
};

}  // namespace headcount
