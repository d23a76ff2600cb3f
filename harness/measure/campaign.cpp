// Runs a sweep: journal and resume, then rounds where they are needed most, then what closes each point.
#include "harness/measure/campaign.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/journal.hpp"
#include "harness/measure/count.hpp"
#include "harness/measure/environment.hpp"
#include "harness/measure/group_state.hpp"
#include "harness/measure/pinning.hpp"
#include "harness/measure/run_record.hpp"
#include "harness/measure/self_comparison.hpp"
#include "harness/measure/worker_process.hpp"

namespace headcount {
namespace {

double steady_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

class Campaign {
public:
    Campaign(const Sweep& sweep, const CampaignOptions& options, Progress& progress)
        : sweep_(sweep), options_(options), progress_(progress), plan_(make_plan(shard_of(sweep, options.shard))) {
        if (!options_.now_s) options_.now_s = steady_s;
        if (!options_.start_worker) {
            options_.start_worker = [this] {
                const PinnedHere pinned(pinning_.cpus);
                return start_worker_process({.executable = options_.executable}, sweep_.protocol,
                                            plan_.memory_limit_bytes);
            };
        }
        if (options_.pin) {
            int threads = 1;
            for (const PlannedPoint& point : plan_.points) {
                if (point.work == Work::time) threads = std::max(threads, point.point.num_threads);
            }
            pinning_ = choose_cores(threads);
        }
        started_s_ = options_.now_s();
    }

    CampaignResult run() {
        for (std::size_t i = 0; i < plan_.points.size(); ++i) index_[plan_.points[i].id] = i;
        progress_.on_plan(plan_);
        try {
            open_journal();
            record_what_is_not_run();
            time_groups();
        } catch (const Interrupted&) {
            result_.interrupted = true;
        }
        for (const auto& [id, outcome] : outcomes_) {
            ++(outcome == Outcome::measured  ? result_.measured
               : outcome == Outcome::counted ? result_.counted
               : outcome == Outcome::skipped ? result_.skipped
                                             : result_.failed);
        }
        result_.elapsed_s = options_.now_s() - started_s_;
        return result_;
    }

private:
    // ---- journal ----

    void open_journal() {
        make_group_states();
        auto environment = read_environment();
        environment["pinning"] = pinning_.says;
        environment["waiting"] = waiting_policy();
        RunRecord run = make_run_record(sweep_, environment);
        run.command = options_.command;
        run.shard = options_.shard.text();
        writer_.emplace(options_.output);
        auto earlier = read_unfinished_journal(options_.output);
        if (earlier && options_.fresh) {
            auto aside = options_.output;
            aside += ".old";
            std::filesystem::rename(options_.output, aside);
            writer_.emplace(options_.output);
            earlier.reset();
        }
        run_ = run.run;
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
        take_over(std::move(*earlier));
    }

    void make_group_states() {
        for (const PlannedGroup& planned : plan_.groups) {
            GroupState& group = groups_.emplace_back();
            group.planned = &planned;
            for (const std::size_t index : planned.points) group.alive.push_back(plan_.points[index].id);
        }
    }

    void measure_limits_into(RunRecord& run) {
        std::set<int> threads{1};
        for (const PlannedPoint& point : plan_.points) {
            if (point.work == Work::time) threads.insert(point.point.num_threads);
        }
        if (plan_.groups.empty()) return;  // nothing will be timed
        doing("measuring the machine's limits");
        try {
            run.limits = options_.start_worker()->limits({threads.begin(), threads.end()});
        } catch (const PointFailure& failure) {
            run.environment["limits"] = fmt::format("unavailable: {}", failure.what());
            progress_.on_message(fmt::format("the machine's limits are unavailable: {}", failure.what()));
        }
    }

    /// Of the cheapest point: its samples are as short as any, so this run's other comparisons are hardly noisier.
    void compare_with_itself_into(RunRecord& run) {
        const PlannedPoint* point = cheapest_timed(plan_);
        if (!options_.compare_with_itself || point == nullptr) return;
        doing("comparing a point with itself");
        try {
            const auto worker = options_.start_worker();
            run.self_comparison = compare_with_itself(*worker, point->point, sweep_.protocol, sweep_.seed);
        } catch (const PointFailure& failure) {
            run.environment["self_comparison"] = fmt::format("unavailable: {}", failure.what());
            progress_.on_message(fmt::format("no A/A comparison of {}: {}", point->id, failure.what()));
        }
    }

