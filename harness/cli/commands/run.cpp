// headcount run: measures what a config asks, and goes on where an earlier run of it stopped.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/cli/claims_before.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/margin_warnings.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/plan_report.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/vocabulary.hpp"
#include "harness/core/duration.hpp"
#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"
#include "harness/core/shell_words.hpp"
#include "harness/core/stopwatch.hpp"
#include "harness/measure/campaign/campaign.hpp"
#include "harness/measure/forecast/calibrate.hpp"
#include "harness/measure/point/known_fields.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string config;
    LoadOptions load;
    std::vector<std::string> points;
    std::string shard;
    std::string budget;
    std::string output;
    bool dry_run = false;
    bool pin = false;
    bool fresh = false;
    bool retry_failed = false;
    bool quiet = false;
};

// Keeps the points named, in every part; a point that the config does not hold is one more, timed alone.
void keep_points(Sweep& sweep, const std::vector<std::string>& ids) {
    std::vector<Point> wanted;
    for (const std::string& id : ids) wanted.push_back(point_from_id(id, known_fields()));
    std::vector<bool> found(wanted.size(), false);
    for (Part& part : sweep.parts) {
        part.skipped.clear();
        std::erase_if(part.points, [&](const Point& point) {
            for (std::size_t i = 0; i < wanted.size(); ++i) {
                if (wanted[i] == point) {
                    found[i] = true;
                    return false;
                }
            }
            return true;
        });
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!found[i]) sweep.parts.front().points.push_back(wanted[i]);
    }
    sweep.config_hash = hash_config(sweep);
}

/// A result of skipped points alone answers nothing, and looks as if something had been measured.
void require_something_to_do(const Plan& plan) {
    const std::size_t skipped = plan.count(Fate::skip) + plan.unresolved.size();
    if (skipped == 0 || plan.count(Fate::skip) < plan.points.size()) return;
    const bool planned = !plan.points.empty();
    throw Error(fmt::format("nothing of this can run here: {}; the first of {} points: {}: {}",
                            planned ? "every point is skipped" : "no point can be resolved", skipped,
                            planned ? plan.points.front().id : plan.unresolved.front().id,
                            planned ? plan.points.front().reason : plan.unresolved.front().reason));
}

constexpr double kTrialOfPlan_s = 1.5;

/// Time that the budget should not miss.
double trial_of_run_s(const Protocol& protocol) {
    constexpr double kMost_s = 1, kShareOfBudget = 0.02;
    return protocol.budget_s > 0 ? std::min(kMost_s, kShareOfBudget * protocol.budget_s) : kMost_s;
}

/// Calibrates the plan.
Trial try_out(Plan& plan, const Protocol& protocol, double most_s) {
    Trial trial = take_trial(plan, {.start_worker = trial_workers(executable_path(), protocol, plan.memory_limit_bytes),
                                    .now_s = steady_s,
                                    .most_s = most_s});
    calibrate(plan, trial, protocol);
    return trial;
}

void warn_of_margins(const PlannedClaims& claims, const Plan& plan, const Protocol& protocol, const Trial& trial) {
    for (const std::string& warning : margin_warnings(claims, plan, protocol, start_s_of(trial))) {
        fmt::print(stderr, "{}\n", printable(warning));
    }
}

std::string command_line(const Options& options, const std::string& output) {
    std::vector<std::string> words{"headcount", "run", options.config};
    const auto add = [&](const char* option, const std::string& value) {
        if (!value.empty()) words.insert(words.end(), {option, value});
    };
    add("--profile", options.load.profile);
    for (const std::string& item : options.load.set) add("--set", item);
    for (const std::string& item : options.load.filter) add("--filter", item);
    for (const std::string& item : options.points) add("--point", item);
    add("--shard", options.shard);
    add("--budget", options.budget);
    if (options.pin) words.emplace_back("--pin");
    add("--output", output);
    return shell_words(words);
}

