// headcount flags: what every command takes, as JSON, for tests and completions; hidden, people read --help.
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/cli/command.hpp"

namespace headcount::commands {
namespace {

std::string takes(const Flag& flag) {
    if (std::holds_alternative<bool*>(flag.into)) return "nothing";
    return flag.is_list() ? "list" : std::holds_alternative<double*>(flag.into) ? "number" : "text";
}

nlohmann::json flags_of(const Command& command) {
    int unused = 0;
    nlohmann::json flags = nlohmann::json::array();
    for (const Flag& flag : command.declare(unused).flags) {
        flags.push_back({{"name", flag.name},
                         {"takes", takes(flag)},
                         {"positional", flag.positional()},
                         {"required", flag.required},
                         {"delimiter", flag.delimiter == '\0' ? "" : std::string(1, flag.delimiter)},
                         {"alone", flag.alone},
                         {"needs", flag.needs},
                         {"choices", flag.choices}});
    }
    return flags;
}

void run() {
    nlohmann::json all;
    for (const auto& [file, command] : all_commands()) all[command.name] = flags_of(command);
    fmt::print("{}\n", all.dump(2));
}

}  // namespace

Command flags() {
    return {.name = "flags", .summary = "", .declare = [](int&) { return CommandLine{.run = run}; }};
}

}  // namespace headcount::commands
