// How a match of two mechanisms is printed.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/models/parity.hpp"
#include "harness/analysis/models/sizes.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {

struct MatchedSize {
    std::int64_t size = 0;
    std::string point;
    StackCosts ours;
};

struct MatchReport {
    std::string equal, vary;  ///< the quantity and the size
    std::string variant, to, to_point;
    Stack stack;
    StackCosts theirs{};
    Matches matches{};
    std::vector<MatchedSize> sizes{};  ///< the first that is equal; without one, the nearest on both sides
};

std::string match_as_text(const MatchReport& report);
Table match_as_table(const MatchReport& report);
std::string match_as_json(const MatchReport& report);

}  // namespace headcount
