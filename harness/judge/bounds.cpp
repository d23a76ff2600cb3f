#include "harness/judge/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace headcount::judge::bounds {
namespace {

// A dot product breaks the bound with probability below 2 exp(-lambda^2 / 2) = 3e-8, and that already under
// worst-case rounding errors of every addition.
constexpr double kLambda = 6;

// Relative roundings of one softmax weight besides its sum: scale, exp (up to 4 ulp), division, rescaling.
constexpr double kWeightRoundings = 12;

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

double dot_error(std::int64_t terms, const Rounding& rounding) {
    return kLambda * std::sqrt(static_cast<double>(terms)) * rounding.unit;
}

/// Calls f(stride) with the stride of b's columns, as a constant when they lie side by side: such loops are fast.
template <class F>
void along_columns(const View<double>& b, const F& f) {
    if (b.col_stride == 1) {
        f(std::integral_constant<std::int64_t, 1>{});
    } else {
        f(b.col_stride);
    }
}

/// sums[j] += factor b[row, j]^2
void add_squares(const View<double>& b, std::int64_t row, double factor, double* sums) {
    const double* const values = b.value + b.at(row, 0);
    along_columns(b, [&](auto stride) {
        for (std::int64_t j = 0; j < b.cols; ++j) sums[j] += factor * values[j * stride] * values[j * stride];
    });
}

/// sums[j] += factor e^2, where e is how far b[row, j] may be off
void add_error_squares(const View<double>& b, std::int64_t row, double factor, double* sums) {
    if (b.error == nullptr) return;
    const double* const values = b.value + b.at(row, 0);
    const double* const errors = b.error + b.at(row, 0);
    const Rounding rounding = b.stored ? b.rounding : Rounding{};
    along_columns(b, [&](auto stride) {
        for (std::int64_t j = 0; j < b.cols; ++j) {
            const double before = errors[j * stride];
            const double e = before + rounding.of_storing(values[j * stride], before);
            sums[j] += factor * e * e;
        }
    });
}

void of_independent(const View<double>& a, const View<double>& b, double dot, double* error) {
    const std::int64_t n = a.cols;
    double norm = 0;
    for (std::int64_t c = 0; c < n; ++c) norm += a.value[a.at(0, c)] * a.value[a.at(0, c)];
    std::fill_n(error, b.cols, 0.0);
    if (b.squares != nullptr && a.error == nullptr) {
        for (std::int64_t j = 0; j < b.cols; ++j) error[j] = dot * std::sqrt(norm * b.squares[j]);
        return;
    }
    std::vector<double> rounding(index(n)), of_b(index(n));
    for (std::int64_t c = 0; c < n; ++c) {
        const double value = a.value[a.at(0, c)];
        const double inherited = a.total_at(a.at(0, c));
        rounding[index(c)] = dot * dot * norm + inherited * inherited;
        of_b[index(c)] = value * value;
    }
    if (b.col_stride == 1) {
        for (std::int64_t c = 0; c < n; ++c) {
            add_squares(b, c, rounding[index(c)], error);
            add_error_squares(b, c, of_b[index(c)], error);
        }
    } else {
        for (std::int64_t j = 0; j < b.cols; ++j) {
            for (std::int64_t c = 0; c < n; ++c) {
                const std::int64_t at = b.at(c, j);
                const double e = b.total_at(at);
                error[j] += rounding[index(c)] * b.value[at] * b.value[at] + of_b[index(c)] * e * e;
            }
        }
    }
    for (std::int64_t j = 0; j < b.cols; ++j) error[j] = std::sqrt(error[j]);
}

/// What the columns [first, first + count) of a do to the product, all in one direction; added to `squares`, squared.
void add_group(const View<double>& a, const View<double>& b, std::int64_t first, std::int64_t count, double dot,
               double* squares) {
    const bool rounds = a.stored && a.rounding.storage > 0;
    std::vector<double> inherited(index(b.cols)), rounded(rounds ? index(b.cols) : 0), spread(rounded.size());
    for (std::int64_t c = first; c < first + count; ++c) {
        const double size = std::abs(a.value[a.at(0, c)]);
        const double error = a.error_at(a.at(0, c)) + dot * size;
        const double* const values = b.value + b.at(c, 0);
        along_columns(b, [&](auto stride) {
            for (std::int64_t j = 0; j < b.cols; ++j) inherited[index(j)] += error * std::abs(values[j * stride]);
        });
        if (b.together > 0) {
            for (std::int64_t j = 0; j < b.cols; ++j) inherited[index(j)] += size * b.total_at(b.at(c, j));
        }
        if (!rounds) continue;
        const double storing = a.rounding_at(a.at(0, c));
        along_columns(b, [&](auto stride) {
            for (std::int64_t j = 0; j < b.cols; ++j) {
                const double rounding = storing * std::abs(values[j * stride]);
                rounded[index(j)] += rounding;
                spread[index(j)] += rounding * rounding;
            }
        });
    }
    for (std::int64_t j = 0; j < b.cols; ++j) {
        double sum = inherited[index(j)];
        if (rounds) sum += std::min(rounded[index(j)], kLambda * std::sqrt(spread[index(j)]));
        squares[j] += sum * sum;
    }
}

}  // namespace

