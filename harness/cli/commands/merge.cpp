// headcount merge: joins journals of one question from several shards or machines.

#include "harness/journal/merge.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/cli/command.hpp"
#include "harness/core/printable.hpp"
#include "harness/core/shell_words.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::vector<std::string> inputs;
    std::string output;
};

void run(const Options& options) {
    std::vector<MergeInput> inputs;
    for (const std::string& name : options.inputs) inputs.push_back({.name = name, .journal = read_journal(name)});
    std::optional<JournalWriter> lock;
    if (std::filesystem::exists(options.output)) {
        // What is there already is joined too: merging again, or one shard more, never loses anything.
        lock.emplace(options.output);
        if (auto earlier = read_unfinished_journal(options.output)) {
            inputs.push_back({.name = options.output, .journal = std::move(*earlier)});
        }
    }
    for (const MergeInput& input : inputs) {
        for (const std::string& warning : input.journal.warnings)
            fmt::print(stderr, "warning: {}\n", printable(warning));
    }
    const Journal merged = merge_journals(inputs);
    write_journal(options.output, merged);
    for (const std::string& warning : merged.warnings) fmt::print(stderr, "warning: {}\n", printable(warning));
    std::set<std::string> points;
    for (const PointRecord& point : merged.points) points.insert(point.point);
    fmt::print("{}: {} runs, {} points, {} rounds\nverdicts: headcount verify {}\n", options.output,
               merged.run.sources.size(), points.size(), merged.rounds.size(), shell_word(options.output));
}

constexpr char kExamples[] = R"(
Examples:
  headcount merge shard1.jsonl shard2.jsonl --output whole.jsonl
  headcount merge shard3.jsonl --output whole.jsonl         joins what whole.jsonl holds already

Inputs may be copies, torn, unfinished or merged before. Different questions, or one comparison group timed
on two kinds of machine, are refused (exit 2).)";

}  // namespace

Command merge() {
    return {
        .name = "merge",
        .summary = "Join results of one question from several shards or machines",
        .declare = [](int&) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags = {{.name = "inputs", .into = &options->inputs, .doc = "journals (.jsonl)", .required = true},
                          {.name = "--output,-o",
                           .into = &options->output,
                           .doc = "the journal to write; one that exists is joined too",
                           .required = true}},
                .run = [options] { run(*options); },
                .footer = kExamples};
        }};
}

}  // namespace headcount::commands
