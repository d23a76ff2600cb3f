// Prepares the points of a group and times them together, round by round.
#include <set>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/measure/campaign/campaign_state.hpp"
#include "harness/measure/machine/environment.hpp"

namespace headcount {
namespace {

/// Names the culprit before each visit, and gives memory back where a group does not fit as a whole.
class Visitor final : public Sampler {
public:
    Visitor(Worker& worker, bool keep, std::string& culprit) : worker_(worker), keep_(keep), culprit_(culprit) {}
    Sample visit(const std::string& point) override {
        culprit_ = point;
        Sample sample = worker_.visit(point);
        if (!keep_) worker_.forget(point);
        return sample;
    }

private:
    Worker& worker_;
    bool keep_;
    std::string& culprit_;
};

}  // namespace

/// Until the group has `target` rounds or those taken now have used `may_use_s`, at least one round. A point that
/// fails is recorded and left out; when the worker went down with it, a new one goes on in a new stratum.
void Campaign::take_rounds(GroupState& group, int target, double may_use_s) {
    double used_s = 0;
    std::string culprit;
    while (!group.alive.empty() && group.taken() < target) {
        try {
            if (!group.worker) {
                group.worker = start_worker(group);
                group.load.emplace(*group.worker);
                const int stratum = group.next_stratum++;
                prepare(group, culprit);
                take_rounds_in(group, stratum, target, may_use_s, used_s, culprit);
            } else {
                take_rounds_in(group, group.next_stratum - 1, target, may_use_s, used_s, culprit);
            }
            return;
        } catch (const PointFailure& failure) {
            if (failure.worker_lost) group.worker.reset();
            fail(group, culprit, failure);
        }
    }
}

void Campaign::prepare(GroupState& group, std::string& culprit) {
    const std::vector<std::string> points = group.alive;
    for (const std::string& id : points) {
        culprit = id;
        try {
            if (!checks_.contains(id) && !has_record(id)) {
                doing("checking " + id);
                timed(id, "check", [&] { checks_[id] = group.worker->check(id); });
            }
            doing("calibrating " + id);
            timed(id, "calibrate", [&] { group.worker->calibrate(id); });
            if (!fits_together(group)) group.worker->forget(id);
        } catch (const PointFailure& failure) {
            if (failure.worker_lost) throw;
            fail(group, id, failure);
        }
    }
}

bool Campaign::fits_together(const GroupState& group) const {
    return plan_.memory_limit_bytes <= 0 || group.planned->needed_bytes <= plan_.memory_limit_bytes;
}

void Campaign::take_rounds_in(GroupState& group, int stratum, int target, double may_use_s, double& used_s,
                              std::string& culprit) {
    if (group.alive.empty()) return;
    while (group.taken() < target && (used_s == 0 || used_s < may_use_s)) {
        stop_if_asked();
        doing(fmt::format("{}: round {} of {}", group.planned->id, group.taken() + 1, target));
        RoundRecord round = take_one_round(group, stratum, culprit);
        append(round);
        result_.sampled_s += round.seconds;
        ++result_.rounds;
        result_.disturbed_rounds += round.disturbed ? 1 : 0;
        used_s += round.seconds;
        group.add(std::move(round));
    }
}

/// The peak for the threads of the group's points, where the last look at it is a quarter of a second old: seldom
/// enough to cost 3 % at most, often enough to follow the clock. A worker that fails at it fails at its next visit, by
/// name.
std::map<std::string, double> Campaign::limits_of_now(GroupState& group) {
    constexpr double kEvery_s = 0.25;
    if (options_.now_s() - looked_at_peak_s_ < kEvery_s) return {};
    std::set<int> threads;
    for (const std::size_t index : group.planned->points) threads.insert(plan_.points[index].point.num_threads);
    std::map<std::string, double> limits;
    try {
        limits = group.worker->limits({threads.begin(), threads.end()}, LimitSet::peak);
    } catch (const PointFailure&) {
        limits.clear();
    }
    looked_at_peak_s_ = options_.now_s();
    return limits;
}

RoundRecord Campaign::take_one_round(GroupState& group, int stratum, std::string& culprit) {
    RoundRecord round;
    round.run = run_;
    round.group = group.planned->id;
    round.round = group.next_round();
    round.stratum = stratum;
    const auto order = shuffled_order(group.alive.size(), sweep_.seed, round.group, round.round);
    round.limits = limits_of_now(group);
    const double start_s = options_.now_s();
    Visitor visitor(*group.worker, fits_together(group), culprit);
    round.samples = take_round(group.alive, order, visitor);
    round.seconds = options_.now_s() - start_s;
    round.finished = utc_now();
    round.load_1min = load_1min();
    const LoadMeter::Reading reading = group.load->after_round();
    round.foreign_load = reading.foreign_load;
    round.steal_s = reading.steal_s;
    round.disturbed = reading.foreign_load > kForeignLoad;
    round.changed = differences(environment_, machine_state());
    return round;
}

}  // namespace headcount
