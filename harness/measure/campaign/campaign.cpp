// Runs a sweep: journal and resume, then rounds where they are needed most, then what closes each point.
#include "harness/measure/campaign/campaign.hpp"

#include <algorithm>
#include <array>

#include "harness/core/error.hpp"
#include "harness/core/stopwatch.hpp"
#include "harness/measure/campaign/campaign_state.hpp"
#include "harness/measure/worker/worker_process.hpp"

namespace headcount {
namespace {

int most_threads(const Plan& plan) {
    int threads = 1;
    for (const PlannedPoint& point : plan.points) {
        if (point.fate == Fate::time) threads = std::max(threads, point.point.num_threads);
    }
    return threads;
}

/// In the order of Outcome.
constexpr std::array kTally{&CampaignResult::measured, &CampaignResult::counted, &CampaignResult::skipped,
                            &CampaignResult::failed};

Plan plan_of(const Sweep& sweep, const CampaignOptions& options) {
    if (options.plan) return *options.plan;
    return make_plan(options.shard.whole() ? sweep : shard_of(sweep, options.shard));
}

}  // namespace

Campaign::Campaign(const Sweep& sweep, const CampaignOptions& options, Progress& progress)
    : sweep_(sweep), options_(options), progress_(progress), plan_(plan_of(sweep, options)) {
    options_.plan.reset();
    if (!options_.now_s) options_.now_s = steady_s;
    if (!options_.start_worker) {
        options_.start_worker = [this] {
            return start_worker_process({.executable = options_.executable}, sweep_.protocol, plan_.memory_limit_bytes);
        };
    }
    if (options_.pin) pinning_ = choose_cores(most_threads(plan_));
    started_s_ = options_.now_s();
}

CampaignResult Campaign::run() {
    for (std::size_t i = 0; i < plan_.points.size(); ++i) {
        index_[plan_.points[i].id] = i;
        if (plan_.points[i].fate == Fate::time) ++closing_[plan_.points[i].point.backend].open;
    }
    progress_.on_plan(plan_);
    try {
        open_journal();
        record_what_is_not_run();
        time_groups();
    } catch (const Interrupted&) {
        result_.interrupted = true;
    }
    for (const auto& [id, outcome] : outcomes_) ++(result_.*kTally.at(static_cast<std::size_t>(outcome)));
    result_.elapsed_s = options_.now_s() - started_s_;
    return result_;
}

/// Pinned to as many cores as the widest point of the group has threads.
std::unique_ptr<Worker> Campaign::start_worker(const GroupState& group) {
    int threads = 1;
    for (const std::size_t index : group.planned->points) {
        threads = std::max(threads, plan_.points[index].point.num_threads);
    }
    return start_worker(threads);
}

std::unique_ptr<Worker> Campaign::start_worker(int num_threads) {
    const PinnedHere pinned(pinning_.first(num_threads));
    return options_.start_worker();
}

void Campaign::doing(const std::string& what) {
    ProgressState state{.points_done = outcomes_.size(),
                        .points_total = total_points(),
                        .rounds_done = 0,
                        .elapsed_s = options_.now_s() - started_s_,
                        .left_s = 0,
                        .doing = what};
    for (const GroupState& group : groups_) {
        state.rounds_done += std::ssize(group.rounds);
        if (!group.finished) {
            state.left_s += std::max(0, sweep_.protocol.max_rounds - group.taken()) * group.round_s();
        }
    }
    state.left_s = std::max(0.0, std::min(state.left_s, budget_left_s()));
    progress_.on_state(state);
}

CampaignResult run_campaign(const Sweep& sweep, const CampaignOptions& options, Progress& progress) {
    const SignalGuard guard;
    return Campaign(sweep, options, progress).run();
}

}  // namespace headcount
