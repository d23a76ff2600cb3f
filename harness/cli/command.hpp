// What a command of the command line is; one file in commands/ each.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/registry/registry.hpp"

namespace headcount {

struct Command {
    std::string name;     ///< as typed; a file name cannot be `export`
    std::string summary;  ///< one line; empty hides the command
    /// Declares options and a callback that does the work and sets `exit_code` (exit_code.hpp).
    void (*add)(CLI::App& app, int& exit_code) = nullptr;
};

const std::vector<Named<Command>>& all_commands();

}  // namespace headcount
