// Begins a journal, or takes over what an earlier run of the same measurement left.
#include <filesystem>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/machine_kind.hpp"
#include "harness/journal/set_aside.hpp"
#include "harness/measure/campaign/campaign_state.hpp"
#include "harness/measure/campaign/run_record.hpp"
#include "harness/measure/campaign/self_comparison.hpp"
#include "harness/measure/engine/engine_hello.hpp"
#include "harness/measure/machine/environment.hpp"
#include "harness/measure/worker/worker_process.hpp"

namespace headcount {

void Campaign::open_journal() {
    make_group_states();
    auto environment = read_environment();
    environment["pinning"] = pinning_.says;
    environment["waiting"] = waiting_policy();
    add_engines(environment, sweep_);
    RunRecord run = make_run_record(sweep_, environment);
    run.command = options_.command;
    run.shard = options_.shard.text();
    writer_.emplace(options_.output);
    auto earlier = read_unfinished_journal(options_.output);
    if (earlier && options_.fresh) {
        const std::filesystem::path aside = set_aside(options_.output);
        progress_.on_message(fmt::format("{} is now {}", options_.output.string(), aside.string()));
        writer_.emplace(options_.output);
        earlier.reset();
    }
    run_ = earlier ? earlier->run.run : run.run;
    environment_ = earlier ? earlier->run.environment : run.environment;
    if (!earlier) {
        measure_limits_into(run);
        compare_with_itself_into(run);
        writer_->append(run);
        return;
    }
    const std::string differs = difference(earlier->run, run);
    if (!differs.empty()) {
        throw UsageError(
            fmt::format("{}: holds the results of {}; choose another --output, or --fresh to set it "
                        "aside and measure anew",
                        options_.output.string(), differs));
    }
    if (writer_->torn_bytes() > 0) {
        progress_.on_message(fmt::format("{}: cut off a torn last line of {} bytes; its work is done again",
                                         options_.output.string(), writer_->torn_bytes()));
    }
    for (const std::string& warning : earlier->warnings) progress_.on_message(warning);
    result_.resumed = true;
    take_over(std::move(*earlier), run);
}

void Campaign::make_group_states() {
    for (const PlannedGroup& planned : plan_.groups) {
        GroupState& group = groups_.emplace_back();
        group.planned = &planned;
        for (const std::size_t index : planned.points) group.alive.push_back(plan_.points[index].id);
    }
}

void Campaign::measure_limits_into(RunRecord& run) {
    std::set<int> threads{1};
    for (const PlannedPoint& point : plan_.points) {
        const int wanted = point.point.num_threads;
        if (point.fate == Fate::time && wanted <= plan_.processors) threads.insert(wanted);
    }
    if (plan_.groups.empty()) return;  // nothing will be timed
    doing("measuring the machine's limits");
    try {
        without_a_stop("the machine's limits", [&] {
            run.limits = start_worker(*threads.rbegin())->limits({threads.begin(), threads.end()}, LimitSet::bounds);
        });
    } catch (const PointFailure& failure) {
        run.environment["limits"] = fmt::format("unavailable: {}", failure.what());
        progress_.on_message(fmt::format("the machine's limits are unavailable: {}", failure.what()));
    }
}

/// Of the cheapest point: its samples are as short as any, so this run's other comparisons are hardly noisier.
void Campaign::compare_with_itself_into(RunRecord& run) {
    const PlannedPoint* point = cheapest_timed(plan_);
    if (!options_.compare_with_itself || point == nullptr) return;
    doing("comparing a point with itself");
    try {
        without_a_stop("the A/A comparison", [&] {
            const auto worker = start_worker(point->point.num_threads);
            run.self_comparison = compare_with_itself(*worker, point->point, sweep_.protocol, sweep_.seed);
        });
    } catch (const PointFailure& failure) {
        run.environment["self_comparison"] = fmt::format("unavailable: {}", failure.what());
        progress_.on_message(fmt::format("no A/A comparison of {}: {}", point->id, failure.what()));
    }
}

/// Did a smaller budget than today's end this point?
bool Campaign::goes_on(const PointRecord& record) const {
    const double budget = sweep_.protocol.budget_s;
    const double now_s = budget > 0 ? budget : std::numeric_limits<double>::infinity();
    return record.outcome == Outcome::measured && record.stopped_because == "budget" && record.budget_s > 0 &&
           now_s > record.budget_s;
}

void Campaign::take_over_points(std::vector<PointRecord>& points) {
    for (PointRecord& point : points) {
        for (const auto& [what, seconds] : point.spent_s) spent_before_s_ += seconds;
        outcomes_[point.point] = point.outcome;
        note_closing(point);
        bool open_again = goes_on(point);
        for (GroupState& group : groups_) {
            if (point.outcome == Outcome::failed || point.outcome == Outcome::skipped) group.drop(point.point);
            if (point.outcome != Outcome::measured || group.planned->id != point.group) continue;
            open_again = open_again || group.joined;
            if (!open_again) group.stopped_because = point.stopped_because;
        }
        if (open_again) ended_early_.emplace(point.point, std::move(point));
    }
}

void Campaign::take_over(Journal journal, const RunRecord& now) {
    const Protocol before = journal.resumes.empty() ? journal.run.protocol : journal.resumes.back().protocol;
    resume_ = {.run = run_,
               .started = now.started,
               .command = now.command,
               .protocol = now.protocol,
               .changed = differing_protocol(before, now.protocol),
               .installed = installed_since(journal.run.environment, now.environment),
               .again = {},
               .points = static_cast<std::int64_t>(journal.points.size()),
               .rounds = static_cast<std::int64_t>(journal.rounds.size())};
    if (!resume_->changed.empty()) {
        progress_.on_message(fmt::format("{}: going on under another protocol: {}; the journal will say so",
                                         options_.output.string(), resume_->changed));
    }
    for (const auto& [name, value] : resume_->installed) environment_[name] = value;
    forget_what_is_tried_again(journal, before);
    take_over_points(journal.points);
    for (const TuningRecord& tuning : journal.tunings) {
        learning_rates_[tuning.point] = tuning.learning_rate;
        if (outcomes_.contains(tuning.point)) continue;  // its record has the seconds
        for (const Sample& sample : tuning.tried)
            spent_before_s_ += sample.wall_s * static_cast<double>(sample.iterations);
    }
    std::map<std::string, GroupState*> by_id;
    for (GroupState& group : groups_) by_id[group.planned->id] = &group;
    for (RoundRecord& round : journal.rounds) {
        spent_before_s_ += round.seconds;
        const auto found = by_id.find(round.group);
        if (found != by_id.end()) found->second->add(std::move(round));
    }
    progress_.on_message(fmt::format("{}: going on; {} of {} points and {} rounds are there already",
                                     options_.output.string(), outcomes_.size(), total_points(),
                                     journal.rounds.size()));
}

}  // namespace headcount
