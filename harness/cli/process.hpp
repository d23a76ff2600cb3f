// Running another program and waiting for it.
#pragma once

#include <string>
#include <vector>

namespace headcount {

struct ProcessResult {
    int exit_code = 0;   ///< 128 + signal when it was killed
    std::string output;  ///< its standard output
    std::string errors;  ///< its standard error

    /// The last line of what it said of its failure; how it ended where it said nothing.
    std::string last_line() const;
};

/// Searches PATH for arguments[0]; the program's standard input is empty. Throws Error when it cannot be started.
ProcessResult run_process(const std::vector<std::string>& arguments);

/// An interpreter and its options: isolated, so that no variable, folder or package of the user alone reaches a script.
/// $HEADCOUNT_PYTHON when it is set, else the first of /usr/bin/python3 and python3 that imports matplotlib and pandas.
/// Throws UsageError when the chosen one does not, Error that names the packages to install when none does.
std::vector<std::string> find_python();

/// Runs a script of plots/ with these arguments.
ProcessResult run_script(const std::vector<std::string>& python, const std::string& script,
                         const std::vector<std::string>& arguments);

}  // namespace headcount
