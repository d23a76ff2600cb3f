#include "harness/train/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "harness/core/error.hpp"
#include "harness/core/storage.hpp"
#include "tasks/draw.hpp"

namespace headcount {
namespace {

/// Elements of a cache line, whatever the dtype.
constexpr std::int64_t kLine = 16;

std::int64_t padded(std::int64_t elements) { return (elements + kLine - 1) / kLine * kLine; }

}  // namespace

LearnedMatrix learned(const WeightShape& weight) {
    return {.name = weight.name,
            .rows = weight.rows,
            .cols = weight.cols,
            .deviation = weight.is_bias ? 0 : 1 / std::sqrt(static_cast<double>(weight.rows))};
}

Parameters::Parameters(std::vector<LearnedMatrix> matrices, DType dtype, Workspace& workspace)
    : matrices_(std::move(matrices)) {
    std::int64_t elements = 0;
    for (const LearnedMatrix& matrix : matrices_) elements += padded(matrix.rows * matrix.cols);
    row_ = workspace.take("parameters", dtype, {1, 1, 1, 1, elements});
    std::int64_t offset = 0;
    for (const LearnedMatrix& matrix : matrices_) {
        void* const place = row_.data == nullptr
                                ? nullptr
                                : static_cast<void*>(static_cast<char*>(row_.data) + offset * size_in_bytes(dtype));
        tensors_.push_back(dense(place, dtype, {1, 1, 1, matrix.rows, matrix.cols}));
        offset += padded(matrix.rows * matrix.cols);
    }
}

void Parameters::begin(std::uint64_t seed, std::int64_t run) const {
    with_storage(row_.dtype, [&](auto storage) {
        using T = decltype(storage);
        std::fill_n(static_cast<T*>(row_.data), row_.elements(), stored<T>(0));
        for (std::size_t m = 0; m < matrices_.size(); ++m) {
            const LearnedMatrix& matrix = matrices_[m];
            T* const values = static_cast<T*>(tensors_[m].data);
            const std::int64_t n = tensors_[m].elements();
            if (matrix.deviation == 0) {
                std::fill_n(values, n, stored<T>(matrix.mean));
                continue;
            }
            Draw draw(seed, run, "weights " + matrix.name);
            for (std::int64_t i = 0; i < n; ++i) {
                values[i] = stored<T>(matrix.mean + matrix.deviation * draw.normal());
            }
        }
    });
}

std::int64_t Parameters::count() const {
    std::int64_t sum = 0;
    for (const Tensor& tensor : tensors_) sum += tensor.elements();
    return sum;
}

std::vector<std::string> Parameters::names() const {
    std::vector<std::string> names;
    for (const LearnedMatrix& matrix : matrices_) names.push_back(matrix.name);
    return names;
}

const Tensor& Parameters::at(std::string_view name) const {
    const auto found = std::ranges::find(matrices_, name, &LearnedMatrix::name);
    if (found == matrices_.end()) throw Error("the model has no parameter " + std::string(name));
    return tensors_[static_cast<std::size_t>(found - matrices_.begin())];
}

}  // namespace headcount
