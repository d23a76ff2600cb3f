// A claim understood: its metric, its kind, and how the points of its part fall into comparisons.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/claims/claim.hpp"
#include "harness/analysis/records/record_set.hpp"

namespace headcount {

struct ClaimScope {
    const ClaimSpec& spec;
    const Metric& metric;
    const ClaimKind& kind;
    const PartView& part;
    bool exact = true;                              ///< judged without a test
    std::vector<std::string> own_fields{};          ///< across and grid: one comparison runs over these
    std::vector<std::string> combination_fields{};  ///< the part's other axes: one verdict for each combination

    /// Does the claim's `where` speak of this point?
    bool speaks_of(const Entry& entry) const;
    bool is_base(const Entry& entry) const;
    /// "variant=multi_head, seq_len=128"; "" where nothing but the claim's own fields varies.
    std::string combination_of(const Entry& entry) const;
};

/// Throws UsageError with the config's location for an unknown metric, kind, part or field.
ClaimScope understand(const RecordSet& records, const ClaimSpec& spec);

}  // namespace headcount
