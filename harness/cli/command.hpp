// What a command of the command line is; one file in commands/ each. Flags are data: main.cpp alone knows the parser.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harness/registry/registry.hpp"

namespace headcount {

/// Where a value goes. A bool is set by its flag alone; lists collect what is given, one value each time the flag is.
using FlagTarget = std::variant<std::string*, bool*, double*, std::vector<int>*, std::vector<std::string>*>;

struct Flag {
    std::string name;  ///< "--output,-o"; without dashes: an argument by its position
    FlagTarget into;
    std::string doc = {};
    bool required = false;
    bool shows_default = false;             ///< in the help
    char delimiter = '\0';                  ///< of a list: between values that are given at once
    std::vector<std::string> choices = {};  ///< empty: any text
    std::pair<double, double> range = {};   ///< both 0: any number
    bool positive = false;                  ///< numbers above 0
    bool whole = false;                     ///< numbers without a fraction
    std::string alone = {};                 ///< the value of a flag that is given without one; empty: it needs one
    bool (*is_value)(const std::string&) = nullptr;  ///< with `alone`: whether the next word is its value
    std::string needs = {};                          ///< another flag of the command, declared before
    std::string group = {};                          ///< heading in the help

    bool positional() const { return name.front() != '-'; }
    bool is_list() const {
        return std::holds_alternative<std::vector<int>*>(into) ||
               std::holds_alternative<std::vector<std::string>*>(into);
    }
};

/// The flags of a command and what it does with them. Targets live as long as `run`, which holds them.
struct CommandLine {
    std::vector<Flag> flags = {};
    std::function<void()> run;                    ///< does the work and sets `exit_code` (exit_code.hpp)
    std::string footer = {};                      ///< of the help: examples, exit codes
    std::vector<std::string>* unknown = nullptr;  ///< collects what is no flag; null: that is refused
};

struct Command {
    std::string name;     ///< as typed; a file name cannot be `export`
    std::string summary;  ///< one line; empty hides the command
    CommandLine (*declare)(int& exit_code) = nullptr;
};

const std::vector<Named<Command>>& all_commands();

}  // namespace headcount
