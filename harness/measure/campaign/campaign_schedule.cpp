// Which group has the next rounds: all to their first look, then the one with the widest interval, while time lasts.
#include <algorithm>
#include <limits>
#include <string>

#include "harness/measure/campaign/campaign_state.hpp"

namespace headcount {

double Campaign::elapsed_s() const { return spent_before_s_ + options_.now_s() - started_s_; }

/// What is left for rounds: the budget without what the open points will still take for their records.
double Campaign::budget_left_s() const {
    const double budget = sweep_.protocol.budget_s;
    return budget > 0 ? budget - elapsed_s() - closing_s() : std::numeric_limits<double>::infinity();
}

/// A traced pass and a process of its own for the memory of every point without a record: as long as they took for
/// others of its backend. Before one of an engine was closed: as long as its check, which starts the engine, too.
double Campaign::closing_s() const {
    double seconds = 0;
    for (const auto& [backend, points] : closing_) {
        seconds += points.open * (points.closed > 0 ? points.seconds / points.closed : points.check_s);
    }
    return seconds;
}

/// The first record of a timed point.
void Campaign::note_closing(const PointRecord& record) {
    const auto place = index_.find(record.point);
    if (place == index_.end() || plan_.points[place->second].fate != Fate::time) return;
    Closing& closing = closing_[planned(record.point).point.backend];
    --closing.open;
    if (record.outcome != Outcome::measured) return;
    ++closing.closed;
    for (const char* what : {"trace", "memory"}) {
        const auto spent = record.spent_s.find(what);
        if (spent != record.spent_s.end()) closing.seconds += spent->second;
    }
}

void Campaign::note_check(const std::string& id) {
    if (!planned(id).ours) closing_[planned(id).point.backend].check_s = spent_s_[id]["check"];
}

bool Campaign::before_first_look(const GroupState& group) const {
    return group.taken() < looks(sweep_.protocol).front();
}

/// What a group may still take: before its first look the budget may be overdrawn by as much again.
double Campaign::allowed_s(const GroupState& group) const {
    return std::max(0.0, budget_left_s() + (before_first_look(group) ? sweep_.protocol.budget_s : 0));
}

void Campaign::time_groups() {
    first_looks();
    while (GroupState* group = most_uncertain()) {
        take_rounds(*group, group->decision_now(sweep_.protocol, options_.width).next_look, allowed_s(*group));
        settle(*group);
    }
    for (GroupState& group : groups_) {
        if (group.finished) continue;
        if (group.stopped_because.empty()) group.stopped_because = "budget";
        close(group);
    }
    for (const GroupState& group : groups_) result_.budget_ended |= group.stopped_because == "budget";
}

/// Every group up to its first look, because fewer rounds give no interval, each with its share of the time by
/// what its rounds are guessed to take; at least one round, because a point without any sample says nothing.
void Campaign::first_looks() {
    if (groups_.empty()) return;
    const int first = looks(sweep_.protocol).front();
    double guessed_s = 0;
    for (const GroupState& group : groups_) guessed_s += group.planned->round_s;
    for (GroupState& group : groups_) {
        const double share = guessed_s > 0 ? group.planned->round_s / guessed_s : 1;
        guessed_s -= group.planned->round_s;
        settle(group);
        if (group.finished) continue;
        // A group that is done sooner than its share leaves the rest to the others.
        if (group.taken() < first) take_rounds(group, first, share * allowed_s(group));
        settle(group);
    }
}

/// Among the groups whose next look fits into the budget, the one with the widest interval.
GroupState* Campaign::most_uncertain() {
    GroupState* best = nullptr;
    double widest = 0;
    for (GroupState& group : groups_) {
        if (group.finished || group.alive.empty()) continue;
        const StoppingDecision decision = group.decision_now(sweep_.protocol, options_.width);
        const double cost_s = (decision.next_look - group.taken()) * group.round_s();
        if (allowed_s(group) <= 0 || (!before_first_look(group) && cost_s > allowed_s(group))) continue;
        if (best == nullptr || decision.width > widest) {
            best = &group;
            widest = decision.width;
        }
    }
    return best;
}

/// Closes a group that has reached a reason to stop.
void Campaign::settle(GroupState& group) {
    if (!group.finished && group.stopped_because.empty() && !group.alive.empty()) {
        group.stopped_because = group.decision_now(sweep_.protocol, options_.width).because;
    }
    if (!group.finished && (group.alive.empty() || !group.stopped_because.empty())) close(group);
    group.worker.reset();
}

}  // namespace headcount
