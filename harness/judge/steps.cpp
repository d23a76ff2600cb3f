#include "harness/judge/steps.hpp"

namespace headcount::judge {
namespace {

/// y [m] = a [1, n] b [n, m]
template <class T>
void multiply(const View<T>& a, const View<T>& b, T* y) {
    if (b.col_stride == 1) {
        for (std::int64_t c = 0; c < a.cols; ++c) {
            const T factor = a.value[a.at(0, c)];
            const T* const row = b.value + b.at(c, 0);
            if (c == 0) {
                for (std::int64_t j = 0; j < b.cols; ++j) y[j] = factor * row[j];
            } else {
                for (std::int64_t j = 0; j < b.cols; ++j) y[j] = y[j] + factor * row[j];
            }
        }
        return;
    }
    for (std::int64_t j = 0; j < b.cols && a.cols > 0; ++j) {
        T sum = a.value[a.at(0, 0)] * b.value[b.at(0, j)];
        for (std::int64_t c = 1; c < a.cols; ++c) sum = sum + a.value[a.at(0, c)] * b.value[b.at(c, j)];
        y[j] = sum;
    }
}

}  // namespace

template <class T>
Known<T> Steps<T>::multiplied(const View<T>& a, View<T> b, std::int64_t terms) {
    Known<T> y(a.rows, b.cols, a.rounding);
    if (b.cols == 0) return y;  // a row without keys: there is nothing to point at
    for (std::int64_t i = 0; i < a.rows; ++i) multiply(a.row(i), b, y.value.data() + i * b.cols);
    if constexpr (kBounded<T>) {
        std::vector<double> squares;
        if (b.error == nullptr && b.squares == nullptr && a.error == nullptr) {
            squares = bounds::column_squares(b);
            b.squares = squares.data();
        }
        double* const error = y.with_errors();
        for (std::int64_t i = 0; i < a.rows; ++i) bounds::of_product(a.row(i), b, terms, error + i * b.cols);
        if (bounds::product_moves_together(a, b)) y.together = b.cols;
    }
    return y;
}

template <class T>
Known<T> Steps<T>::projected(const View<T>& x, const View<T>& w, const View<T>& b) {
    Known<T> y = multiplied(x, w, w.rows + 1);
    for (std::int64_t i = 0; i < y.rows && b.rows > 0; ++i) {
        for (std::int64_t j = 0; j < y.cols; ++j) {
            const T bias = b.value[b.at(0, j)];
            const auto at = static_cast<std::size_t>(i * y.cols + j);
            y.value[at] = y.value[at] + bias;
            if constexpr (kBounded<T>) y.error[at] += 2 * y.rounding.unit * std::abs(bias);
        }
    }
    return stored(std::move(y));
}

template <class T>
Known<T> Steps<T>::scaled(const View<T>& x, double factor) {
    return each<T>(
        x, [&](std::int64_t i, std::int64_t j) { return x.value[x.at(i, j)] * static_cast<T>(factor); },
        [&](std::int64_t i, std::int64_t j, double y) {
            return std::abs(factor) * x.total_at(x.at(i, j)) + x.rounding.unit * std::abs(y);
        });
}

template <class T>
Known<T> Steps<T>::sum(const View<T>& a, const View<T>& b) {
    auto result = each<T>(
        a, [&](std::int64_t i, std::int64_t j) { return a.value[a.at(i, j)] + b.value[b.at(i, j)]; },
        [&](std::int64_t i, std::int64_t j, double z) {
            return std::hypot(a.total_at(a.at(i, j)), b.total_at(b.at(i, j))) + a.rounding.unit * std::abs(z);
        });
    result.together = std::max(a.together, b.together);
    return result;
}

template <class T>
Known<T> Steps<T>::softmax(const View<T>& scores) {
    using std::exp;
    Known<T> weights(scores.rows, scores.cols, scores.rounding);
    if constexpr (kBounded<T>) weights.with_errors();
    for (std::int64_t i = 0; i < scores.rows && scores.cols > 0; ++i) {
        const View<T> s = scores.row(i);
        T* const w = weights.value.data() + i * s.cols;
        T peak = s.value[0];
        for (std::int64_t j = 1; j < s.cols; ++j) {
            if (peak < s.value[s.at(0, j)]) peak = s.value[s.at(0, j)];
        }
        for (std::int64_t j = 0; j < s.cols; ++j) w[j] = exp(s.value[s.at(0, j)] - peak);
        T total = w[0];
        for (std::int64_t j = 1; j < s.cols; ++j) total = total + w[j];
        for (std::int64_t j = 0; j < s.cols; ++j) w[j] = w[j] / total;
        if constexpr (kBounded<T>) bounds::of_softmax(s, w, peak, total, weights.error.data() + i * s.cols);
    }
    weights.together = scores.cols;
    return stored(std::move(weights));
}

template <class T>
Known<T> Steps<T>::picked(const View<T>& from, const std::vector<std::int64_t>& rows) {
    Known<T> y(static_cast<std::int64_t>(rows.size()), from.cols, from.rounding);
    y.stored = from.stored;
    y.together = from.together;
    if (from.error != nullptr) y.with_errors();
    std::size_t at = 0;
    for (const std::int64_t row : rows) {
        for (std::int64_t j = 0; j < from.cols; ++j, ++at) {
            y.value[at] = from.value[from.at(row, j)];
            if (from.error != nullptr) y.error[at] = from.error[from.at(row, j)];
        }
    }
    return y;
}

template <class T>
Known<T> Steps<T>::widened(const Known<T>& first, std::int64_t count) {
    Known<T> all = first;
    all.cols = count * first.cols;
    all.value.resize(static_cast<std::size_t>(all.rows * all.cols));
    all.error.resize(first.error.empty() ? 0 : all.value.size());
    place(first, 0, all);
    return all;
}

template <class T>
void Steps<T>::place(const Known<T>& x, std::int64_t first, Known<T>& all) {
    for (std::int64_t i = 0; i < all.rows; ++i) {
        const std::int64_t to = i * all.cols + first;
        std::copy_n(x.value.begin() + i * x.cols, x.cols, all.value.begin() + to);
        if (!all.error.empty()) std::copy_n(x.error.begin() + i * x.cols, x.cols, all.error.begin() + to);
    }
}

template <class T>
void Steps<T>::append(const Known<T>& x, Known<T>& all) {
    all.value.insert(all.value.end(), x.value.begin(), x.value.end());
    all.error.insert(all.error.end(), x.error.begin(), x.error.end());
    all.rows += x.rows;
}

template struct Steps<double>;
template struct Steps<Counted>;
template struct Steps<Dual>;

}  // namespace headcount::judge
