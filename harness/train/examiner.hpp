// Looks at a trained model one example at a time: what each costs it, and what its heads do to that.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/train/data_set.hpp"
#include "harness/train/net.hpp"
#include "variants/kept_heads.hpp"

namespace headcount {

/// By layer and head.
using HeadNumbers = std::vector<std::vector<double>>;

/// Why heads of the point cannot be cut out; "" when they can: the variant computes standard attention with the
/// canonical weights, and each head has keys of its own and as many columns of values as of keys. Throws UsageError for
/// an unknown variant.
std::string why_no_heads(const Point& point);

class Examiner {
public:
    /// For models of the point with so many heads in each layer (empty: as many as it says). Throws Error when memory
    /// is refused.
    explicit Examiner(const Point& point, const std::vector<std::int64_t>& heads = {});
    Examiner(const Examiner&) = delete;
    Examiner& operator=(const Examiner&) = delete;

    /// The numbers of a model with the same heads in each layer. It need not outlive the call.
    void take(const Model& trained);
    /// The numbers of a model with all heads, of which these are kept: as many in each layer as there are here.
    void take_kept(const Model& whole, const KeptHeads& kept);

    /// From now on, until numbers are taken, what the head puts out is multiplied by `gate`: its rows of W_O are, which
    /// is the same. 0 masks it, and for good.
    void gate(std::int64_t layer, std::int64_t head, double gate);

    /// The error of each example; their mean is that of the model (tasks/task.hpp).
    std::vector<double> errors(const DataSet& examples);
    /// The mean over examples of |d error / d gate| for every head (Michel et al. 2019, section 4.1), by the backward
    /// pass.
    HeadNumbers importance(const DataSet& examples);

private:
    void forward(const DataSet& examples, std::int64_t index);
    double loss() const;
    Tensor rows_of(std::int64_t layer, std::int64_t head) const;

    Point point_;
    std::unique_ptr<Backend> backend_;
    Net net_;
};

}  // namespace headcount
