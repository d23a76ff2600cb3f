// Counting by running: what one forward pass costs, without memory or arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"
#include "harness/measure/point/inputs.hpp"

namespace headcount {

/// What a dry run of one point says.
struct Count {
    std::vector<OpPart> ops;                    ///< summed by (op, role), in order of first appearance
    std::int64_t score_bytes = 0;               ///< high-water mark of score matrices; -1: unknown (an engine's)
    std::int64_t workspace_bytes = 0;           ///< high-water mark of all temporaries; -1: unknown
    std::int64_t workspace_reserved_bytes = 0;  ///< the same with alignment padding
    std::int64_t parameters = 0;                ///< elements of the weights that forward() reads
    std::int64_t kv_cache_bytes = 0;            ///< keys and values of all heads
    std::int64_t inputs_bytes = 0;              ///< inputs, weights and output
    std::int64_t query_block = 0;               ///< rows of q that attend keeps in fast memory; 0 without attend

    OpCost total(Ledger ledger) const;
    /// False for what an engine in another process executes.
    bool knows(Ledger ledger) const;
};

/// Throws UsageError for unknown names, Error when the point cannot run.
Count count_point(const Point& point);

/// The spans' parts summed by (op, role), in order of first appearance.
std::vector<OpPart> sum_parts(const std::vector<OpSpan>& spans);

/// Sum of one ledger over parts.
OpCost total(const std::vector<OpPart>& parts, Ledger ledger);

}  // namespace headcount
