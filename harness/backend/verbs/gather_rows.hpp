// gather_rows: rows of a table by their numbers, what an embedding of tokens does.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/storage.hpp"

namespace headcount {

/// The number that an element of `ids` holds.
template <class T>
std::int64_t id_at(const Matrix<T>& ids, std::int64_t row) {
    return static_cast<std::int64_t>(value_of(ids(row, 0)));
}

/// d_table = 0 but for the rows that were gathered, which have the sums of their d_to; or these are added to it.
struct GatherRowsVjp {
    static constexpr std::string_view kName = "gather_rows_vjp";
    Tensor ids, d_to, d_table;
    bool accumulate = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.ids, Access::read);
        f(verb.d_to, Access::read);
        f(verb.d_table, verb.accumulate ? Access::update : Access::write);
    }
    bool fits() const { return ids.rows() == d_to.rows() && d_to.cols() == d_table.cols(); }

    Parts required() const {
        return {{.op = "embedding",
                 .role = "",
                 .cost = {.adds = d_to.elements(),
                          .bytes_read = ids.bytes() + d_to.bytes() + (accumulate ? d_table.bytes() : 0),
                          .bytes_written = d_table.bytes()}}};
    }

    template <class T>
    void naive() const {
        const Matrix<T> table = matrix_at<T>(d_table, 0, 0, 0);
        if (!accumulate) {
            for_each_element<T>([](T& x) { x = T{}; }, d_table);
        }
        for_each_matrix(d_to, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> which = matrix_at<T>(ids, b, n, g), from = matrix_at<T>(d_to, b, n, g);
            for (std::int64_t i = 0; i < from.rows; ++i) {
                const std::int64_t row = id_at(which, i);
                for (std::int64_t j = 0; j < from.cols; ++j) table(row, j) = table(row, j) + from(i, j);
            }
        });
    }
};

/// to[i] = table[ids[i]]. Numbers are stored in the dtype of the rest, which holds them exactly up to 2^24 (f32).
struct GatherRows {
    static constexpr std::string_view kName = "gather_rows";
    Tensor table;  ///< [1, 1, 1, rows, cols]
    Tensor ids;    ///< [.., n, 1], whole numbers below table.rows(); a leading extent of 1 broadcasts
    Tensor to;     ///< [.., n, cols]

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.table, Access::read);
        f(verb.ids, Access::read);
        f(verb.to, Access::write);
    }
    bool fits() const {
        return broadcasts(ids, to) && ids.rows() == to.rows() && ids.cols() == 1 && table.cols() == to.cols() &&
               table.elements() == table.rows() * table.cols();
    }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, GatherRowsVjp{.ids = ids,
                                        .d_to = derivatives.of(to),
                                        .d_table = derivatives.of(table),
                                        .accumulate = derivatives.holds(table)});
    }

    Parts required() const {
        return {{.op = "embedding",
                 .role = "",
                 .cost = {.bytes_read = ids.bytes() + to.bytes(), .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        const Matrix<T> rows = matrix_at<T>(table, 0, 0, 0);
        for_each_matrix(to, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> which = matrix_at<T>(ids, b, n, g), into = matrix_at<T>(to, b, n, g);
            for (std::int64_t i = 0; i < into.rows; ++i) {
                const std::int64_t row = id_at(which, i);
                for (std::int64_t j = 0; j < into.cols; ++j) into(i, j) = rows(row, j);
            }
        });
    }
};

}  // namespace headcount
