// Two points that should be one function: their weights set beside each other, and how far their outputs are apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/measure/point/inputs.hpp"
#include "tests/mechanism.hpp"

namespace headcount::testing {

/// One point in f64 on `naive`, whose canonical weights may be written over before it runs. Points of one seed have the
/// same inputs, and weights of the same name and shape have the same numbers.
class Ran {
public:
    explicit Ran(const Point& point)
        : data_(make_point_data(point)), packed_(Workspace::reserve(2 * data_.store.reserved_bytes() + 4096)) {}

    const Problem& problem() const { return data_.point.problem; }
    /// What keys are made of; of equal lengths queries, too.
    Tensor x_kv() const { return data_.layout.inputs.x_kv; }
    Tensor weight(std::string_view name) const { return data_.layout.canonical.at(name); }
    double& at(std::string_view name, std::int64_t row, std::int64_t col) {
        return *weight(name).at<double>(0, 0, 0, row, col);
    }
    /// Every element of a weight: value(row, col).
    template <class Value>
    void set(std::string_view name, const Value& value) {
        const Tensor w = weight(name);
        for (std::int64_t i = 0; i < w.rows(); ++i) {
            for (std::int64_t j = 0; j < w.cols(); ++j) *w.at<double>(0, 0, 0, i, j) = value(i, j);
        }
    }

    /// Packs the weights anew and runs forward.
    std::vector<double> output() {
        packed_.reset();
        Layout& layout = data_.layout;
        layout.prepared = layout.canonical;
        if (data_.variant->prepare != nullptr) {
            Pass pass(data_.point, layout.inputs, layout.canonical, {}, *data_.backend, packed_);
            layout.prepared = data_.variant->prepare(pass);
        }
        run_forward(data_);
        const auto* const first = static_cast<const double*>(layout.out.data);
        return {first, first + layout.out.elements()};
    }

private:
    PointData data_;
    Workspace packed_;
};

/// A point of this variant with these options ("name", "text"), the others at their default. Throws Error with the
/// reason when it cannot run.
inline Point point_with(std::string_view name, Problem problem,
                        const std::vector<std::pair<std::string, std::string>>& own = {}) {
    problem.dtype = DType::f64;
    Point point{.variant = std::string(name), .backend = "naive", .problem = problem};
    point.own = options_of(find_named(all_variants(), name, "variant"), [&](const Field& field) {
        const auto chosen = std::find_if(own.begin(), own.end(), [&](const auto& o) { return o.first == field.name; });
        return chosen == own.end() ? field.otherwise : chosen->second;
    });
    if (const std::string why = why_unsupported(point); !why.empty()) throw Error(point.id() + ": " + why);
    return point;
}

/// The largest difference over the largest number of either; infinite where one is not finite or the sizes differ.
inline double apart(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return std::numeric_limits<double>::infinity();
        difference = std::max(difference, std::abs(a[i] - b[i]));
        size = std::max({size, std::abs(a[i]), std::abs(b[i])});
    }
    return size == 0 ? 0 : difference / size;
}

}  // namespace headcount::testing
