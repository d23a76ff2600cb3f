#include "harness/judge/compare.hpp"

#include <cmath>
#include <limits>

#include "harness/core/storage.hpp"

namespace headcount::judge {
namespace {

double element(const Tensor& t, std::int64_t b, std::int64_t row, std::int64_t col) {
    return with_storage(t.dtype, [&](auto storage) { return value_of(*t.at<decltype(storage)>(b, 0, 0, row, col)); });
}

std::string place(std::int64_t b, std::int64_t row, std::int64_t col) {
    return "batch " + std::to_string(b) + ", row " + std::to_string(row) + ", col " + std::to_string(col);
}

/// Names the first output that is not finite; false when all are.
bool find_non_finite(const Tensor& out, Difference& found) {
    for (std::int64_t b = 0; b < out.batch(); ++b) {
        for (std::int64_t row = 0; row < out.rows(); ++row) {
            for (std::int64_t col = 0; col < out.cols(); ++col) {
                if (std::isfinite(element(out, b, row, col))) continue;
                found.error = std::numeric_limits<double>::infinity();
                found.worst = place(b, row, col) + ", not finite";
                return true;
            }
        }
    }
    return false;
}

}  // namespace

Difference difference(const Tensor& out, const ReferenceRows& reference) {
    Difference found;
    if (find_non_finite(out, found)) return found;
    found.rows_compared = static_cast<std::int64_t>(reference.rows.size());
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
            found.error = error;
            found.bound = bound;
            found.worst = place(b, row, col);
        }
    }
    return found;
}

}  // namespace headcount::judge
