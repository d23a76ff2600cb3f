// A whole run: every point counted, checked, timed, traced and its memory measured, each once, whatever happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/sweep.hpp"
#include "harness/journal/record.hpp"
#include "harness/measure/campaign/rounds.hpp"
#include "harness/measure/plan/plan.hpp"
#include "harness/measure/plan/shard.hpp"
#include "harness/measure/worker/sampler.hpp"

namespace headcount {

struct CampaignOptions {
    std::filesystem::path output;      ///< the journal; an unfinished one of the same run is gone on with
    std::filesystem::path executable;  ///< started for workers as `executable worker`; usually /proc/self/exe
    Shard shard;                       ///< only this part of the sweep
    bool pin = false;                  ///< workers stay on cores of their own
    bool fresh = false;                ///< set an existing journal aside (set_aside.hpp) and begin anew
    bool retry_failed = false;         ///< try every point again that failed
    std::vector<std::string> command;  ///< argv, for the record
    std::optional<Plan> plan;          ///< of this part, where the caller has made it already; else it is made here
    bool compare_with_itself = true;   ///< begin with an A/A comparison, which takes up to 3 s

    // For tests; the defaults are the real thing.
    std::function<std::unique_ptr<Worker>()> start_worker;  ///< instead of processes of `executable`
    std::function<double()> now_s;                          ///< a steady clock, in seconds
    WidestInterval width = widest_interval;                 ///< what the stopping rule looks at
};

/// Where a run stands.
struct ProgressState {
    std::size_t points_done = 0, points_total = 0;
    std::int64_t rounds_done = 0;  ///< of all groups, earlier runs included
    double elapsed_s = 0;          ///< of this run
    double left_s = 0;             ///< a guess: at most this
    std::string doing;             ///< "checking ID", "group ID: round 12 of 20"
};

/// What a command line shows. All calls come from the thread of run_campaign.
struct Progress {
    virtual ~Progress() = default;
    virtual void on_plan(const Plan& /*plan*/) {}
    virtual void on_state(const ProgressState& /*state*/) {}
    virtual void on_point(const PointRecord& /*record*/) {}
    virtual void on_message(const std::string& /*message*/) {}  ///< a warning or a note, one line
};

struct CampaignResult {
    std::size_t measured = 0, counted = 0, skipped = 0, failed = 0;  ///< points, earlier runs included
    std::int64_t rounds = 0;                                         ///< taken now
    std::int64_t disturbed_rounds = 0;                               ///< of these, marked for foreign load
    bool resumed = false;                                            ///< an earlier journal was gone on with
    bool interrupted = false;                                        ///< a signal asked to stop: exit with 130
    bool budget_ended = false;                                       ///< at least one group stopped for want of time
    double elapsed_s = 0;
    double sampled_s = 0;  ///< of these, in rounds: samples and their warm iterations
    double setup_s = 0;    ///< of these, in checks, calibration, traced passes and memory children
};

/// Throws UsageError when the journal holds another run (another config, machine or build) or is being
/// written by another process; Error when it cannot be written. What was written up to then stays.
CampaignResult run_campaign(const Sweep& sweep, const CampaignOptions& options, Progress& progress);

}  // namespace headcount
