// What becomes of a point: its record, and the points that are not timed.
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/measure/campaign/campaign_state.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/process/signals.hpp"

namespace headcount {
namespace {

void count_into(PointRecord& record, const Point& point) {
    try {
        record.counted = count_point(point);
    } catch (const Error& error) {
        record.reason = error.what();
    }
}

}  // namespace

/// A run that has nothing to add leaves the file as it is.
void Campaign::note_resume() {
    if (!resume_) return;
    writer_->append(*resume_);
    resume_.reset();
}

void Campaign::write(const PointRecord& record) {
    append(record);
    written(record);
}

void Campaign::written(const PointRecord& record) {
    if (!has_record(record.point)) note_closing(record);
    outcomes_[record.point] = record.outcome;
    progress_.on_point(record);
}

/// The record of a point as far as the plan knows.
PointRecord Campaign::planned_record(const PlannedPoint& point) const {
    PointRecord record;
    record.run = run_;
    record.point = point.id;
    record.group = point.group;
    record.reason = point.reason;
    if (point.counted) record.counted = *point.counted;
    const auto check = checks_.find(point.id);
    if (check != checks_.end()) record.check = check->second;
    const auto spent = spent_s_.find(point.id);
    if (spent != spent_s_.end()) record.spent_s = spent->second;
    return record;
}

/// Counting is cheap and can be done again: one sync for many records.
void Campaign::record_what_is_not_run() {
    constexpr std::size_t kBatch = 256;
    std::vector<PointRecord> batch;
    const auto flush = [&] {
        if (batch.empty()) return;
        append(batch);
        for (const PointRecord& record : batch) written(record);
        batch.clear();
    };
    const auto add = [&](PointRecord record) {
        batch.push_back(std::move(record));
        if (batch.size() < kBatch && !stop_requested()) return;
        flush();
        stop_if_asked();
    };
    for (const PlannedPoint& point : plan_.points) {
        if (point.fate == Fate::time || has_record(point.id)) continue;
        PointRecord record = planned_record(point);
        if (point.fate == Fate::count) count_into(record, point.point);
        record.outcome = record.reason.empty() ? Outcome::counted : Outcome::skipped;
        add(std::move(record));
    }
    for (const SkippedPoint& skipped : plan_.unresolved) {
        if (has_record(skipped.id)) continue;
        PointRecord record;
        record.run = run_;
        record.point = skipped.id;
        record.outcome = Outcome::skipped;
        record.reason = skipped.reason;
        add(std::move(record));
    }
    flush();
}

void Campaign::fail(GroupState& group, const std::string& id, const PointFailure& failure) {
    for (GroupState& other : groups_) other.drop(id);
    if (!has_record(id)) {
        PointRecord record = planned_record(planned(id));
        record.outcome = failure.outcome;
        record.reason = failure.what();
        record.rounds = group.rounds_with(id);
        note_bound(record, failure);
        write(record);
    }
    progress_.on_message(fmt::format("{} {}: {}", id, to_string(failure.outcome), failure.what()));
}

}  // namespace headcount
