// matmul: c = [scale *] a @ b [+ bias], or added to what c holds, for every leading index.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/sum_rows.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/core/mask.hpp"

namespace headcount {

/// Which operand of a product the mask speaks of: scores = Q K^T has it on its output, context = P V on its left
/// operand, and a derivative dV = P^T dO on what its left operand is the transpose of. A backend may skip masked work;
/// the required ledger never counts it.
enum class Masked : std::uint8_t { nothing, output, left, left_transposed };

/// c = [scale *] a @ b [+ bias] for one matrix, or added to it.
template <class T>
void naive_product(const Matrix<T>& a, const Matrix<T>& b, const Matrix<T>& c, std::optional<double> scale,
                   const std::optional<Tensor>& bias, bool accumulate) {
    if (scale && accumulate) {
        for (std::int64_t i = 0; i < c.rows; ++i) {
            for (std::int64_t j = 0; j < c.cols; ++j) {
                T sum = a(i, 0) * b(0, j);
                for (std::int64_t k = 1; k < a.cols; ++k) sum = sum + a(i, k) * b(k, j);
                c(i, j) = c(i, j) + sum * static_cast<T>(*scale);
            }
        }
        return;
    }
    multiply(a, b, c, accumulate);
    if (scale) scale_all(c, static_cast<T>(*scale));
    if (bias) add_to_rows(c, matrix_at<T>(*bias, 0, 0, 0));
}

/// a [.., m, k], b [.., k, n], c [.., m, n]; a leading extent of 1 in a or b broadcasts.
struct Matmul {
    static constexpr std::string_view kName = "matmul";
    Tensor a, b, c;
    std::optional<double> scale = {};  ///< without, no multiplication is made or counted
    std::optional<Tensor> bias = {};   ///< [1,1,1,1,n], added to every row of c
    Mask mask = {};
    Masked masked = Masked::nothing;
    bool accumulate = false;  ///< c += instead of c =; not with a bias
    bool again = false;       ///< made before and not kept: executed once more, required only once
    /// Rows of c, in all its matrices together, that somebody needs; or the terms of each sum that are not zero because
    /// of padding. What is made of the others is executed and not required.
    std::optional<std::int64_t> needed_rows = {}, needed_terms = {};

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.a, Access::read);
        f(verb.b, Access::read);
        f(verb.c, verb.accumulate ? Access::update : Access::write);
        if (verb.bias) f(*verb.bias, Access::read);
    }
    bool fits() const {
        if (!(broadcasts(a, c) && broadcasts(b, c) && a.rows() == c.rows() && a.cols() == b.rows() &&
              b.cols() == c.cols() && a.cols() > 0)) {
            return false;
        }
        // So that one product has the derivative by b, of whose terms as many are needed.
        if (needed_rows && !(masked == Masked::nothing && b.batch() == 1 && batch_as_rows(a) && batch_as_rows(c)))
            return false;
        if (!bias) return true;
        return bias->cols() == c.cols() && bias->elements() == c.cols() && bias->dtype == c.dtype && !accumulate;
    }

    Parts parts(const OpCost& product, const OpCost& scaling) const {
        Parts all{{.op = "matmul", .role = "", .cost = product}};
        if (scale) all.push_back({.op = "scale", .role = "", .cost = scaling});
        if (bias) {
            const OpCost cost{.adds = c.elements(), .bytes_read = bias->bytes()};
            all.push_back({.op = "bias", .role = "", .cost = cost});
        }
        return all;
    }
    /// Without what padding makes of itself.
    Parts parts_without_padding() const {
        const std::int64_t rows = needed_rows.value_or(c.elements() / c.cols()),
                           terms = needed_terms.value_or(a.cols());
        const std::int64_t made = rows * c.cols(), size = size_in_bytes(c.dtype);
        const std::int64_t read = rows * terms + b.elements() / b.rows() * terms + (accumulate ? made : 0);
        Parts all = parts({.multiplies = made * terms,
                           .adds = made * (terms - (accumulate ? 0 : 1)),
                           .bytes_read = size * read,
                           .bytes_written = size * made},
                          {.multiplies = made});
        if (bias) all.back().cost.adds = made;
        return all;
    }
    /// The exact pairs of a mask.
    Parts required() const {
        if (again) return parts({}, {});
        if (needed_rows || needed_terms) return parts_without_padding();
        OpCost product = dense();
        std::int64_t scaled = c.elements();
        const std::int64_t matrices = c.batch() * c.kv_heads() * c.group();
        if (masked == Masked::output) {
            scaled = matrices * mask.pairs(c.rows(), c.cols());
            product.multiplies = scaled * a.cols();
            product.adds = scaled * (a.cols() - (accumulate ? 0 : 1));
        } else if (masked == Masked::left) {
            const std::int64_t pairs = mask.pairs(a.rows(), a.cols());
            const std::int64_t begun = accumulate ? 0 : mask.live_rows(a.rows(), a.cols());
            product.multiplies = matrices * pairs * c.cols();
            product.adds = matrices * (pairs - begun) * c.cols();
        } else if (masked == Masked::left_transposed) {
            const std::int64_t pairs = mask.pairs(a.cols(), a.rows());
            const std::int64_t begun = accumulate ? 0 : mask.live_keys(a.cols(), a.rows());
            product.multiplies = matrices * pairs * c.cols();
            product.adds = matrices * (pairs - begun) * c.cols();
        }
        return parts(product, {.multiplies = scaled});
    }
    /// Every product of the dense matrices, masked or not.
    Parts executed() const { return parts(dense(), dense_scale()); }
    OpCost dense() const {
        return {.multiplies = c.elements() * a.cols(),
                .adds = c.elements() * (a.cols() - (accumulate ? 0 : 1)),
                .bytes_read = a.bytes() + b.bytes() + (accumulate ? c.bytes() : 0),
                .bytes_written = c.bytes()};
    }
    OpCost dense_scale() const { return {.multiplies = c.elements()}; }

    template <class T>
    void naive() const {
        for_each_matrix(c, [&](std::int64_t i, std::int64_t n, std::int64_t g) {
            naive_product(matrix_at<T>(a, i, n, g), matrix_at<T>(b, i, n, g), matrix_at<T>(c, i, n, g), scale, bias,
                          accumulate);
        });
    }

    /// Where the derivatives by the operands go, in the operands' shapes, and whether they are added to what is there.
    struct Derivatives {
        std::optional<Tensor> a;  ///< nothing: nobody asks for it
        Tensor b;
        bool add_to_a = true, add_to_b = true;
    };
    /// The vector-Jacobian product, itself two products: scale * dc @ b^T and scale * a^T @ dc, summed over what
    /// broadcasts. dc is zero where a mask hides c.
    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, const Tensor& dc, const Derivatives& into) const {
        // dc is zero where the output is masked; where the left operand is, its derivative is not asked for.
        Masked of_a = Masked::nothing;
        if (masked == Masked::output) of_a = Masked::left;
        if (masked == Masked::left) of_a = Masked::output;
        if (into.a) {
            add_up(backend, role, dc,
                   Matmul{.a = dc,
                          .b = b.transposed(),
                          .c = *into.a,
                          .scale = scale,
                          .mask = mask,
                          .masked = of_a,
                          .needed_rows = needed_rows},
                   into.add_to_a);
        }
        const std::optional<Tensor> a_rows = batch_as_rows(a), dc_rows = batch_as_rows(dc);
        if (masked == Masked::nothing && into.b.batch() == 1 && a.batch() == dc.batch() && a_rows && dc_rows) {
            // What every entry of the batch is multiplied by: one product sums over all of them.
            by_right(backend, role, *a_rows, *dc_rows, into);
        } else {
            by_right(backend, role, a, dc, into);
        }
    }
    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        const Tensor dc = derivatives.of(c);
        if (bias) {
            SumRows sum = SumRows::of(dc, *bias, derivatives);
            sum.needed_rows = needed_rows;
            backend.run(role, sum);
        }
        Derivatives into{.a = {}, .b = derivatives.of(b)};
        if (derivatives.wants(a)) {
            into.a = derivatives.of(a);
            into.add_to_a = derivatives.holds(a);
        }
        into.add_to_b = derivatives.holds(b);
        vjp(backend, role, dc, into);
    }

