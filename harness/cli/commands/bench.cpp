// headcount bench: a config's points as ordinary Google Benchmarks, with its own flags.
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/vocabulary.hpp"
#include "harness/core/error.hpp"
#include "harness/core/shell_words.hpp"
#include "harness/measure/plan/plan.hpp"
#include "harness/measure/worker/point_maker.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string config;
    LoadOptions load;
    std::vector<std::string> flags;
    std::vector<std::string> unknown;
};

void forward(benchmark::State& state, const PlannedPoint& planned) {
    try {
        PointMaker maker;
        maker.make(planned.point)->visit().take(state, {});  // with a first pass that touches the memory
        if (!planned.ours) return;
        const double flops = static_cast<double>(planned.counted->total(Ledger::required).flops());
        state.counters["required_flops"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
    } catch (const Error& error) {
        state.SkipWithError(error.what());
    }
}

// Flags meant for Google Benchmark, before the -- that hands them over.
void require_no_extras(std::vector<std::string> extras, const Options& options) {
    std::erase(extras, "--");  // the parser counts it among what it did not know
    if (extras.empty()) return;
    throw UsageError(
        fmt::format("{} is no option of bench; flags of Google Benchmark stand after --: headcount bench {} -- {}",
                    extras.front(), shell_word(options.config), shell_words(extras)));
}

void run(const Options& options, int& exit_code) {
    const Sweep sweep = load_sweep(find_config(options.config), vocabulary(), options.load);
    for (const PlannedPoint& planned : make_plan(sweep).points) {
        if (planned.fate != Fate::time) continue;
        auto* const one = benchmark::RegisterBenchmark(planned.id.c_str(),
                                                       [planned](benchmark::State& state) { forward(state, planned); });
        one->Unit(benchmark::kMicrosecond);
        if (planned.ours) {
            one->UseRealTime();
        } else {
            one->UseManualTime();  // round trips are part of what is seen here: the time is the engine's own
        }
    }
    std::vector<std::string> words{"headcount bench"};
    words.insert(words.end(), options.flags.begin(), options.flags.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    int argc = static_cast<int>(argv.size());
    benchmark::Initialize(&argc, argv.data());
    if (benchmark::ReportUnrecognizedArguments(argc, argv.data())) {
        exit_code = exit_code::usage;
        return;
    }
    benchmark::RunSpecifiedBenchmarks();
}

constexpr char kExamples[] = R"(
Examples:
  headcount bench configs/smoke.yaml -- --benchmark_filter=streaming
  headcount bench configs/smoke.yaml -- --benchmark_format=json --benchmark_repetitions=5

A quick look without rounds, pairing, checks or a journal; conclusions belong to `headcount run`.)";

}  // namespace

Command bench() {
    return {
        .name = "bench",
        .summary = "Run a config's points under Google Benchmark's own command line",
        .declare = [](int& exit_code) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags =
                    {{.name = "config", .into = &options->config, .doc = "a question: file or name", .required = true},
                     {.name = "--set", .into = &options->load.set, .doc = "replace an axis, as in `headcount run`"},
                     {.name = "--filter", .into = &options->load.filter, .doc = "keep points, as in `headcount run`"},
                     {.name = "flags", .into = &options->flags, .doc = "after --: flags of Google Benchmark"}},
                .run =
                    [options, &exit_code] {
                        require_no_extras(options->unknown, *options);
                        run(*options, exit_code);
                    },
                .footer = kExamples,
                .unknown = &options->unknown};
        }};
}

}  // namespace headcount::commands
