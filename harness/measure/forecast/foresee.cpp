#include "harness/measure/forecast/foresee.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "harness/measure/campaign/rounds.hpp"
#include "harness/measure/campaign/self_comparison.hpp"
#include "harness/measure/plan/predict.hpp"
#include "harness/stats/resolvable_margin.hpp"

namespace headcount {
namespace {

constexpr double kLimits_s = 1.4;   // of the machine, for each number of threads
constexpr double kRound_s = 0.004;  // beside its visits: its line in the journal reaches the disk

class Foresight {
public:
    Foresight(const Plan& plan, const Protocol& protocol, double scatter, double start_s)
        : plan_(plan), protocol_(protocol), start_s_(start_s), looks_(looks(protocol)) {
        enough_ = looks_.empty() ? 0 : looks_.back();
        for (const int look : looks_) {
            if (2 * expected_half_width(scatter, static_cast<std::size_t>(look)) > protocol.target_rel_ci) continue;
            enough_ = look;
            break;
        }
        for (const PlannedGroup& group : plan.groups) {
            State& state = groups_.emplace_back();
            state.planned = &group;
            state.round_s = group.round_s + kRound_s;
            state.wanted = group.trains ? protocol.max_rounds : enough_;
            for (const std::size_t index : group.points) {
                const PlannedPoint& point = plan.points[index];
                state.ready_s += ready_s(point, protocol);
                state.before_s += before_rounds_s(point);
                state.again_s += check_again_s(point);
                state.closing_s += closing_s(point, start_s);
                closing_[point.point.backend].open += 1;
            }
        }
    }

    Forecast run() {
        elapsed_s_ = begin_s();
        Forecast forecast{.groups = {}, .begin_s = elapsed_s_, .seconds = 0};
        first_looks();
        more_rounds();
        for (State& group : groups_) {
            if (group.finished) continue;
            group.ends = Ends::budget;
            elapsed_s_ += start_s_ + group.ready_s;
            close(group);
        }
        for (const State& group : groups_) forecast.groups.push_back({.rounds = group.taken, .ends = group.ends});
        forecast.seconds = elapsed_s_;
        return forecast;
    }

private:
    struct State {
        const PlannedGroup* planned = nullptr;
        double round_s = 0;
        double ready_s = 0, before_s = 0, again_s = 0, closing_s = 0;  ///< sums over its points
        int wanted = 0;                                                ///< rounds after which its interval will do
        int taken = 0;
        bool prepared = false, finished = false;
        Ends ends = Ends::max_rounds;
    };

    double begin_s() const {
        if (groups_.empty()) return 0;
        std::set<int> threads{1};
        for (const PlannedPoint& point : plan_.points) {
            const int wanted = point.point.num_threads;
            if (point.fate == Fate::time && wanted <= plan_.processors) threads.insert(wanted);
        }
        double seconds = start_s_ + kLimits_s * static_cast<double>(threads.size());
        const PlannedPoint* point = cheapest_timed(plan_);
        const double round_s = 2 * visit_s(*point, protocol_);
        const int rounds = point->point.trains() ? 0 : self_comparison_rounds(round_s, protocol_);
        if (rounds > 0) {
            seconds += start_s_ + rounds * round_s + 2 * (before_rounds_s(*point) + ready_s(*point, protocol_));
        }
        return seconds;
    }

    double budget_left_s() const {
        if (protocol_.budget_s <= 0) return std::numeric_limits<double>::infinity();
        double closing_s = 0;
        for (const auto& [backend, points] : closing_) {
            if (points.closed > 0) closing_s += points.open * points.seconds / points.closed;
        }
        return protocol_.budget_s - elapsed_s_ - closing_s;
    }
    bool before_first_look(const State& group) const { return group.taken < looks_.front(); }
    double allowed_s(const State& group) const {
        return std::max(0.0, budget_left_s() + (before_first_look(group) ? protocol_.budget_s : 0));
    }

    void take_rounds(State& group, int target, double may_use_s) {
        elapsed_s_ += start_s_ + group.ready_s + (group.prepared ? 0 : group.before_s);
        group.prepared = true;
        const double fit = std::ceil(may_use_s / group.round_s);
        const int most = target - group.taken;
        const int rounds = fit < most ? std::max(1, static_cast<int>(fit)) : most;
        group.taken += rounds;
        elapsed_s_ += rounds * group.round_s;
    }

    void settle(State& group) {
        if (group.finished || group.taken < group.wanted) return;
        group.ends = group.wanted < protocol_.max_rounds ? Ends::target : Ends::max_rounds;
        close(group);
    }

    void close(State& group) {
        elapsed_s_ += group.again_s + group.closing_s;
        for (const std::size_t index : group.planned->points) {
            const PlannedPoint& point = plan_.points[index];
            Closing& closing = closing_[point.point.backend];
            --closing.open;
            ++closing.closed;
            closing.seconds += headcount::closing_s(point, start_s_);
        }
        group.finished = true;
    }

    void first_looks() {
        double predicted_s = 0;
        for (const State& group : groups_) predicted_s += group.planned->round_s;
        for (State& group : groups_) {
            const double share = predicted_s > 0 ? group.planned->round_s / predicted_s : 1;
            predicted_s -= group.planned->round_s;
            take_rounds(group, looks_.front(), share * allowed_s(group));
            settle(group);
        }
    }

    /// Intervals of equal scatter are widest where the fewest rounds were taken: look by look, all groups.
    void more_rounds() {
        for (const int look : looks_) {
            for (State& group : groups_) {
                if (group.finished || group.taken >= look) continue;
                const double cost_s = (look - group.taken) * group.round_s;
                const double allowed = allowed_s(group);
                if (allowed <= 0 || (!before_first_look(group) && cost_s > allowed)) continue;
                take_rounds(group, look, allowed);
                settle(group);
            }
        }
    }

    const Plan& plan_;
    const Protocol& protocol_;
    double start_s_;
    std::vector<int> looks_;
    int enough_ = 0;
    std::vector<State> groups_;
    /// As Campaign keeps it.
    struct Closing {
        int open = 0, closed = 0;
        double seconds = 0;
    };
    std::map<std::string, Closing> closing_;
    double elapsed_s_ = 0;
};

}  // namespace

Forecast foresee(const Plan& plan, const Protocol& protocol, double scatter, double start_s) {
    if (plan.groups.empty()) return {};
    return Foresight(plan, protocol, scatter, start_s).run();
}

}  // namespace headcount
