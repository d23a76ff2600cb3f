// Closes a point: a traced pass, its memory in a process of its own, its record.
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/measure/campaign/campaign_state.hpp"

namespace headcount {

/// Every point of the group that has no record yet, or one from before the group went on.
void Campaign::close(GroupState& group) {
    const std::vector<std::string> points = group.alive;
    for (const std::string& id : points) {
        const auto early = ended_early_.find(id);
        const bool before = early != ended_early_.end();
        if (before ? early->second.group != group.planned->id : has_record(id)) continue;
        stop_if_asked();
        try {
            before ? close_again(group, std::move(early->second)) : close_point(group, id);
        } catch (const PointFailure& failure) {
            if (failure.worker_lost) group.worker.reset();
            fail(group, id, failure);
        }
    }
    group.finished = true;
    group.worker.reset();
}

void Campaign::close_point(GroupState& group, const std::string& id) {
    Traced traced{.breakdown = {}, .seconds = -1};
    double checked_again = -1;
    if (planned(id).ours) {  // an engine has no verbs to look at, and is compared in each visit
        checked_again = check_again(group, id);
        doing("tracing " + id);
        timed(id, "trace", [&] {
            if (!group.worker) group.worker = start_worker(group);
            without_a_stop("tracing " + id, [&] { traced = group.worker->trace(id); });
            if (!fits_together(group)) group.worker->forget(id);
        });
    }
    PeakMemory memory;
    doing("measuring the memory of " + id);
    timed(id, "memory", [&] { memory = memory_of(id); });
    PointRecord record = planned_record(planned(id));
    record.outcome = Outcome::measured;
    record.breakdown = std::move(traced.breakdown);
    record.traced_s = traced.seconds;
    record.check.again = checked_again;
    record.memory.peak_bytes = memory.peak_bytes;
    record.memory.process_peak_bytes = memory.process_peak_bytes;
    record.memory.note = memory.note;
    say_why_stopped(record, group);
    write(record);
}

/// In the process that took the last rounds, where there is one: the error in units of its bound, -1 where there is
/// nothing to compare.
double Campaign::check_again(GroupState& group, const std::string& id) {
    doing("checking " + id + " again");
    CheckRecord check;
    timed(id, "check", [&] {
        if (!group.worker) group.worker = start_worker(group);
        check = group.worker->check_again(id);
    });
    if (!check.done) return -1;
    return check.max_error == 0 ? 0 : check.max_error / check.bound;
}

/// The earlier record with the rounds that were taken since; traced and measured memory once is enough.
void Campaign::close_again(GroupState& group, PointRecord record) {
    if (record.rounds == group.rounds_with(record.point)) return;
    if (planned(record.point).ours) record.check.again = check_again(group, record.point);
    for (const auto& [what, seconds] : spent_s_[record.point]) record.spent_s[what] += seconds;
    say_why_stopped(record, group);
    write(record);
}

void Campaign::say_why_stopped(PointRecord& record, const GroupState& group) const {
    record.rounds = group.rounds_with(record.point);
    record.stopped_because = group.stopped_because;
    record.budget_s = group.stopped_because == "budget" ? sweep_.protocol.budget_s : -1;
    record.reason =
        before_first_look(group)
            ? fmt::format("stopped after {} of the {} rounds of a first look: twice the budget of {} s was over",
                          group.taken(), looks(sweep_.protocol).front(), sweep_.protocol.budget_s)
            : std::string();
}

PeakMemory Campaign::memory_of(const std::string& id) {
    try {
        return start_worker(planned(id).point.num_threads)->peak_memory(id);
    } catch (const PointFailure& failure) {
        return {.note = fmt::format("unavailable: {}", failure.what())};
    }
}

}  // namespace headcount
