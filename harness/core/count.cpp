// Sums over what was counted.
#include "harness/core/count.hpp"

#include <algorithm>

namespace headcount {

OpCost total(const std::vector<OpPart>& parts, Ledger ledger) {
    OpCost sum;
    for (const OpPart& part : parts) sum += ledger == Ledger::required ? part.required : part.executed;
    return sum;
}

OpCost Count::total(Ledger ledger) const { return headcount::total(ops, ledger); }

bool Count::knows(Ledger ledger) const {
    return ledger == Ledger::required ||
           std::all_of(ops.begin(), ops.end(), [](const OpPart& part) { return part.executed_known; });
}

std::vector<OpPart> sum_parts(const std::vector<OpSpan>& spans) {
    std::vector<OpPart> sums;
    for (const OpSpan& span : spans) {
        for (const OpPart& part : span.parts) {
            const auto known = std::find_if(sums.begin(), sums.end(), [&](const OpPart& sum) {
                return sum.op == part.op && sum.role == part.role;
            });
            if (known == sums.end()) {
                sums.push_back(part);
            } else {
                known->required += part.required;
                known->executed += part.executed;
            }
        }
    }
    return sums;
}

}  // namespace headcount