    void take_over(Journal journal) {
        for (PointRecord& point : journal.points) {
            for (const auto& [what, seconds] : point.spent_s) spent_before_s_ += seconds;
            outcomes_[point.point] = point.outcome;
            for (GroupState& group : groups_) {
                if (point.outcome == Outcome::failed) group.drop(point.point);
                if (point.outcome == Outcome::measured && group.planned->id == point.group) {
                    group.stopped_because = point.stopped_because;
                }
            }
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

    std::size_t total_points() const { return plan_.points.size() + plan_.unresolved.size(); }
    bool has_record(const std::string& id) const { return outcomes_.contains(id); }

    void write(const PointRecord& record) {
        writer_->append(record);
        written(record);
    }
    void written(const PointRecord& record) {
        outcomes_[record.point] = record.outcome;
        progress_.on_point(record);
    }

    /// The record of a point as far as its dry run knows.
    PointRecord counted_record(const PlannedPoint& planned) const {
        PointRecord record;
        record.run = run_;
        record.point = planned.id;
        record.group = planned.group;
        const Count count = count_point(planned.point);
        record.ops = count.ops;
        record.parameters = count.parameters;
        record.kv_cache_bytes = count.kv_cache_bytes;
        record.score_bytes = count.score_bytes;
        record.query_block = count.query_block;
        record.memory.predicted_bytes = count.workspace_bytes;
        record.memory.inputs_bytes = count.inputs_bytes;
        const auto check = checks_.find(planned.id);
        if (check != checks_.end()) record.check = check->second;
        const auto spent = spent_s_.find(planned.id);
        if (spent != spent_s_.end()) record.spent_s = spent->second;
        return record;
    }

    /// Counting is cheap and can be done again: one sync for many records.
    void record_what_is_not_run() {
        constexpr std::size_t kBatch = 256;
        std::vector<PointRecord> batch;
        const auto flush = [&] {
            writer_->append(batch);
            for (const PointRecord& record : batch) written(record);
            batch.clear();
        };
        const auto add = [&](PointRecord record) {
            batch.push_back(std::move(record));
            if (batch.size() < kBatch && !stop_requested()) return;
            flush();
            stop_if_asked();
        };
        for (const PlannedPoint& planned : plan_.points) {
            if (planned.work == Work::time || has_record(planned.id)) continue;
            PointRecord record;
            std::string reason = planned.reason;
            try {
                record = counted_record(planned);
            } catch (const Error& error) {  // a point that cannot run often cannot be counted either
                record.run = run_;
                record.point = planned.id;
                if (reason.empty()) reason = error.what();
            }
            record.outcome = reason.empty() ? Outcome::counted : Outcome::skipped;
            record.reason = std::move(reason);
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

    void fail(GroupState& group, const std::string& id, const std::string& reason) {
        for (GroupState& other : groups_) other.drop(id);
        if (!has_record(id)) {
            PointRecord record = counted_record(plan_.points[index_.at(id)]);
            record.outcome = Outcome::failed;
            record.reason = reason;
            record.rounds = group.taken();
            write(record);
        }
        progress_.on_message(fmt::format("{} failed: {}", id, reason));
    }

    // ---- time ----

    double elapsed_s() const { return spent_before_s_ + options_.now_s() - started_s_; }
    double budget_left_s() const {
        const double budget = sweep_.protocol.budget_s;
        return budget > 0 ? budget - elapsed_s() : std::numeric_limits<double>::infinity();
    }

    bool before_first_look(const GroupState& group) const { return group.taken() < looks(sweep_.protocol).front(); }
    /// What a group may still take: before its first look the budget may be overdrawn by as much again.
    double allowed_s(const GroupState& group) const {
        return std::max(0.0, budget_left_s() + (before_first_look(group) ? sweep_.protocol.budget_s : 0));
    }

    void time_groups() {
        first_looks();
        while (GroupState* group = most_uncertain()) {
            take_rounds(*group, group->decide_now(sweep_.protocol, options_.width).next_look, allowed_s(*group));
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
    void first_looks() {
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
    GroupState* most_uncertain() {
        GroupState* best = nullptr;
        double widest = 0;
        for (GroupState& group : groups_) {
            if (group.finished || group.alive.empty()) continue;
            const Decision decision = group.decide_now(sweep_.protocol, options_.width);
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
    void settle(GroupState& group) {
        if (!group.finished && group.stopped_because.empty() && !group.alive.empty()) {
            group.stopped_because = group.decide_now(sweep_.protocol, options_.width).because;
        }
        if (!group.finished && (group.alive.empty() || !group.stopped_because.empty())) close(group);
        group.worker.reset();
    }

    // ---- rounds ----

    /// Until the group has `target` rounds or those taken now have used `may_use_s`, at least one round. A point that
    /// fails is recorded and left out; when the worker went down with it, a new one goes on in a new stratum.
    void take_rounds(GroupState& group, int target, double may_use_s) {
        double used_s = 0;
        std::string culprit;
        while (!group.alive.empty() && group.taken() < target) {
            try {
                if (!group.worker) {
                    group.worker = options_.start_worker();
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
                fail(group, culprit, failure.what());
            }
        }
    }

    void prepare(GroupState& group, std::string& culprit) {
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
                fail(group, id, failure.what());
            }
        }
    }

    bool fits_together(const GroupState& group) const {
        return plan_.memory_limit_bytes <= 0 || group.planned->needed_bytes <= plan_.memory_limit_bytes;
    }

    void take_rounds_in(GroupState& group, int stratum, int target, double may_use_s, double& used_s,
                        std::string& culprit) {
        if (group.alive.empty()) return;
        while (group.taken() < target && (used_s == 0 || used_s < may_use_s)) {
            stop_if_asked();
            doing(fmt::format("{}: round {} of {}", group.planned->id, group.taken() + 1, target));
            RoundRecord round;
            round.run = run_;
            round.group = group.planned->id;
            round.round = group.next_round();
            round.stratum = stratum;
            const auto order = shuffled_order(group.alive.size(), sweep_.seed, round.group, round.round);
            const double start_s = options_.now_s();
            Visitor visitor(*this, group, culprit);
            round.samples = take_round(group.alive, order, visitor);
            round.seconds = options_.now_s() - start_s;
            round.finished = utc_now();
            round.load_1min = load_1min();
            const LoadMeter::Reading reading = group.load->after_round();
            round.foreign_load = reading.foreign_load;
            round.steal_s = reading.steal_s;
            round.disturbed = reading.foreign_load > kForeignLoad;
            writer_->append(round);
            result_.sampled_s += round.seconds;
            ++result_.rounds;
            result_.disturbed_rounds += round.disturbed ? 1 : 0;
            used_s += round.seconds;
            group.add(std::move(round));
        }
    }

    /// Names the culprit before each visit, and gives memory back where a group does not fit as a whole.
    class Visitor final : public Sampler {
    public:
        Visitor(const Campaign& campaign, GroupState& group, std::string& culprit)
            : worker_(*group.worker), keep_(campaign.fits_together(group)), culprit_(culprit) {}
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

    // ---- closing a point ----

    /// Traced pass, memory child and record for every point of the group that has none yet.
    void close(GroupState& group) {
        const std::vector<std::string> points = group.alive;
        for (const std::string& id : points) {
            if (has_record(id)) continue;
            stop_if_asked();
            try {
                Traced traced;
                doing("tracing " + id);
                timed(id, "trace", [&] {
                    if (!group.worker) group.worker = options_.start_worker();
                    traced = group.worker->trace(id);
                    if (!fits_together(group)) group.worker->forget(id);
                });
                PeakMemory memory;
                doing("measuring the memory of " + id);
                timed(id, "memory", [&] { memory = memory_of(id); });
                PointRecord record = counted_record(plan_.points[index_.at(id)]);
                record.outcome = Outcome::measured;
                record.breakdown = std::move(traced.breakdown);
                record.traced_s = traced.seconds;
                record.memory.peak_bytes = memory.peak_bytes;
                record.memory.process_peak_bytes = memory.process_peak_bytes;
                record.memory.note = memory.note;
                record.rounds = group.taken();
                record.stopped_because = group.stopped_because;
                if (before_first_look(group)) {
                    record.reason = fmt::format(
                        "stopped after {} of the {} rounds of a first look: twice the budget of {} s was over",
                        group.taken(), looks(sweep_.protocol).front(), sweep_.protocol.budget_s);
                }
                write(record);
            } catch (const PointFailure& failure) {
                if (failure.worker_lost) group.worker.reset();
                fail(group, id, failure.what());
            }
        }
        group.finished = true;
        group.worker.reset();
    }

    PeakMemory memory_of(const std::string& id) {
        try {
            return options_.start_worker()->peak_memory(id);
        } catch (const PointFailure& failure) {
            return {.note = fmt::format("unavailable: {}", failure.what())};
        }
    }

    template <class F>
    void timed(const std::string& id, const std::string& what, const F& work) {
        const double start_s = options_.now_s();
        work();
        const double seconds = options_.now_s() - start_s;
        spent_s_[id][what] += seconds;
        result_.setup_s += seconds;
    }

    // ---- telling ----

    static void stop_if_asked() {
        if (stop_requested()) throw Interrupted("interrupted");
    }

    void doing(const std::string& what) {
        ProgressState state{.points_done = outcomes_.size(),
                            .points_total = total_points(),
                            .rounds_done = 0,
                            .elapsed_s = options_.now_s() - started_s_,
                            .left_s = 0,
                            .doing = what};
        for (const GroupState& group : groups_) {
            state.rounds_done += group.taken();
            if (!group.finished) {
                state.left_s += std::max(0, sweep_.protocol.max_rounds - group.taken()) * group.round_s();
            }
        }
        state.left_s = std::max(0.0, std::min(state.left_s, budget_left_s()));
        progress_.on_state(state);
    }

    const Sweep& sweep_;
    CampaignOptions options_;
    Progress& progress_;
    Plan plan_;
    Pinning pinning_{.cpus = {}, .says = "off"};
    std::map<std::string, std::size_t> index_;
    std::vector<GroupState> groups_;
    std::optional<JournalWriter> writer_;
    std::string run_;
    std::map<std::string, Outcome> outcomes_;
    std::map<std::string, CheckRecord> checks_;
    std::map<std::string, std::map<std::string, double>> spent_s_;
    double started_s_ = 0, spent_before_s_ = 0;
    CampaignResult result_;
};

}  // namespace

CampaignResult run_campaign(const Sweep& sweep, const CampaignOptions& options, Progress& progress) {
    const SignalGuard guard;
    return Campaign(sweep, options, progress).run();
}

}  // namespace headcount
