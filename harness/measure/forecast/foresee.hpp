// What a run of a plan will come to: how many rounds each group gets, and how long it all takes.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/measure/plan/plan.hpp"

namespace headcount {

/// The usual scatter of a ratio from round to round, relative: the middle of the groups in our committed results lies
/// between 1.7 % (equal_complexity) and 5.1 % (peers).
inline constexpr double kUsualScatter = 0.03;

/// Why a group takes no more rounds.
enum class Ends : std::uint8_t {
    target,      ///< its interval is narrow enough: protocol.target_rel_ci
    max_rounds,  ///< of the protocol
    budget,      ///< the next look does not fit
};

struct GroupForecast {
    int rounds = 0;
    Ends ends = Ends::max_rounds;
};

struct Forecast {
    std::vector<GroupForecast> groups;  ///< in the order of Plan::groups
    double begin_s = 0;                 ///< the machine's limits and the A/A comparison
    double seconds = 0;                 ///< of the whole run
};

/// Goes through the run as the campaign would (first looks, then more rounds where the interval is wide, until the
/// budget is spent; then what closes the points), with the plan's times and a ratio of this scatter in every group.
/// Groups of a training take max_rounds. `start_s`: of a worker.
Forecast foresee(const Plan& plan, const Protocol& protocol, double scatter, double start_s);

}  // namespace headcount
