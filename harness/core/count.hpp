// What a point costs, counted by a dry run: the same numbers in a plan, in a journal and in what is read from it.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/core/op_cost.hpp"

namespace headcount {

struct Count {
    std::vector<OpPart> ops;                    ///< summed by (op, role), in order of first appearance
    std::int64_t parameters = 0;                ///< elements of the weights that forward() reads
    std::int64_t kv_cache_bytes = 0;            ///< keys and values of all heads
    std::int64_t score_bytes = 0;               ///< high-water mark of score matrices; -1: unknown (an engine's)
    std::int64_t query_block = 0;               ///< rows of q that attend keeps in fast memory; 0 without attend
    std::int64_t workspace_bytes = 0;           ///< high-water mark of all temporaries; -1: unknown
    std::int64_t inputs_bytes = 0;              ///< inputs, weights and output
    std::int64_t workspace_reserved_bytes = 0;  ///< of the workspace, with alignment padding; no journal has it
    std::int64_t kept_reserved_bytes = 0;       ///< of a cached point, for what it keeps and while that is filled; none

    OpCost total(Ledger ledger) const;
    /// False for what an engine in another process executes.
    bool knows(Ledger ledger) const;
};

/// The spans' parts summed by (op, role), in order of first appearance.
std::vector<OpPart> sum_parts(const std::vector<OpSpan>& spans);

/// Sum of one ledger over parts.
OpCost total(const std::vector<OpPart>& parts, Ledger ledger);

}  // namespace headcount
