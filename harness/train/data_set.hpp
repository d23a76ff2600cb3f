// The examples of one run, held in memory, and the order in which they come.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/core/tensor.hpp"
#include "tasks/task.hpp"

namespace headcount {

/// Rows and columns of one example.
struct ExampleExtents {
    std::int64_t keys = 0, queries = 0, targets = 0;  ///< numbers in each
};
ExampleExtents extents_of(const Point& point, const ModelShape& shape);

class DataSet {
public:
    DataSet(const Examples& examples, const ExampleExtents& extents, std::int64_t count, Split split, Draw draw);

    std::int64_t size() const { return count_; }
    /// Example `index` becomes entry `entry` of the batch. Tensors without data (no queries) are left alone.
    void copy(std::int64_t index, std::int64_t entry, const Tensor& keys, const Tensor& queries,
              const Tensor& targets) const;
    /// Of all targets.
    double target_variance() const;

private:
    std::int64_t count_;
    ExampleExtents extents_;
    std::vector<double> keys_, queries_, targets_;
};

/// Those of one run: as many of a split as the point's recipe says.
DataSet examples_of(const Point& point, std::int64_t run, Split split);
/// The mean loss over these examples that is an error of 1 (tasks/task.hpp).
double loss_of_one(const Point& point, const DataSet& examples);

/// Which example comes when: each once an epoch, in an order of its own.
class ShuffledOrder {
public:
    ShuffledOrder(std::int64_t count, std::uint64_t seed, std::int64_t run);
    /// The example at place `index` of an endless stream.
    std::int64_t at(std::int64_t index);

private:
    std::uint64_t seed_;
    std::int64_t run_;
    std::int64_t epoch_ = -1;
    std::vector<std::int64_t> order_;
};

}  // namespace headcount
