#include "harness/cli/process.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/cli/paths.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/process/child.hpp"

extern char** environ;  // NOLINT: POSIX names it so

namespace headcount {
namespace {

/// Everything that was printed into a file.
std::string contents(const Fd& file) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t n = ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
        if (n <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

// As scripts import them: beside what keeps settings of the user away.
constexpr char kImports[] = "import sys; sys.path.insert(0, sys.argv[1]); import frame, style; print('both')";

/// Why this interpreter draws no figure; none: it does.
std::optional<std::string> why_not(const std::vector<std::string>& python) {
    std::vector<std::string> asked = python;
    asked.insert(asked.end(), {"-c", kImports, (data_dir() / "plots").string()});
    try {
        const ProcessResult told = run_process(asked);
        if (told.exit_code != 0) return told.last_line();
        if (told.output != "both\n") return "it is no Python: it says nothing when asked to print";
        return std::nullopt;
    } catch (const Error& error) {
        return error.what();
    }
}

/// -I: neither PYTHON* variables nor packages of the user alone nor modules of the working directory; -B: nothing is
/// written beside the scripts; utf8: whatever the locale.
std::vector<std::string> isolated(const std::string& interpreter) { return {interpreter, "-I", "-B", "-X", "utf8"}; }

constexpr char kSeen[] =
    "Figures see the interpreter's own packages and those of its environment (venv), not PYTHONPATH nor what "
    "`pip install --user` holds";

}  // namespace

std::string ProcessResult::last_line() const {
    for (const std::string* text : {&errors, &output}) {
        const std::size_t end = text->find_last_not_of(" \n\r\t");
        if (end == std::string::npos) continue;
        const std::size_t before = text->rfind('\n', end);
        const std::size_t begin = before == std::string::npos ? 0 : before + 1;
        return text->substr(begin, end + 1 - begin);
    }
    return exit_code > 128 ? fmt::format("killed by signal {}", exit_code - 128)
                           : fmt::format("exited with code {}", exit_code);
}

ProcessResult run_process(const std::vector<std::string>& arguments) {
    std::vector<std::string> texts = arguments;
    const std::vector<char*> argv = pointers(texts);
    // Files, not pipes: whatever is printed, and in whatever order, nobody waits for a reader.
    Fd output;
    Fd errors;
    make_output_file(output, "output");
    make_output_file(errors, "errors");
    if (output.get() < 0 || errors.get() < 0) throw Error("no room for what a program prints");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors.get(), STDERR_FILENO);
    pid_t child = 0;
    const int code = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) throw Error(fmt::format("cannot start {}: {}", arguments.front(), std::strerror(code)));

    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            .output = contents(output),
            .errors = contents(errors)};
}

std::vector<std::string> find_python() {
    if (const char* chosen = std::getenv("HEADCOUNT_PYTHON"); chosen != nullptr && *chosen != 0) {
        std::vector<std::string> python = isolated(chosen);
        const std::optional<std::string> why = why_not(python);
        if (!why) return python;
        throw UsageError(
            fmt::format("HEADCOUNT_PYTHON={} draws no figure: {}. {}. Choose one that imports matplotlib "
                        "and pandas, or unset it",
                        chosen, *why, kSeen));
    }
    std::vector<std::string> reasons;
    for (const char* candidate : {"/usr/bin/python3", "python3"}) {
        std::vector<std::string> python = isolated(candidate);
        const std::optional<std::string> why = why_not(python);
        if (!why) return python;
        reasons.push_back(fmt::format("{}: {}", candidate, *why));
    }
    throw Error(fmt::format("no python3 draws figures ({}). {}. apt-get install " HEADCOUNT_PACKAGES
                            ", or set HEADCOUNT_PYTHON to one that imports matplotlib and pandas",
                            fmt::join(reasons, "; "), kSeen));
}

ProcessResult run_script(const std::vector<std::string>& python, const std::string& script,
                         const std::vector<std::string>& arguments) {
    std::vector<std::string> all = python;
    all.push_back(script);
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_process(all);
}

}  // namespace headcount
