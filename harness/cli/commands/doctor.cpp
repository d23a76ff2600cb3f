// headcount doctor: what this machine takes for a difference, what it is able to tell, and what stands in its way.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/show/limits_table.hpp"
#include "harness/analysis/verdicts/seed_pairs.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/vocabulary.hpp"
#include "harness/core/duration.hpp"
#include "harness/core/error.hpp"
#include "harness/core/library_variables.hpp"
#include "harness/core/printable.hpp"
#include "harness/journal/json.hpp"
#include "harness/measure/campaign/campaign.hpp"
#include "harness/measure/doctor/advice.hpp"
#include "harness/measure/doctor/neighbour.hpp"
#include "harness/measure/limits/gemm.hpp"
#include "harness/measure/machine/control_group.hpp"
#include "harness/measure/machine/environment.hpp"
#include "harness/measure/worker/worker_process.hpp"
#include "harness/stats/paired.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string budget = "30s";
    std::string output;
    std::vector<int> threads;
    bool limits = false;
    bool json = false;
    bool quiet = false;
};

// Beyond this share of the budget stand the checks, traces and memory passes that close each point.
constexpr double kShareOfRounds = 0.6, kShareOfNeighbour = 0.2;
// Several threads, so that those of the library exist, and long enough for them to have worked.
constexpr char kBusyPoint[] = "multi_head/blas/seq_len=256,embed_dim=512,num_heads=8,num_threads=2";
constexpr char kTimedPoint[] = "multi_head/blas/seq_len=128,embed_dim=512,num_heads=8";

/// A file in a folder of its own that goes with the object.
class ScratchJournal {
public:
    ScratchJournal() {
        std::string name = (std::filesystem::temp_directory_path() / "headcount-doctor-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw Error("no temporary folder for the journal; set TMPDIR, or name a file with --output");
        }
        folder_ = name;
    }
    ~ScratchJournal() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    ScratchJournal(const ScratchJournal&) = delete;
    ScratchJournal& operator=(const ScratchJournal&) = delete;
    std::filesystem::path path() const { return folder_ / "self_comparison.jsonl"; }

private:
    std::filesystem::path folder_;
};

std::unique_ptr<Worker> start_worker() {
    return start_worker_process({.executable = executable_path()}, Protocol{}, 0);
}

/// One thread, and as many as there are processors for this process.
std::vector<int> default_threads() {
    const int all = usable_processors().usable;
    return all > 1 ? std::vector<int>{1, all} : std::vector<int>{1};
}

void print_limits(const Options& options) {
    const auto threads = options.threads.empty() ? default_threads() : options.threads;
    const Processors processors = usable_processors();
    if (*std::ranges::max_element(threads) > processors.usable) {
        throw UsageError(fmt::format("--threads: {} is more than the {} processors that this process may use (by {})",
                                     *std::ranges::max_element(threads), processors.usable, processors.by));
    }
    const auto limits = start_worker()->limits(threads, LimitSet::all);
    const std::string missing = limits::gemm_missing();
    if (options.json) {
        Json json{{"limits", limits}};
        if (!missing.empty()) json["unavailable"] = {{"gemm_gflops", missing}};
        fmt::print("{}\n", json.dump(2));
    } else {
        fmt::print("{}", to_terminal(limits_table(limits)));
        if (!missing.empty()) fmt::print("gemm_gflops is unavailable: {}\n", missing);
    }
}

void print_advice(const std::vector<Advice>& all) {
    fmt::print("This machine\n");
    for (const Advice& advice : all) {
        fmt::print("  {}: {}{}\n", advice.what, advice.means, advice.act.empty() ? "" : "\n    -> " + advice.act);
    }
}

/// What of the environment's variables workers and engines get: the same text that the run record has.
void print_variables() {
    fmt::print("\nVariables of libraries that workers and engines get; all others of these libraries are cleared\n");
    constexpr std::size_t kPrefix = 4;  // "env."
    for (const auto& [key, said] : library_variables_here()) {
        fmt::print("  {}: {}\n", key.substr(kPrefix), printable(said));
    }
}

void print_neighbour(const NeighbourCheck& check, const Interval& ratio) {
    fmt::print("\nAn idle neighbour: a second worker that ran two threads and waits\n");
    if (check.idle_cpu_s < 0) {
        fmt::print("  its processor time while idle is unavailable\n");
    } else {
        fmt::print("  it used {:.0f} ms of processor time in {:.0f} ms\n", 1e3 * check.idle_cpu_s,
                   1e3 * check.idle_for_s);
    }
    fmt::print("  a point beside it takes {:.4f} [{:.4f}, {:.4f}] of its time alone ({} rounds): {}\n", ratio.estimate,
               ratio.low, ratio.high, check.alone_s.size(),
               ratio.low > 1 ? "SLOWED DOWN by a worker that should sleep"
                             : fmt::format("no slowing down is seen, and up to {:.2g} % would not be",
                                           100 * std::max(0.0, ratio.high - 1)));
}

Json to_json(const Interval& ratio) { return {{"estimate", ratio.estimate}, {"low", ratio.low}, {"high", ratio.high}}; }

Json to_json(const SeedPair& s) {
    Json json = {{"point", s.point},
                 {"time_s", s.time_s},
                 {"visit_s", s.sample_s},
                 {"rounds", s.rounds},
                 {"ratio", to_json(s.ratio)},
                 {"different", s.different()},
                 {"stopped_because", s.stopped_because},
                 {"visit_noise", s.noise},
                 {"lag1", s.lag1},
                 {"autocorrelated", s.autocorrelated},
                 {"resolvable", Json::array()}};
    for (const Resolvable& r : s.resolvable) {
        json["resolvable"].push_back({{"rounds", r.rounds}, {"seconds", r.seconds}, {"margin", r.margin}});
    }
    return json;
}

