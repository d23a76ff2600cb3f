// Running another program and waiting for it.
#pragma once

#include <string>
#include <vector>

namespace headcount {

struct ProcessResult {
    int exit_code = 0;   ///< 128 + signal when it was killed
    std::string output;  ///< its standard output and error, interleaved
};

/// Searches PATH for arguments[0]. Throws Error when it cannot be started.
ProcessResult run_process(const std::vector<std::string>& arguments);

/// The first Python that can import matplotlib and pandas: $HEADCOUNT_PYTHON, /usr/bin/python3, python3.
/// Throws Error that names the packages to install.
std::string find_python();

}  // namespace headcount