double of_adding(std::int64_t terms, const Rounding& rounding) { return dot_error(terms, rounding); }

bool product_moves_together(const View<double>& a, const View<double>& b) {
    // In f32 every bound has lambda's room, and the quadrature of such bounds holds even for neighbours. A limit of
    // 2^-8 has none.
    return a.rounding.storage > 0 && (a.together > 0 || b.together > 0);
}

std::vector<double> column_squares(const View<double>& b) {
    std::vector<double> sums(index(b.cols));
    for (std::int64_t row = 0; row < b.rows; ++row) add_squares(b, row, 1, sums.data());
    return sums;
}

void of_product(const View<double>& a, const View<double>& b, std::int64_t terms, double* error) {
    const double dot = dot_error(terms, a.rounding);
    if (a.together == 0 && b.together == 0) {
        of_independent(a, b, dot, error);
        return;
    }
    const std::int64_t group = a.together > 0 ? a.together : a.cols;
    std::vector<double> moved(index(b.cols)), independent(index(b.cols));
    for (std::int64_t first = 0; first < a.cols; first += group) {
        add_group(a, b, first, std::min(group, a.cols - first), dot, moved.data());
    }
    for (std::int64_t c = 0; c < a.cols && b.together == 0; ++c) {
        const double value = a.value[a.at(0, c)];
        add_error_squares(b, c, value * value, independent.data());
    }
    for (std::int64_t j = 0; j < b.cols; ++j) {
        error[j] = std::sqrt(moved[index(j)]) + std::sqrt(independent[index(j)]);
    }
}

void of_softmax(const View<double>& scores, const double* weights, double peak, double sum, double* error) {
    const Rounding& rounding = scores.rounding;
    double mean = 0;
    for (std::int64_t j = 0; j < scores.cols; ++j) {
        const std::int64_t at = scores.at(0, j);
        const double s = scores.value[at];
        // The subtraction of the maximum rounds the difference; a fused kernel rounds both before it subtracts.
        error[j] = scores.total_at(at) + rounding.unit * (2 * std::abs(s) + std::abs(peak) + (peak - s));
        mean += weights[j] * error[j];
    }
    const double sum_error = dot_error(scores.cols, rounding) + kWeightRoundings * rounding.unit;
    const double log_sum = std::log(sum);
    for (std::int64_t j = 0; j < scores.cols; ++j) {
        // d log weight = d score - mean of d score; from the logarithm, because a weight that underflows here may
        // not there. No weight exceeds 1.
        const double log_weight = scores.value[scores.at(0, j)] - peak - log_sum;
        const double log_error = error[j] + mean;
        const double raised = std::exp(std::min(log_weight + log_error, 0.0)) - weights[j];
        const double lowered = weights[j] - std::exp(log_weight - log_error);
        error[j] = std::max({raised, lowered, 0.0}) + weights[j] * sum_error + rounding.tiny;
    }
}

}  // namespace headcount::judge::bounds
