// Prepares the points of a group and times them together, round by round.
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/measure/campaign/campaign_state.hpp"
#include "harness/measure/machine/environment.hpp"

namespace headcount {
namespace {

/// Does it; a failure carries the point's id from here on.
template <class F>
auto about(const std::string& point, const F& ask) {
    try {
        return ask();
    } catch (PointFailure& failure) {
        failure.point = point;
        throw;
    }
}

/// Gives memory back where a group does not fit as a whole. A point that is trained is trained: the round is its seed.
class Visitor final : public Sampler {
public:
    Visitor(Worker& worker, bool keep, int round, const std::map<std::string, double>& learning_rates,
            std::filesystem::path checkpoint)
        : worker_(worker),
          keep_(keep),
          round_(round),
          learning_rates_(learning_rates),
          checkpoint_(std::move(checkpoint)) {}
    Sample visit(const std::string& point) override {
        return about(point, [&] {
            const auto rate = learning_rates_.find(point);
            Sample sample = rate == learning_rates_.end() ? worker_.visit(point)
                                                          : worker_.train(point, round_, rate->second, checkpoint_);
            if (!keep_) worker_.forget(point);
            return sample;
        });
    }

private:
    Worker& worker_;
    bool keep_;
    int round_;
    const std::map<std::string, double>& learning_rates_;
    std::filesystem::path checkpoint_;
};

}  // namespace

/// Until the group has `target` rounds or those taken now have used `may_use_s`, at least one round. A point that
/// fails is recorded and left out; when the worker went down with it, a new one goes on in a new stratum.
void Campaign::take_rounds(GroupState& group, int target, double may_use_s) {
    const double before_s = group.rounds_s;
    while (!group.alive.empty() && group.taken() < target) {
        try {
            if (!group.worker) {
                group.worker = start_worker(group);
                group.load.emplace(*group.worker);
                ++group.next_stratum;
                prepare(group);
            }
            take_rounds_in(group, target, may_use_s, before_s);
            return;
        } catch (const PointFailure& failure) {
            if (failure.worker_lost) group.worker.reset();
            fail(group, failure.point, failure);
        }
    }
}

void Campaign::prepare(GroupState& group) {
    const std::vector<std::string> points = group.alive;
    for (const std::string& id : points) {
        try {
            about(id, [&] { prepare_point(group, id); });
        } catch (const PointFailure& failure) {
            if (failure.worker_lost) throw;
            fail(group, id, failure);
        }
    }
}

void Campaign::prepare_point(GroupState& group, const std::string& id) {
    if (!checks_.contains(id) && !has_record(id)) {
        doing("checking " + id);
        timed(id, "check", [&] { checks_[id] = group.worker->check(id); });
        note_check(id);
    }
    if (planned(id).point.trains()) {
        tune(group, id);
    } else {
        doing("calibrating " + id);
        timed(id, "calibrate", [&] { without_a_stop("calibrating " + id, [&] { group.worker->calibrate(id); }); });
    }
    if (!fits_together(group)) group.worker->forget(id);
}

bool Campaign::fits_together(const GroupState& group) const {
    return plan_.memory_limit_bytes <= 0 || group.planned->needed_bytes <= plan_.memory_limit_bytes;
}

/// In the worker there is, whose rounds are one stratum. `before_s`: what the group's rounds had taken before.
void Campaign::take_rounds_in(GroupState& group, int target, double may_use_s, double before_s) {
    if (group.alive.empty()) return;
    const auto used_s = [&] { return group.rounds_s - before_s; };
    while (group.taken() < target && (used_s() == 0 || used_s() < may_use_s)) {
        stop_if_asked();
        doing(fmt::format("{}: round {} of {}", group.planned->id, group.taken() + 1, target));
        RoundRecord round = take_one_round(group);
        append(round);
        if (group.planned->trains) forget_trainings();
        result_.sampled_s += round.seconds;
        ++result_.rounds;
        result_.disturbed_rounds += round.disturbed ? 1 : 0;
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
    for (const std::size_t index : group.planned->points) {
        const int wanted = plan_.points[index].point.num_threads;
        if (wanted <= plan_.processors) threads.insert(wanted);  // what more threads sustain together is no limit
    }
    if (threads.empty()) return {};
    std::map<std::string, double> limits;
    try {
        limits = group.worker->limits({threads.begin(), threads.end()}, LimitSet::peak);
    } catch (const PointFailure&) {
        limits.clear();
    }
    looked_at_peak_s_ = options_.now_s();
    return limits;
}

RoundRecord Campaign::take_one_round(GroupState& group) {
    RoundRecord round;
    round.run = run_;
    round.group = group.planned->id;
    round.round = group.next_round();
    round.stratum = group.next_stratum - 1;
    const auto order = shuffled_order(group.alive.size(), sweep_.seed, round.group, round.round);
    const auto take = [&] {
        round.limits = limits_of_now(group);
        const double start_s = options_.now_s();
        group.worker->begin_round(round.round);
        Visitor visitor(*group.worker, fits_together(group), round.round, learning_rates_, trainings());
        round.samples = take_round(group.alive, order, visitor);
        round.seconds = options_.now_s() - start_s;
        round.finished = utc_now();
    };
    bool undisturbed = false;
    if (group.planned->trains) {  // too long to be done again, and what comes of it does not depend on time
        const std::int64_t before = times_suspended();
        take();
        undisturbed = times_suspended() == before;
    } else {
        undisturbed = without_a_stop(fmt::format("{}: round {}", group.planned->id, round.round), take);
    }
    round.load_1min = load_1min();
    const LoadMeter::Reading reading = group.load->after_round();
    round.foreign_load = reading.foreign_load;
    round.steal_s = reading.steal_s;
    round.disturbed = !undisturbed || reading.foreign_load > kForeignLoad;
    round.changed = differences(environment_, machine_state());
    return round;
}

}  // namespace headcount
