// Inputs that change from visit to visit, so that an answer which was kept is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/measure/point/inputs.hpp"

namespace headcount {

/// What the point was laid out with.
inline constexpr std::uint64_t kFirstInputs = 0;
/// Sets that no visit has: for looks at whether results are kept, and for the check after the last round.
inline constexpr std::uint64_t kUnseenInputs = std::uint64_t{1} << 40U;

/// Some rows of each input are written anew, in place: some 30,000 numbers a tensor, which takes a fraction of a
/// millisecond, and at least the first row of each batch entry. In a tensor of keys or values, every query that sees
/// such a row has another result. Numbers follow from the point's seed, the tensor's name, the set and the row alone,
/// so they are the same for each variant, in each process and after resuming.
class Rotation {
public:
    /// `data` holds its first inputs and outlives this. Of a backward pass alone what is given to it changes: the
    /// derivatives by the output, unless `all`: then its inputs as well, and a forward pass has to follow.
    explicit Rotation(PointData& data, bool all = false);
    /// Does nothing where the set is there already. What a cached point keeps is made anew of it.
    void show(std::uint64_t set);

private:
    struct Changing {
        std::string name;
        Tensor tensor;
        std::vector<Tensor> rows;      ///< windows
        std::vector<std::byte> first;  ///< what they held
    };

    PointData& data_;
    std::vector<Changing> tensors_;
};

/// Throws Error where a pass on the same inputs as the one before is much faster than one on inputs that are new: then
/// results are kept, and not computed. `show` gives the inputs of a set, `pass_seconds` runs once. The fastest of
/// several firsts counts, so that a busy machine is no proof. Passes of a second and more (`pass_s`) follow no other on
/// the same inputs, and are not looked at.
void refuse_kept_results(double pass_s, const std::function<void(std::uint64_t set)>& show,
                         const std::function<double()>& pass_seconds);

}  // namespace headcount