private:
    /// The derivative of b or of its transpose: of masked scores the one whose left operand has the mask; otherwise the
    /// one whose columns are neighbours.
    template <class AnyBackend>
    void by_right(AnyBackend& backend, std::string_view role, const Tensor& left, const Tensor& dc,
                  const Derivatives& into) const {
        Matmul of_b{.a = left.transposed(), .b = dc, .c = into.b, .scale = scale, .mask = mask};
        of_b.needed_terms = needed_rows;
        if (masked == Masked::left) of_b.masked = Masked::left_transposed;
        if (masked == Masked::output || (masked == Masked::nothing && into.b.stride[4] != 1)) {
            of_b.a = dc.transposed();
            of_b.b = left;
            of_b.c = into.b.transposed();
            if (masked == Masked::output) of_b.masked = Masked::left_transposed;
        }
        add_up(backend, role, dc, of_b, into.add_to_b);
    }
    /// c = a @ b, or c += a @ b: one product, or one for each leading index of `dc` where c is their sum.
    template <class AnyBackend>
    static void add_up(AnyBackend& backend, std::string_view role, const Tensor& dc, Matmul product, bool add) {
        product.accumulate = add;
        if (std::equal(dc.extent.begin(), dc.extent.begin() + 3, product.c.extent.begin())) {
            backend.run(role, product);
            return;
        }
        for_each_matrix(dc, [&](std::int64_t i, std::int64_t n, std::int64_t g) {
            Matmul one = product;
            for (Tensor* t : {&one.a, &one.b, &one.c}) *t = t->matrix(i, n, g);
            one.accumulate = add || !first_at(product.c, i, n, g);
            backend.run(role, one);
        });
    }
};

}  // namespace headcount
