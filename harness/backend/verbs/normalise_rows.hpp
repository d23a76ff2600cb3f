// normalise_rows: every row divided by the product of its query's features with the sum of its keys' features, in
// place.
#pragma once

#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

/// What NormaliseRows and its derivative have in common.
struct RowNormaliser {
    Tensor q;                    ///< [batch, kv_head, group, r, d]
    Tensor z;                    ///< [batch, kv_head, 1, r or 1, d]
    std::int64_t dead_rows = 0;  ///< the first rows, which see no key
    double epsilon = 1e-6;

    bool fits(const Tensor& values) const {
        return z.extent[0] == q.extent[0] && z.extent[1] == q.extent[1] && z.group() == 1 && z.cols() == q.cols() &&
               (z.rows() == q.rows() || (z.rows() == 1 && dead_rows == 0)) && values.extent[0] == q.extent[0] &&
               values.extent[1] == q.extent[1] && values.extent[2] == q.extent[2] && values.rows() == q.rows() &&
               values.dtype == q.dtype && z.dtype == q.dtype;
    }
    std::int64_t live_rows() const { return q.batch() * q.kv_heads() * q.group() * (q.rows() - dead_rows); }
    std::int64_t row_of_z(std::int64_t i) const { return z.rows() == 1 ? 0 : i; }

    template <class T>
    T divisor(const Matrix<T>& queries, const Matrix<T>& sums, std::int64_t i) const {
        T sum = queries(i, 0) * sums(row_of_z(i), 0);
        for (std::int64_t a = 1; a < queries.cols; ++a) sum = sum + queries(i, a) * sums(row_of_z(i), a);
        return sum + static_cast<T>(epsilon);
    }
};

/// With w_i what NormaliseRows made and c_i its divisor:
///   d_i becomes d_i / c_i;  s_i = -sum_j d_ij w_ij with these;  d_q_i = s_i z_i;  d_z_i = s_i q_i, over all that share
///   z
/// The last two are added to what is there where it says so.
struct NormaliseRowsVjp {
    static constexpr std::string_view kName = "normalise_rows_vjp";
    RowNormaliser by;
    Tensor values;
    Tensor d_to, d_from, d_q, d_z;
    bool add_to_from = false, add_to_q = false, add_to_z = false;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        const auto access = [](bool add) { return add ? Access::update : Access::write; };
        f(verb.by.q, Access::read);
        f(verb.by.z, Access::read);
        f(verb.values, Access::read);
        f(verb.d_to, Access::read);
        f(verb.d_from, access(verb.add_to_from));
        f(verb.d_q, access(verb.add_to_q));
        f(verb.d_z, access(verb.add_to_z));
    }
    bool fits() const {
        return by.fits(values) && d_to.extent == values.extent && d_from.extent == values.extent &&
               d_q.extent == by.q.extent && d_z.extent == by.z.extent;
    }

    Parts required() const {
        const std::int64_t rows = by.live_rows(), d = by.q.cols(), n = values.cols();
        const std::int64_t of_z = by.z.rows() == 1 ? 1 : by.z.rows() - by.dead_rows;
        const std::int64_t begun = add_to_z ? 0 : by.z.batch() * by.z.kv_heads() * of_z;
        return {{.op = "normalise",
                 .role = "",
                 .cost = {.multiplies = rows * (3 * d + n),
                          .adds = rows * (d + n + (add_to_q ? d : 0) + (add_to_from ? n : 0)) + (rows - begun) * d,
                          .divides = rows * n,
                          .bytes_read = by.q.bytes() + by.z.bytes() + values.bytes() + d_to.bytes() +
                                        (add_to_from ? d_from.bytes() : 0) + (add_to_q ? d_q.bytes() : 0) +
                                        (add_to_z ? d_z.bytes() : 0),
                          .bytes_written = d_from.bytes() + d_q.bytes() + d_z.bytes()}}};
    }

    template <class T>
    void naive() const {
        for_each_matrix(values, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> q = matrix_at<T>(by.q, b, n, g), z = matrix_at<T>(by.z, b, n, g);
            const Matrix<T> dq = matrix_at<T>(d_q, b, n, g), dz = matrix_at<T>(d_z, b, n, g);
            const Matrix<T> w = matrix_at<T>(values, b, n, g), dy = matrix_at<T>(d_to, b, n, g),
                            dx = matrix_at<T>(d_from, b, n, g);
            for (std::int64_t i = 0; i < w.rows; ++i) {
                T slope{};
                if (i >= by.dead_rows) {
                    slope = row_naive(w.row_range(i, 1), dy.row_range(i, 1), dx.row_range(i, 1), by.divisor(q, z, i));
                } else {
                    for (std::int64_t j = 0; j < dx.cols && !add_to_from; ++j) dx(i, j) = T{};
                }
                const std::int64_t of_z = by.row_of_z(i);
                const bool add = add_to_z || g > 0 || (z.rows == 1 && i > 0);
                put(dq.row_range(i, 1), slope, z.row_range(of_z, 1), add_to_q, i >= by.dead_rows);
                put(dz.row_range(of_z, 1), slope, q.row_range(i, 1), add, i >= by.dead_rows);
            }
        });
    }

