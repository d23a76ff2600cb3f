#include "harness/measure/point/check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>

#include "harness/core/storage.hpp"
#include "harness/measure/engine/external_forward.hpp"
#include "harness/measure/point/error_bound.hpp"
#include "harness/measure/point/reference.hpp"

namespace headcount {
namespace {

// Up to this many rows are all checked; beyond, a sample keeps the check shorter than the measurement.
constexpr std::int64_t kAllRows = 256;
constexpr std::int64_t kSampledRows = 32;
// Every batch entry with a checked row costs a projection of all its keys.
constexpr std::int64_t kSampledBatches = 3;

double element(const Tensor& t, std::int64_t b, std::int64_t row, std::int64_t col) {
    return with_storage(t.dtype, [&](auto storage) { return value_of(*t.at<decltype(storage)>(b, 0, 0, row, col)); });
}

std::string place(std::int64_t b, std::int64_t row, std::int64_t col) {
    return "batch " + std::to_string(b) + ", row " + std::to_string(row) + ", col " + std::to_string(col);
}

/// Names the first output that is not finite; false when all are.
bool find_non_finite(const Tensor& out, CheckRecord& check) {
    for (std::int64_t b = 0; b < out.batch(); ++b) {
        for (std::int64_t row = 0; row < out.rows(); ++row) {
            for (std::int64_t col = 0; col < out.cols(); ++col) {
                if (std::isfinite(element(out, b, row, col))) continue;
                check.max_error = std::numeric_limits<double>::infinity();
                check.worst = place(b, row, col) + ", not finite";
                return true;
            }
        }
    }
    return false;
}

}  // namespace

void poison(const Tensor& out) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    with_storage(out.dtype, [&](auto storage) {
        using T = decltype(storage);
        std::fill_n(static_cast<T*>(out.data), out.elements(), stored<T>(nan));
    });
}

CheckedRows rows_to_check(const Problem& p, std::uint64_t seed) {
    CheckedRows rows;
    if (p.batch * p.q_len <= kAllRows) {
        for (std::int64_t b = 0; b < p.batch; ++b) {
            for (std::int64_t i = 0; i < p.q_len; ++i) rows.emplace_back(b, i);
        }
        return rows;
    }
    std::mt19937_64 random(seed);
    const auto below = [&](std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    std::vector<std::int64_t> batches{0, p.batch - 1};
    while (static_cast<std::int64_t>(batches.size()) < kSampledBatches) batches.push_back(below(p.batch));
    for (const std::int64_t b : batches) {
        rows.emplace_back(b, 0);
        rows.emplace_back(b, p.q_len - 1);
    }
    while (static_cast<std::int64_t>(rows.size()) < kSampledRows) {
        rows.emplace_back(batches[rows.size() % batches.size()], below(p.q_len));
    }
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

ReferenceRows reference_rows(const Layout& layout, const Variant& variant, std::uint64_t seed) {
    const ReferenceData<double> data = reference_data(layout.inputs, layout.canonical, variant.function);
    const ErrorBound error_bound(data, variant.stores_scores);
    ReferenceRows result;
    result.rows = rows_to_check(data.problem, seed);
    std::int64_t batch = -1;
    ReferenceKeys<double> keys;
    ReferenceKeys<double> key_errors;
    for (const auto& [b, i] : result.rows) {
        if (b != batch) {
            batch = b;
            keys = reference_keys(data, b);
            key_errors = error_bound.of_keys(keys, b);
        }
        const ReferenceRow<double> row = reference_row(data, keys, b, i);
        const std::vector<double> bound = error_bound.of_row(keys, key_errors, row, b, i);
        result.width = static_cast<std::int64_t>(row.out.size());
        result.out.insert(result.out.end(), row.out.begin(), row.out.end());
        result.bound.insert(result.bound.end(), bound.begin(), bound.end());
    }
    return result;
}

const ReferenceRows& ReferenceCache::of(const PointData& data) {
    const Point& point = data.point;
    const Variant& variant = *data.variant;
    const bool known = filled_ && problem_ == point.problem && function_ == variant.function &&
                       stores_scores_ == variant.stores_scores && seed_ == point.seed;
    if (!known) {
        rows_ = reference_rows(data.layout, variant, point.seed);
        problem_ = point.problem;
        function_ = variant.function;
        stores_scores_ = variant.stores_scores;
        seed_ = point.seed;
        filled_ = true;
    }
    return rows_;
}

bool passed(const CheckRecord& check) { return check.done && check.max_error <= check.bound; }

CheckRecord compare(const Tensor& out, const ReferenceRows& reference) {
    CheckRecord check;
    check.rows_total = out.batch() * out.rows();
    check.done = true;
    if (find_non_finite(out, check)) return check;
    check.rows_checked = static_cast<std::int64_t>(reference.rows.size());
    double worst_ratio = -1;
    std::size_t at = 0;
    for (const auto& [b, row] : reference.rows) {
        for (std::int64_t col = 0; col < reference.width; ++col, ++at) {
            const double error = std::abs(element(out, b, row, col) - reference.out[at]);
            const double bound = reference.bound[at];
            double ratio = 0;
            if (error > 0) ratio = bound > 0 ? error / bound : std::numeric_limits<double>::infinity();
            if (ratio <= worst_ratio) continue;
            worst_ratio = ratio;
            check.max_error = error;
            check.bound = bound;
            check.worst = place(b, row, col);
        }
    }
    return check;
}

CheckRecord check_point(PointData& data, ReferenceCache* cache) {
    const Tensor& out = data.layout.out;
    if (!data.backend->executes()) {
        CheckRecord check;
        check.rows_total = out.batch() * out.rows();
        return check;
    }
    poison(out);
    run_forward(data);
    if (data.external) return compare(out, data.external->expected());
    ReferenceCache own;
    return compare(out, (cache == nullptr ? own : *cache).of(data));
}

}  // namespace headcount
