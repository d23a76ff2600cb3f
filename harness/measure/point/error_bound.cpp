#include "harness/measure/point/error_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace headcount {
namespace {

// A dot product breaks the bound with probability below 2 exp(-lambda^2 / 2) = 3e-8, and that already under
// worst-case rounding errors of every addition.
constexpr double kLambda = 6;

// Relative roundings of one softmax weight besides its sum: scale, exp (up to 4 ulp), division, rescaling.
constexpr double kWeightRoundings = 12;

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

double norm(const double* x, std::int64_t n) {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += x[i] * x[i];
    return std::sqrt(sum);
}

/// 2-norm of every column of w [rows, heads * width], over the rows that its head reads.
std::vector<double> column_norms(const ReferenceData<double>& data, const std::vector<double>& w, std::int64_t heads,
                                 std::int64_t width) {
    std::vector<double> norms(index(heads * width));
    for (std::int64_t h = 0; h < heads && !w.empty(); ++h) {
        const Slice rows = slice_of(data.function, data.problem.embed_dim, h, heads);
        for (std::int64_t e = rows.first; e < rows.first + rows.count; ++e) {
            for (std::int64_t c = h * width; c < (h + 1) * width; ++c) {
                const double x = w[index(e * heads * width + c)];
                norms[index(c)] += x * x;
            }
        }
    }
    for (double& n : norms) n = std::sqrt(n);
    return norms;
}

}  // namespace

ErrorBound::ErrorBound(const ReferenceData<double>& data, bool stores_scores)
    : data_(&data),
      // The reference rounds too.
      unit_((accumulator_of(data.problem.dtype) == DType::f32 ? 0x1p-24 : 0x1p-53) + 0x1p-53),
      storage_(data.problem.dtype == DType::bf16 ? 0x1p-8 : 0),
      tiny_(accumulator_of(data.problem.dtype) == DType::f32 ? static_cast<double>(std::numeric_limits<float>::min())
                                                             : std::numeric_limits<double>::min()),
      stores_scores_(stores_scores) {
    const Problem& p = data.problem;
    wq_norms_ = column_norms(data, data.wq, p.num_heads, p.head_dim);
    wk_norms_ = column_norms(data, data.wk, p.num_kv_heads, p.head_dim);
    wv_norms_ = column_norms(data, data.wv, p.num_kv_heads, p.value_head_dim);
}

double ErrorBound::dot_error(std::int64_t terms) const {
    return kLambda * std::sqrt(static_cast<double>(terms)) * unit_;
}

double ErrorBound::stored(double value, double error) const {
    // Numbers below the smallest normal one may be stored as zero.
    return storage_ == 0 ? error : error + storage_ * (std::abs(value) + error) + tiny_;
}

std::vector<double> ErrorBound::projection_errors(const double* x, const double* y, std::int64_t heads,
                                                  std::int64_t width, const std::vector<double>& w_norms,
                                                  const std::vector<double>& bias) const {
    std::vector<double> errors(index(heads * width));
    for (std::int64_t h = 0; h < heads; ++h) {
        const Slice rows = slice_of(data_->function, data_->problem.embed_dim, h, heads);
        const double x_norm = norm(x + rows.first, rows.count);
        for (std::int64_t c = h * width; c < (h + 1) * width; ++c) {
            errors[index(c)] = dot_error(rows.count + 1) * x_norm * w_norms[index(c)];
            if (!bias.empty()) errors[index(c)] += 2 * unit_ * std::abs(bias[index(c)]);
            errors[index(c)] = stored(y[c], errors[index(c)]);
        }
    }
    return errors;
}

ReferenceKeys<double> ErrorBound::of_keys(const ReferenceKeys<double>& keys, std::int64_t batch) const {
    const Problem& p = data_->problem;
    ReferenceKeys<double> errors;
    if (p.scope == Scope::core) return errors;
    for (std::int64_t j = 0; j < p.kv_len; ++j) {
        const double* const x = data_->x_kv.data() + (batch * p.kv_len + j) * p.embed_dim;
        const auto k =
            projection_errors(x, keys.k.data() + j * p.key_width(), p.num_kv_heads, p.head_dim, wk_norms_, data_->bk);
        const auto v = projection_errors(x, keys.v.data() + j * p.value_width(), p.num_kv_heads, p.value_head_dim,
                                         wv_norms_, data_->bv);
        errors.k.insert(errors.k.end(), k.begin(), k.end());
        errors.v.insert(errors.v.end(), v.begin(), v.end());
    }
    return errors;
}

std::vector<double> ErrorBound::score_errors(const ReferenceKeys<double>& keys, const ReferenceKeys<double>& key_errors,
                                             const ReferenceRow<double>& row, const std::vector<double>& q_errors,
                                             std::int64_t head) const {
    const Problem& p = data_->problem;
    const double* const q = row.q.data() + head * p.head_dim;
    const double* const s = row.scores.data() + head * row.visible;
    const double peak = *std::max_element(s, s + row.visible);
    const double q_norm = norm(q, p.head_dim);
    const std::int64_t column = head / p.group() * p.head_dim;
    std::vector<double> errors(index(row.visible));
    for (std::int64_t j = 0; j < row.visible; ++j) {
        const double* const k = keys.k.data() + j * p.key_width() + column;
        double variance = std::pow(dot_error(p.head_dim) * q_norm * norm(k, p.head_dim), 2);
        for (std::int64_t c = 0; c < p.head_dim && !q_errors.empty(); ++c) {
            variance += std::pow(q_errors[index(head * p.head_dim + c)] * k[c], 2);
            variance += std::pow(q[c] * key_errors.k[index(j * p.key_width() + column + c)], 2);
        }
        // Scaling rounds the score, the subtraction of the maximum rounds the difference.
        errors[index(j)] =
            p.scale() * std::sqrt(variance) + unit_ * (3 * std::abs(s[j]) + std::abs(peak) + (peak - s[j]));
        if (stores_scores_) errors[index(j)] = stored(s[j], errors[index(j)]);
    }
    return errors;
}

