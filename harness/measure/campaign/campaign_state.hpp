// What the parts of a campaign share; each part is a file: resuming, records without time, which group next, rounds,
// closing points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/journal/journal.hpp"
#include "harness/measure/campaign/campaign.hpp"
#include "harness/measure/campaign/group_state.hpp"
#include "harness/measure/process/pinning.hpp"
#include "harness/measure/process/running_clock.hpp"

namespace headcount {

class Campaign {
public:
    Campaign(const Sweep& sweep, const CampaignOptions& options, Progress& progress);
    CampaignResult run();

private:
    // campaign_resume.cpp: a journal is begun, or what an earlier run left is taken over
    void open_journal();
    void make_group_states();
    void measure_limits_into(RunRecord& run);
    void compare_with_itself_into(RunRecord& run);
    void take_over(Journal journal, const RunRecord& now);
    void take_over_points(std::vector<PointRecord>& points);
    bool goes_on(const PointRecord& record) const;

    // campaign_again.cpp: points that an older bound ended, and that may do now
    bool tried_again(const PointRecord& record) const;
    void forget_what_is_tried_again(Journal& journal, const Protocol& before);
    void note_bound(PointRecord& record, const PointFailure& failure) const;

    // campaign_records.cpp: what becomes of a point, in the journal and for the progress
    template <class Record>
    void append(const Record& record) {
        note_resume();
        writer_->append(record);
    }
    void note_resume();
    void write(const PointRecord& record);
    void written(const PointRecord& record);
    PointRecord planned_record(const PlannedPoint& planned) const;
    void record_what_is_not_run();
    void fail(GroupState& group, const std::string& id, const PointFailure& failure);

    // campaign_schedule.cpp: which group has the next rounds, and when none has
    double elapsed_s() const;
    double budget_left_s() const;
    double closing_s() const;
    void note_closing(const PointRecord& record);
    void note_check(const std::string& id);
    bool before_first_look(const GroupState& group) const;
    double allowed_s(const GroupState& group) const;
    void time_groups();
    void first_looks();
    GroupState* most_uncertain();
    void settle(GroupState& group);

    // campaign_rounds.cpp: preparing a group's points and timing them together
    void take_rounds(GroupState& group, int target, double may_use_s);
    void prepare(GroupState& group);
    void prepare_point(GroupState& group, const std::string& id);
    void take_rounds_in(GroupState& group, int target, double may_use_s, double before_s);
    std::map<std::string, double> limits_of_now(GroupState& group);
    RoundRecord take_one_round(GroupState& group);
    bool fits_together(const GroupState& group) const;

    // campaign_tune.cpp: the learning rate of a point that is trained
    void tune(GroupState& group, const std::string& id);
    /// The folder of trainings whose round or tuning is not written yet; of this run alone, so that no other machine or
    /// build goes on with them.
    std::filesystem::path trainings() const;
    void forget_trainings() const;

    // campaign_close.cpp: what a point is asked once its rounds are there
    void close(GroupState& group);
    void close_point(GroupState& group, const std::string& id);
    double check_again(GroupState& group, const std::string& id);
    void close_again(GroupState& group, PointRecord record);
    void say_why_stopped(PointRecord& record, const GroupState& group) const;
    PeakMemory memory_of(const std::string& id);

    // campaign.cpp: common to all
    std::unique_ptr<Worker> start_worker(int num_threads);
    std::unique_ptr<Worker> start_worker(const GroupState& group);
    std::size_t total_points() const { return plan_.points.size() + plan_.unresolved.size(); }
    bool has_record(const std::string& id) const { return outcomes_.contains(id); }
    const PlannedPoint& planned(const std::string& id) const { return plan_.points[index_.at(id)]; }
    void doing(const std::string& what);
    /// Does the work, and does it again where this process stood still meanwhile: what was timed then is too long.
    /// False: so it was every time.
    template <class F>
    bool without_a_stop(const std::string& what, const F& work) {
        constexpr int kTries = 3;
        for (int i = 0; i < kTries; ++i) {
            const std::int64_t before = times_suspended();
            work();
            if (times_suspended() == before) return true;
            progress_.on_message(what + ": this process or the machine stood still meanwhile" +
                                 (i + 1 < kTries ? "; taken again" : " every time; the last is kept"));
        }
        return false;
    }
    template <class F>
    void timed(const std::string& id, const std::string& what, const F& work) {
        const double start_s = options_.now_s();
        work();
        const double seconds = options_.now_s() - start_s;
        spent_s_[id][what] += seconds;
        result_.setup_s += seconds;
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
    std::map<std::string, std::string> environment_;  ///< as the run record says
    std::optional<ResumeRecord> resume_;              ///< not written yet: nothing was added
    std::map<std::string, Outcome> outcomes_;
    std::map<std::string, PointRecord> ended_early_;  ///< in an earlier run, and their group takes more rounds
    std::map<std::string, double> learning_rates_;    ///< chosen, of points that are trained
    std::map<std::string, CheckRecord> checks_;
    std::map<std::string, std::map<std::string, double>> spent_s_;
    /// What the records of a backend's points take: traced passes and memory.
    struct Closing {
        int open = 0;  ///< timed points without a record
        int closed = 0;
        double seconds = 0;  ///< of those closed
        double check_s = 0;  ///< of an engine's last check
    };
    std::map<std::string, Closing> closing_;  ///< by backend
    double started_s_ = 0, spent_before_s_ = 0;
    double looked_at_peak_s_ = -std::numeric_limits<double>::infinity();
    CampaignResult result_;
};

}  // namespace headcount
