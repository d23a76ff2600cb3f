// Is the answer right? One forward pass against the float64 reference, before anything is timed.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "harness/journal/record.hpp"
#include "harness/measure/point/inputs.hpp"

namespace headcount {

/// Query rows that a check covers, as (batch, row); all heads of each.
using CheckedRows = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// All rows of a small problem; of a long one the first and the last and seeded random ones.
CheckedRows rows_to_check(const Problem& problem, std::uint64_t seed);

/// The right answer on some rows and how far from it rounding may carry a correct kernel; width columns a row.
struct ReferenceRows {
    CheckedRows rows;
    std::int64_t width = 0;
    std::vector<double> out, bound;
};

/// Computed from the inputs and the canonical weights, without the verbs.
ReferenceRows reference_rows(const Layout& layout, const Variant& variant, std::uint64_t seed);

/// Keeps the last reference, because the points of a comparison group often share their problem.
class ReferenceCache {
public:
    const ReferenceRows& of(const PointData& data);

private:
    bool filled_ = false;
    Problem problem_;
    Function function_ = Function::attention;
    bool stores_scores_ = true;
    std::uint64_t seed_ = 0;
    ReferenceRows rows_;
};

/// Overwrites every element with NaN, so that what is not written afterwards is seen.
void poison(const Tensor& out);

/// max_error, bound and worst speak of the element whose error is largest in units of its bound; a non-finite output
/// anywhere counts as infinitely wrong.
CheckRecord compare(const Tensor& out, const ReferenceRows& reference);

/// True when a check was made and every error lies within its bound.
bool passed(const CheckRecord& check);

/// Runs forward once on a poisoned output and compares. A backend that does not execute gives `done` = false.
CheckRecord check_point(PointData& data, ReferenceCache* cache = nullptr);

}  // namespace headcount