void ErrorBound::context_errors(const ReferenceKeys<double>& keys, const ReferenceKeys<double>& key_errors,
                                const ReferenceRow<double>& row, const std::vector<double>& score_errors,
                                std::int64_t head, double* errors) const {
    const Problem& p = data_->problem;
    const double* const w = row.weights.data() + head * row.visible;
    const std::int64_t column = head / p.group() * p.value_head_dim;
    const double* const s = row.scores.data() + head * row.visible;
    const double peak = *std::max_element(s, s + row.visible);
    double sum = 0;
    for (std::int64_t j = 0; j < row.visible; ++j) sum += std::exp(s[j] - peak);
    double mean_score_error = 0;
    for (std::int64_t j = 0; j < row.visible; ++j) mean_score_error += w[j] * score_errors[index(j)];
    const double sum_error = 2 * dot_error(row.visible) + kWeightRoundings * unit_;
    std::vector<double> variances(index(p.value_head_dim));
    std::vector<double> rounded(index(p.value_head_dim)), squares(index(p.value_head_dim));
    for (std::int64_t j = 0; j < row.visible; ++j) {
        // d log weight = d score - mean of d score; from the logarithm, because a weight that underflows here may
        // not there. No weight exceeds 1.
        const double log_weight = s[j] - peak - std::log(sum);
        const double log_error = score_errors[index(j)] + mean_score_error;
        const double raised = std::exp(std::min(log_weight + log_error, 0.0)) - w[j];
        const double lowered = w[j] - std::exp(log_weight - log_error);
        const double weight_error = std::max({raised, lowered, 0.0}) + w[j] * sum_error + tiny_;
        for (std::int64_t c = 0; c < p.value_head_dim; ++c) {
            const std::size_t at = index(j * p.value_width() + column + c);
            errors[c] += weight_error * std::abs(keys.v[at]);
            if (!key_errors.v.empty()) variances[index(c)] += std::pow(w[j] * key_errors.v[at], 2);
            const double rounding = storage_ * (w[j] + weight_error) * std::abs(keys.v[at]);
            rounded[index(c)] += rounding;
            squares[index(c)] += rounding * rounding;
        }
    }
    for (std::int64_t c = 0; c < p.value_head_dim; ++c) {
        // Weights round independently of each other, so the bound on a sum of many is that of dot products.
        errors[c] +=
            std::sqrt(variances[index(c)]) + std::min(rounded[index(c)], kLambda * std::sqrt(squares[index(c)]));
        errors[c] = stored(row.context[index(head * p.value_head_dim + c)], errors[c]);
    }
}

std::vector<double> ErrorBound::output_errors(const ReferenceRow<double>& row,
                                              const std::vector<double>& context_errors) const {
    const Problem& p = data_->problem;
    std::vector<double> errors(index(p.embed_dim));
    const std::int64_t outputs = data_->function == Function::attention ? 1 : p.num_heads;
    const std::int64_t rows = p.context_width() / outputs;
    const std::int64_t cols = p.embed_dim / outputs;
    for (std::int64_t h = 0; h < outputs; ++h) {
        const double context_norm = norm(row.context.data() + h * rows, rows);
        for (std::int64_t c = h * cols; c < (h + 1) * cols; ++c) {
            double inherited = 0;  // squared
            double of_head = 0;
            double w_norm = 0;
            for (std::int64_t e = h * rows; e < (h + 1) * rows; ++e) {
                const double w = data_->wo[index(e * p.embed_dim + c)];
                const double error = context_errors[index(e)] * std::abs(w);
                of_head += error;
                w_norm += w * w;
                if (storage_ == 0) {
                    inherited += error * error;
                } else if ((e + 1) % p.value_head_dim == 0) {
                    // What stored queries and keys do to a head's weights moves its whole context one way.
                    inherited += of_head * of_head;
                    of_head = 0;
                }
            }
            errors[index(c)] = std::sqrt(inherited) + dot_error(rows + 1) * context_norm * std::sqrt(w_norm);
            if (!data_->bo.empty()) errors[index(c)] += 2 * unit_ * std::abs(data_->bo[index(c)]);
            errors[index(c)] = stored(row.out[index(c)], errors[index(c)]);
        }
    }
    return errors;
}

std::vector<double> ErrorBound::of_row(const ReferenceKeys<double>& keys, const ReferenceKeys<double>& key_errors,
                                       const ReferenceRow<double>& row, std::int64_t batch,
                                       std::int64_t row_index) const {
    const Problem& p = data_->problem;
    std::vector<double> q_errors;
    if (p.scope == Scope::layer) {
        const double* const x = data_->x_q.data() + (batch * p.q_len + row_index) * p.embed_dim;
        q_errors = projection_errors(x, row.q.data(), p.num_heads, p.head_dim, wq_norms_, data_->bq);
    }
    std::vector<double> errors(index(p.context_width()));
    for (std::int64_t h = 0; h < p.num_heads && row.visible > 0; ++h) {
        context_errors(keys, key_errors, row, score_errors(keys, key_errors, row, q_errors, h), h,
                       errors.data() + h * p.value_head_dim);
    }
    return p.scope == Scope::core ? errors : output_errors(row, errors);
}

}  // namespace headcount