/// The journal of the A/A comparisons, taken by the very code that `headcount run` is.
Journal compare(const Options& options, double budget_s, const std::filesystem::path& output) {
    Sweep sweep = load_sweep(find_config("self_comparison"), vocabulary());
    sweep.protocol.budget_s = budget_s;
    CampaignOptions campaign;
    campaign.output = output;
    campaign.executable = executable_path();
    campaign.fresh = true;
    campaign.compare_with_itself = false;  // all of it is one
    campaign.command = {"headcount doctor"};
    const auto progress = make_progress(options.quiet || options.json);
    if (run_campaign(sweep, campaign, *progress).interrupted) throw Interrupted("interrupted");
    return read_journal(output);
}

std::string why_nothing_was_timed(const Journal& journal) {
    for (const PointRecord& point : journal.points) {
        if (!point.reason.empty()) return fmt::format("{}: {}", point.point, point.reason);
    }
    return "no point was timed";
}

void examine(const Options& options, int& exit_code) {
    const double budget_s = parse_duration_s("--budget", options.budget);
    if (budget_s <= 0) throw UsageError("--budget: doctor needs a limit; write e.g. 30s");
    const std::vector<Advice> advice = advise(read_environment());
    if (!options.json) {
        print_advice(advice);
        print_variables();
    }

    const ScratchJournal scratch;
    const std::filesystem::path output =
        options.output.empty() ? scratch.path() : std::filesystem::path(options.output);
    const Journal journal = compare(options, kShareOfRounds * budget_s, output);
    const std::vector<SeedPair> summaries = seed_pairs(RecordSet(journal));
    if (summaries.empty()) throw Error("no A/A comparison: " + why_nothing_was_timed(journal));

    const SignalGuard guard;
    const NeighbourCheck neighbour = check_neighbour(
        start_worker, {.timed = kTimedPoint, .busy = kBusyPoint, .budget_s = kShareOfNeighbour * budget_s});
    const Interval beside = PairedRatio(neighbour.beside_s, neighbour.alone_s).interval();

    const bool different = std::ranges::any_of(summaries, &SeedPair::different);
    if (options.json) {
        Json json = {
            {"machine", Json::array()}, {"variables", library_variables_here()}, {"self_comparisons", Json::array()}};
        for (const Advice& a : advice) json["machine"].push_back({{"what", a.what}, {"means", a.means}, {"do", a.act}});
        for (const SeedPair& s : summaries) json["self_comparisons"].push_back(to_json(s));
        json["idle_neighbour"] = {{"ratio", to_json(beside)},
                                  {"rounds", neighbour.alone_s.size()},
                                  {"idle_cpu_s", neighbour.idle_cpu_s},
                                  {"idle_for_s", neighbour.idle_for_s}};
        fmt::print("{}\n", json.dump(2));
    } else {
        fmt::print("\nTwo points that do the same, timed as `headcount run` times any two (A/A)\n{}",
                   to_terminal(seed_pair_table(summaries)));
        if (different) {
            fmt::print(
                "THE SAME WORK WAS CALLED DIFFERENT. One comparison in twenty comes out so by chance; again and "
                "again,\n"
                "it says that this machine favours one of two equal points, and no smaller difference means "
                "anything.\n");
        }
        fmt::print(
            "\nThe smallest difference that can be told: a margin within which the same is called the same\n"
            "four times in five\n{}",
            to_terminal(resolvable_table(summaries)));
        print_neighbour(neighbour, beside);
        if (!options.output.empty()) fmt::print("\nraw times: {}\n", output.string());
    }
    if (different || beside.low > 1) exit_code = exit_code::inconclusive;
}

constexpr char kExamples[] = R"(
Examples:
  headcount doctor
  headcount doctor --budget 2m --output results/doctor.jsonl
  headcount doctor --limits --threads 1,2          what the processors and the memory can do at most

Exit: 0 the same work is called the same, 3 it is called different, or an idle worker slows down another.)";

void run(const Options& options, int& exit_code) {
    try {
        if (options.limits) {
            print_limits(options);
        } else {
            examine(options, exit_code);
        }
    } catch (const Interrupted&) {
        exit_code = exit_code::interrupted;
    }
}

}  // namespace

Command doctor() {
    return {.name = "doctor",
            .summary = "Examine this machine: noise, the smallest difference it can tell, what is in the way",
            .declare = [](int& exit_code) {
                auto options = std::make_shared<Options>();
                return CommandLine{.flags = {{.name = "--budget",
                                              .into = &options->budget,
                                              .doc = "time for all: 30s, 2m",
                                              .shows_default = true},
                                             {.name = "--output,-o",
                                              .into = &options->output,
                                              .doc = "keep the journal of the comparisons here"},
                                             {.name = "--limits",
                                              .into = &options->limits,
                                              .doc = "measure peak arithmetic and bandwidth instead, and print them"},
                                             {.name = "--threads",
                                              .into = &options->threads,
                                              .doc = "numbers of threads for --limits; default 1 and all",
                                              .delimiter = ',',
                                              .positive = true,
                                              .needs = "--limits"},
                                             {.name = "--json", .into = &options->json, .doc = "for programs"},
                                             {.name = "--quiet,-q", .into = &options->quiet, .doc = "no progress"}},
                                   .run = [options, &exit_code] { run(*options, exit_code); },
                                   .footer = kExamples};
            }};
}

}  // namespace headcount::commands
