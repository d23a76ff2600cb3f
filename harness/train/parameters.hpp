// All that a model learns, in one row of memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/tensor.hpp"
#include "harness/core/workspace.hpp"
#include "variants/weights.hpp"

namespace headcount {

/// A matrix of parameters, and the normal numbers that it begins with.
struct LearnedMatrix {
    std::string name;
    std::int64_t rows = 1, cols = 1;
    double deviation = 0, mean = 0;
};
/// A matrix with variance 1 / rows, or a bias of zeros.
LearnedMatrix learned(const WeightShape& weight);

class Parameters {
public:
    /// Takes its memory, which may be dry, from `workspace`, which outlives it.
    Parameters(std::vector<LearnedMatrix> matrices, DType dtype, Workspace& workspace);

    /// Numbers to begin with: the same for one seed and run.
    void begin(std::uint64_t seed, std::int64_t run) const;
    /// All of them, [1, 1, 1, 1, elements]; each begins at a cache line.
    const Tensor& row() const { return row_; }
    /// Numbers that are learned, without what lies between them.
    std::int64_t count() const;
    std::vector<std::string> names() const;
    /// Throws Error.
    const Tensor& at(std::string_view name) const;

private:
    std::vector<LearnedMatrix> matrices_;
    std::vector<Tensor> tensors_;
    Tensor row_;
};

}  // namespace headcount
