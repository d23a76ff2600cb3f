#include "harness/cli/process.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/core/error.hpp"

extern char** environ;  // NOLINT: POSIX names it so

namespace headcount {

ProcessResult run_process(const std::vector<std::string>& arguments) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Error(fmt::format("no pipe: {}", std::strerror(errno)));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    pid_t child = 0;
    const int code = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (code != 0) {
        close(ends[0]);
        throw Error(fmt::format("cannot start {}: {}", arguments.front(), std::strerror(code)));
    }

    ProcessResult result;
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t n = read(ends[0], buffer.data(), buffer.size());
        if (n > 0) {
            result.output.append(buffer.data(), static_cast<std::size_t>(n));
        } else if (n == 0 || errno != EINTR) {
            break;
        }
    }
    close(ends[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

std::string find_python() {
    std::vector<std::string> candidates{"/usr/bin/python3", "python3"};
    if (const char* chosen = std::getenv("HEADCOUNT_PYTHON")) candidates.insert(candidates.begin(), chosen);
    for (const std::string& candidate : candidates) {
        try {
            if (run_process({candidate, "-c", "import matplotlib, pandas"}).exit_code == 0) return candidate;
        } catch (const Error&) {
            continue;  // not there: the next one
        }
    }
    throw Error("no python3 imports matplotlib and pandas; apt-get install " HEADCOUNT_PACKAGES
                ", or set HEADCOUNT_PYTHON");
}

}  // namespace headcount
