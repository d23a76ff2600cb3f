// The command line: declares every command of commands/ and turns errors into exit codes.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/streams.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/core/printable.hpp"
#include "harness/measure/engine/engine_hello.hpp"
#include "harness/sweep/engines.hpp"
#include "headcount_version.hpp"

namespace headcount {
namespace {

constexpr char kPurpose[] = "What do attention heads cost, and what do they buy?";

constexpr char kFooter[] = R"(
Examples:
  headcount run configs/equal_complexity.yaml            measure; run it again to resume
  headcount run configs/smoke.yaml --dry-run             what would run, what is skipped and why
  headcount verify results/reference/equal_complexity.jsonl
  headcount plot results/reference/equal_complexity.jsonl --output out
  headcount count --variant multi_head --seq-len 1024 --embed-dim 512 --num-heads 8
  headcount table vaswani2017_table3                     a published table, theirs beside ours
  headcount COMMAND --help                               more, with examples)";

std::string exit_codes_text() {
    std::string text = "\n\nExit codes:\n";
    for (const exit_code::Meaning& meaning : exit_code::meanings) {
        text += fmt::format("  {:<5}{}\n", meaning.code, meaning.says);
    }
    return text;
}

std::string version_text() {
    return fmt::format("headcount {}\ncommit {} (dirty: {})\n{} {} ({}, -march=native {})", build::version,
                       build::commit, build::dirty, build::compiler, build::flags, build::build_type, build::native);
}

// The parser itself would only say that a subcommand is required, without the word that it does not know.
void require_known_command(int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') return;
    std::vector<std::string> known;
    for (const auto& [file, command] : all_commands()) {
        if (command.name == argv[1]) return;
        if (!command.summary.empty()) known.push_back(command.name);
    }
    throw UsageError(unknown_name("command", argv[1], known));
}

/// Why a number is refused; empty: it is whole.
std::string why_not_whole(const std::string& text) {
    const double number = std::strtod(text.c_str(), nullptr);
    return std::trunc(number) == number ? "" : text + " is not a whole number";
}

CLI::Option* add_option(CLI::App& app, const Flag& flag) {
    return std::visit(
        [&](auto* into) {
            if constexpr (std::is_same_v<decltype(into), bool*>) {
                return app.add_flag(flag.name, *into, flag.doc);
            } else {
                return app.add_option(flag.name, *into, flag.doc);
            }
        },
        flag.into);
}

void add_flag(CLI::App& app, const Flag& flag) {
    CLI::Option* option = add_option(app, flag);
    option->required(flag.required);
    // A list that took several words at once would take an argument that follows as well.
    if (flag.is_list() && !flag.positional()) {
        option->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
    if (flag.delimiter != '\0') option->delimiter(flag.delimiter);
    if (!flag.choices.empty()) option->check(CLI::IsMember(flag.choices));
    if (flag.range != std::pair{0.0, 0.0}) option->check(CLI::Range(flag.range.first, flag.range.second));
    if (flag.positive) option->check(CLI::PositiveNumber);
    if (flag.whole) option->check(why_not_whole);
    if (!flag.needs.empty()) option->needs(app.get_option(flag.needs));
    if (!flag.alone.empty()) option->expected(0, 1)->default_str(flag.alone);
    if (!flag.group.empty()) option->group(flag.group);
    if (flag.shows_default) option->capture_default_str();
}

void add_command(CLI::App& app, const Command& command, int& exit) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    if (command.summary.empty()) sub->group("");
    const CommandLine line = command.declare(exit);
    for (const Flag& flag : line.flags) add_flag(*sub, flag);
    if (!line.footer.empty()) sub->footer(line.footer);
    if (line.unknown != nullptr) sub->allow_extras();
    sub->callback([sub, run = line.run, unknown = line.unknown] {
        if (unknown != nullptr) *unknown = sub->remaining();
        run();
    });
}

/// The words after the program's name. A flag whose value may be left out gets it here, or it would take what follows.
std::vector<std::string> words_of(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    int unused = 0;
    for (const auto& [file, command] : all_commands()) {
        if (words.empty() || command.name != words.front()) continue;
        for (const Flag& flag : command.declare(unused).flags) {
            if (flag.alone.empty()) continue;
            for (std::size_t i = 1; i < words.size() && words[i] != "--"; ++i) {
                const bool followed = i + 1 < words.size() && flag.is_value(words[i + 1]);
                if (words[i] == flag.name && !followed) words[i] += "=" + flag.alone;
            }
        }
    }
    return words;
}

int run(int argc, char** argv) {
    CLI::App app{kPurpose, "headcount"};
    app.require_subcommand(1);
    app.set_version_flag("--version", version_text());
    app.footer(kFooter + exit_codes_text());
    int exit = exit_code::ok;
    for (const auto& [file, command] : all_commands()) add_command(app, command, exit);
    require_known_command(argc, argv);
    std::vector<std::string> words = words_of(argc, argv);
    std::ranges::reverse(words);  // as the parser wants them
    try {
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        std::ostringstream help, refusal;  // the parser itself would print past prepare_streams
        const int code = app.exit(error, help, refusal);
        fmt::print("{}", help.str());
        fmt::print(stderr, "{}", refusal.str());
        return code == 0 ? exit_code::ok : exit_code::usage;
    }
    return exit;
}

/// A result that nobody can read is none, whatever the command says of it.
int written(int exit) {
    const std::string lost = why_output_was_lost();
    if (lost.empty()) return exit;
    fmt::print(stderr, "headcount: standard output cannot be written: {}; send it to a file with room, or elsewhere\n",
               lost);
    return exit_code::failed;
}

Engines engines_in_folders() {
    Engines engines;
    for (auto& [name, engine] : load_engines(engine_folders())) engines.push_back({name, std::move(engine)});
    return engines;
}

}  // namespace
}  // namespace headcount

int main(int argc, char** argv) {
    using namespace headcount;
    prepare_streams();
    find_engines_by(engines_in_folders);
    try {
        return written(run(argc, argv));
    } catch (const UsageError& error) {
        fmt::print(stderr, "{}\n", printable_lines(error.what()));
        return exit_code::usage;
    } catch (const std::exception& error) {
        fmt::print(stderr, "headcount: {}\n", printable_lines(error.what()));
        return exit_code::failed;
    }
}
