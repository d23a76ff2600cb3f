// Points that a bound ended in an earlier sitting: under a wider one they are tried again.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/measure/campaign/campaign_state.hpp"

namespace headcount {
namespace {

constexpr const char* kTime = "timeout_s";
constexpr const char* kMemory = "memory_limit_bytes";

/// Journals from before failures named their bound: by what they say.
void name_bound(PointRecord& record, const Protocol& before) {
    if (record.outcome != Outcome::failed || !record.stopped_because.empty()) return;
    if (record.reason.starts_with("timed out")) {
        record.stopped_because = kTime;
        record.bound = before.timeout_s;
    } else if (record.reason == "out of memory") {
        record.stopped_because = kMemory;
        record.bound = static_cast<double>(before.memory_limit_bytes);
    }
}

}  // namespace

void Campaign::note_bound(PointRecord& record, const PointFailure& failure) const {
    record.stopped_because = failure.bound;
    if (failure.bound == kTime) record.bound = sweep_.protocol.timeout_s;
    if (failure.bound == kMemory) record.bound = static_cast<double>(plan_.memory_limit_bytes);
}

/// May it come out in another way now?
bool Campaign::tried_again(const PointRecord& record) const {
    const auto place = index_.find(record.point);
    if (place == index_.end()) return false;
    if (record.outcome == Outcome::skipped) {
        // One with a group was refused by an engine, which is the same one still.
        return record.group.empty() && planned(record.point).fate != Fate::skip;
    }
    if (record.outcome != Outcome::failed) return false;
    if (options_.retry_failed) return true;
    if (record.stopped_because == kTime) return sweep_.protocol.timeout_s > record.bound;
    if (record.stopped_because != kMemory) return false;
    // Without a limit by name it is a share of what is free, which is a little more now and a little less then.
    constexpr double kMore = 1.1;
    const auto limit = static_cast<double>(plan_.memory_limit_bytes);
    return sweep_.protocol.memory_limit_bytes > 0 ? limit > record.bound : limit > kMore * record.bound;
}

/// Takes their records out of the journal and opens their groups. `before`: the protocol of the last sitting.
void Campaign::forget_what_is_tried_again(Journal& journal, const Protocol& before) {
    std::set<std::string> again;
    for (PointRecord& record : journal.points) {
        name_bound(record, before);
        if (!tried_again(record)) continue;
        again.insert(record.point);
        for (const auto& [what, seconds] : record.spent_s) spent_before_s_ += seconds;
    }
    if (again.empty()) return;
    std::erase_if(journal.points, [&](const PointRecord& record) { return again.contains(record.point); });
    for (GroupState& group : groups_) {
        group.joined = std::ranges::any_of(group.alive, [&](const std::string& id) { return again.contains(id); });
    }
    resume_->again.assign(again.begin(), again.end());
    progress_.on_message(fmt::format(
        "{}: {} that {} skipped or had failed {} tried again: {}{}", options_.output.string(),
        again.size() == 1 ? "a point" : "points", again.size() == 1 ? "was" : "were", again.size() == 1 ? "is" : "are",
        *again.begin(), again.size() == 1 ? "" : fmt::format(" and {} more", again.size() - 1)));
}

}  // namespace headcount
