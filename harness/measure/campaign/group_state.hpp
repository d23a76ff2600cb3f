// Where one comparison group stands: its rounds so far, who is still in it, why it stopped.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/measure/campaign/load_meter.hpp"
#include "harness/measure/campaign/rounds.hpp"
#include "harness/measure/plan/plan.hpp"
#include "harness/measure/worker/sampler.hpp"

namespace headcount {

struct GroupState {
    const PlannedGroup* planned = nullptr;
    std::vector<std::string> alive;  ///< points without a failure, base first
    std::vector<RoundRecord> rounds;
    int next_stratum = 0;
    double rounds_s = 0;             ///< all rounds took
    std::string stopped_because;     ///< empty: may go on
    bool finished = false;           ///< every point has its record
    std::unique_ptr<Worker> worker;  ///< at most one group has one
    std::optional<LoadMeter> load;   ///< since that worker began; speaks of it only while it lives

    int taken() const { return static_cast<int>(rounds.size()); }
    int next_round() const { return rounds.empty() ? 0 : rounds.back().round + 1; }
    /// Seconds a round takes: as measured, before that as guessed.
    double round_s() const { return rounds.empty() ? planned->round_s : rounds_s / static_cast<double>(taken()); }
    void add(RoundRecord round) {
        rounds_s += round.seconds;
        next_stratum = std::max(next_stratum, round.stratum + 1);
        rounds.push_back(std::move(round));
    }
    void drop(const std::string& point) { std::erase(alive, point); }
    StoppingDecision decision_now(const Protocol& protocol, const WidestInterval& width) const {
        Protocol fixed = protocol;
        // How many seeds a model gets is not to depend on what came out of the first ones.
        if (planned->trains) fixed.min_rounds = fixed.max_rounds;
        return stopping_decision(paired_matrix(alive, rounds), fixed, width);
    }
};

}  // namespace headcount