void run(const Options& options, int& exit_code) {
    Sweep sweep = load_sweep(find_config(options.config), vocabulary(), options.load);
    for (const std::string& warning : sweep.warnings) fmt::print(stderr, "{}\n", printable(warning));
    if (!options.points.empty()) keep_points(sweep, options.points);
    if (!options.budget.empty()) {
        sweep.protocol.budget_s = parse_duration_s("--budget", options.budget);
        sweep.protocol_given.insert("budget_s");
    }
    const Shard shard = options.shard.empty() ? Shard{} : parse_shard(options.shard);
    const bool narrowed = !options.load.set.empty() || !options.load.filter.empty() || !options.points.empty() ||
                          (!sweep.profile.empty() && sweep.profile != "quick") || !shard.whole();
    const Sweep mine = shard_of(sweep, shard);
    Plan plan = make_plan(mine);
    const PlannedClaims claims(mine, plan);
    require_judgeable_claims(claims, narrowed);
    if (options.dry_run) {
        const Trial trial = try_out(plan, mine.protocol, kTrialOfPlan_s);
        print_plan(stdout, mine, plan, claims, trial);
        std::fflush(stdout);
        require_something_to_do(plan);
        warn_of_margins(claims, plan, mine.protocol, trial);
        return;
    }
    require_something_to_do(plan);
    std::string name = sweep.name;
    if (!sweep.profile.empty() && sweep.profile != "quick") name += "-" + sweep.profile;
    if (!shard.whole()) name += fmt::format("-shard{}of{}", shard.number, shard.of);
    // A narrowed sweep is another question: it gets a file of its own beside the whole one.
    if (!options.load.set.empty() || !options.load.filter.empty() || !options.points.empty()) {
        name += "-" + sweep.config_hash.substr(0, 8);
    }
    const std::string output = options.output.empty() ? default_result_path(name).string() : options.output;
    // A run that goes on has its rounds already.
    if (any_margin(claims) && (options.fresh || !std::filesystem::exists(output))) {
        const Trial trial = try_out(plan, mine.protocol, trial_of_run_s(mine.protocol));
        warn_of_margins(claims, plan, mine.protocol, trial);
    }
    const std::string command = command_line(options, output);
    const auto progress = make_progress(options.quiet);
    CampaignOptions campaign;
    campaign.output = output;
    campaign.executable = executable_path();
    campaign.shard = shard;
    campaign.plan = std::move(plan);
    campaign.pin = options.pin;
    campaign.fresh = options.fresh;
    campaign.retry_failed = options.retry_failed;
    campaign.command = {command};
    const CampaignResult result = run_campaign(sweep, campaign, *progress);
    fmt::print("{}: {} points measured, {} counted, {} skipped, {} failed; {} rounds now, {:.0f} s\n", output,
               result.measured, result.counted, result.skipped, result.failed, result.rounds, result.elapsed_s);
    if (result.disturbed_rounds > 0) {
        fmt::print("{:.0f} % of these rounds were taken while others kept a processor busy; they are marked and kept\n",
                   100.0 * static_cast<double>(result.disturbed_rounds) / static_cast<double>(result.rounds));
    }
    if (result.interrupted) {
        fmt::print("interrupted; nothing is lost. To go on: {}\n", command);
        exit_code = exit_code::interrupted;
    } else if (result.failed > 0) {
        exit_code = exit_code::not_as_expected;
    }
    if (result.interrupted) return;
    if (shard.whole()) {
        fmt::print("verdicts: headcount verify {}\n", shell_word(output));
    } else {
        fmt::print("with the other shards: headcount merge SHARD... --output {}\n", shell_word(sweep.name + ".jsonl"));
    }
}

constexpr char kExamples[] = R"(
Examples:
  headcount run configs/equal_complexity.yaml
  headcount run configs/smoke.yaml --dry-run
  headcount run configs/smoke.yaml --set num_heads=1,8 --filter backend=blas --output results/mine.jsonl
  headcount run configs/smoke.yaml --point multi_head/blas/seq_len=64,embed_dim=64,num_heads=4
  headcount run configs/equal_complexity.yaml --budget 10m
  headcount run configs/equal_complexity.yaml --shard 1/2      on one machine, 2/2 on another

The same command again goes on where it stopped. Exit: 0 done, 1 a point failed, 2 the config is wrong,
130 interrupted.)";

}  // namespace

Command run() {
    return {
        .name = "run",
        .summary = "Measure what a config asks; the same command again resumes",
        .declare = [](int& exit_code) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags =
                    {{.name = "config", .into = &options->config, .doc = "a question: file or name", .required = true},
                     {.name = "--set", .into = &options->load.set, .doc = "replace an axis or field: num_heads=1,8"},
                     {.name = "--filter", .into = &options->load.filter, .doc = "keep points: seq_len=128,512"},
                     {.name = "--point", .into = &options->points, .doc = "only this point; repeatable"},
                     {.name = "--profile",
                      .into = &options->load.profile,
                      .doc = "a profile of the config: smoke, full"},
                     {.name = "--shard",
                      .into = &options->shard,
                      .doc = "k/n: only this part, of even cost; `headcount merge` joins the parts"},
                     {.name = "--budget",
                      .into = &options->budget,
                      .doc = "time for all, spent where results are uncertain: 30s, 10m, 2h; 0: no limit"},
                     {.name = "--output,-o",
                      .into = &options->output,
                      .doc = "the journal; default results/<machine>/<name>.jsonl"},
                     {.name = "--dry-run", .into = &options->dry_run, .doc = "print the plan and measure nothing"},
                     {.name = "--pin", .into = &options->pin, .doc = "workers stay on cores of their own"},
                     {.name = "--fresh", .into = &options->fresh, .doc = "set an earlier journal aside and begin anew"},
                     {.name = "--retry-failed",
                      .into = &options->retry_failed,
                      .doc = "try every point again that failed; one that met a bound that is wider now is anyway"},
                     {.name = "--quiet,-q", .into = &options->quiet, .doc = "no progress"}},
                .run = [options, &exit_code] { run(*options, exit_code); },
                .footer = kExamples};
        }};
}

}  // namespace headcount::commands
