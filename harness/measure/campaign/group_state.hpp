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
    bool joined = false;             ///< by a point that an older bound had kept out of it: all take rounds again
    std::unique_ptr<Worker> worker;  ///< at most one group has one
    std::optional<LoadMeter> load;   ///< since that worker began; speaks of it only while it lives

    /// Rounds that hold every point of the group that is alive: a point that joined later is compared in those alone.
    int taken() const { return whole_rounds_; }
    int rounds_with(const std::string& point) const {
        return static_cast<int>(std::ranges::count_if(rounds, [&](const RoundRecord& r) { return visits(r, point); }));
    }
    int next_round() const { return rounds.empty() ? 0 : rounds.back().round + 1; }
    /// Seconds a round takes: as measured, before that as guessed.
    double round_s() const { return rounds.empty() ? planned->round_s : rounds_s / static_cast<double>(rounds.size()); }
    void add(RoundRecord round) {
        rounds_s += round.seconds;
        next_stratum = std::max(next_stratum, round.stratum + 1);
        whole_rounds_ += holds_all(round) ? 1 : 0;
        rounds.push_back(std::move(round));
    }
    void drop(const std::string& point) {
        if (std::erase(alive, point) == 0) return;
        whole_rounds_ =
            static_cast<int>(std::ranges::count_if(rounds, [&](const RoundRecord& r) { return holds_all(r); }));
    }
    StoppingDecision decision_now(const Protocol& protocol, const WidestInterval& width) const {
        Protocol fixed = protocol;
        // How many seeds a model gets is not to depend on what came out of the first ones.
        if (planned->trains) fixed.min_rounds = fixed.max_rounds;
        return stopping_decision(paired_matrix(alive, rounds), fixed, width);
    }

private:
    static bool visits(const RoundRecord& round, const std::string& point) {
        return std::ranges::any_of(round.samples, [&](const Sample& sample) { return sample.point == point; });
    }
    bool holds_all(const RoundRecord& round) const {
        return std::ranges::all_of(alive, [&](const std::string& point) { return visits(round, point); });
    }

    int whole_rounds_ = 0;
};

}  // namespace headcount