private:
    template <class T>
    T row_naive(const Matrix<T>& w, const Matrix<T>& dy, const Matrix<T>& dx, const T& divisor) const {
        T sum{};
        for (std::int64_t j = 0; j < w.cols; ++j) {
            const T derivative = dy(0, j) / divisor;
            dx(0, j) = add_to_from ? dx(0, j) + derivative : derivative;
            const T term = derivative * w(0, j);
            sum = j == 0 ? term : sum + term;
        }
        return T{} - sum;
    }
    template <class T>
    static void put(const Matrix<T>& y, const T& slope, const Matrix<T>& x, bool add, bool live) {
        for (std::int64_t a = 0; a < y.cols; ++a) {
            if (live) {
                y(0, a) = add ? y(0, a) + slope * x(0, a) : slope * x(0, a);
            } else if (!add) {
                y(0, a) = T{};
            }
        }
    }
};

/// to_i = from_i / (q_i z_i + epsilon). Rows that see no key become zero, whatever they were. Without epsilon a
/// query whose features are orthogonal to those of all its keys would divide by zero.
struct NormaliseRows {
    static constexpr std::string_view kName = "normalise_rows";
    RowNormaliser by;
    Tensor from, to;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.by.q, Access::read);
        f(verb.by.z, Access::read);
        f(verb.from, Access::read);
        f(verb.to, Access::write);
    }
    bool fits() const { return by.fits(to) && from.extent == to.extent; }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, NormaliseRowsVjp{.by = by,
                                           .values = to,
                                           .d_to = derivatives.of(to),
                                           .d_from = derivatives.of(from),
                                           .d_q = derivatives.of(by.q),
                                           .d_z = derivatives.of(by.z),
                                           .add_to_from = derivatives.holds(from),
                                           .add_to_q = derivatives.holds(by.q),
                                           .add_to_z = derivatives.holds(by.z)});
    }

    Parts required() const {
        const std::int64_t rows = by.live_rows();
        return {{.op = "normalise",
                 .role = "",
                 .cost = {.multiplies = rows * by.q.cols(),
                          .adds = rows * by.q.cols(),
                          .divides = rows * to.cols(),
                          .bytes_read = by.q.bytes() + by.z.bytes() + from.bytes(),
                          .bytes_written = to.bytes()}}};
    }

    template <class T>
    void naive() const {
        for_each_matrix(to, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> q = matrix_at<T>(by.q, b, n, g), z = matrix_at<T>(by.z, b, n, g);
            const Matrix<T> x = matrix_at<T>(from, b, n, g), y = matrix_at<T>(to, b, n, g);
            for (std::int64_t i = 0; i < y.rows; ++i) {
                if (i < by.dead_rows) {
                    for (std::int64_t j = 0; j < y.cols; ++j) y(i, j) = T{};
                    continue;
                }
                const T divisor = by.divisor(q, z, i);
                for (std::int64_t j = 0; j < y.cols; ++j) y(i, j) = x(i, j) / divisor;
            }
        });
    }
};

}  // namespace headcount
