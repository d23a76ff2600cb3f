// Spawning, questions and answers, SIGSTOP and SIGCONT, and what a dead engine's status says.
#include "harness/measure/engine/engine_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/core/library_variables.hpp"
#include "harness/core/stopwatch.hpp"
#include "harness/measure/process/signals.hpp"

namespace headcount {
namespace {

constexpr int kProtocol = 1;
constexpr std::size_t kLongestAnswer = std::size_t{1} << 20;

std::string shown(const std::string& text) {
    constexpr std::size_t kEnough = 100;
    return text.size() <= kEnough ? text : text.substr(0, kEnough) + "...";
}

/// An environment that is chosen (library_variables.hpp), in which engines that are programs of ours, which stand
/// beside this one, are found.
std::vector<std::string> engine_environment(int num_threads) {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return engine_variables(num_threads, "");
    const char* path = std::getenv("PATH");
    return engine_variables(
        num_threads, fmt::format("{}:{}", self.parent_path().string(), path == nullptr ? "/usr/bin:/bin" : path));
}

/// How long a thread was ready to run and waited for a core so far, by the kernel's count; 0 where it has none.
double waited_seconds(const std::string& thread) {
    std::ifstream file("/proc/" + thread + "/schedstat");
    double ran_ns = 0, waited_ns = 0;
    return file >> ran_ns >> waited_ns ? 1e-9 * waited_ns : 0;
}

/// A worker limits its own address space; an engine reserves what its runtime likes (V8: tens of GiB) and uses little.
class UnlimitedAddresses {
public:
    UnlimitedAddresses() {
        known_ = ::getrlimit(RLIMIT_AS, &before_) == 0;
        if (!known_) return;
        rlimit wide = before_;
        wide.rlim_cur = wide.rlim_max;
        ::setrlimit(RLIMIT_AS, &wide);
    }
    ~UnlimitedAddresses() {
        if (known_) ::setrlimit(RLIMIT_AS, &before_);
    }
    UnlimitedAddresses(const UnlimitedAddresses&) = delete;
    UnlimitedAddresses& operator=(const UnlimitedAddresses&) = delete;

private:
    rlimit before_{};
    bool known_ = false;
};

}  // namespace

std::string EngineHello::text() const {
    std::string line = engine;
    for (const auto& [fact, value] : facts) line += fmt::format("; {} {}", fact, value);
    return line;
}

EngineProcess::EngineProcess(std::string name, const Engine& engine, int num_threads, RunningClock::time_point deadline)
    : name_(std::move(name)) {
    start(engine, num_threads);
    try {
        const std::string line = read_line(deadline);
        const Json hello = Json::parse(line, nullptr, false);
        if (!hello.is_object()) fail(fmt::format("its first line is no JSON object: {}", shown(line)));
        hello_.missing = hello.value("missing", std::string{});
        if (!hello_.missing.empty()) return;
        if (hello.value("protocol", 0) != kProtocol) {
            fail(fmt::format("it speaks protocol {}, not {}", hello.value("protocol", 0), kProtocol));
        }
        hello_.engine = hello.value("engine", name_);
        hello_.rereads = hello.value("rereads", false);
        const Json facts = hello.value("facts", Json::object());
        for (const auto& [fact, value] : facts.items()) {
            hello_.facts[fact] = value.is_string() ? value.get<std::string>() : value.dump();
        }
    } catch (const Json::exception& error) {
        fail(fmt::format("its hello cannot be understood: {}", error.what()));
    } catch (...) {
        reap();
        throw;
    }
    stop();
}

EngineProcess::~EngineProcess() { reap(); }

void EngineProcess::start(const Engine& engine, int num_threads) {
    // A socket, not a pipe: writing to an engine that is gone must be an error of the call, not a signal.
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        throw Error(fmt::format("engine {}: no socket: {}", name_, std::strerror(errno)));
    }
    Fd child_requests, child_answers;
    requests_.set(move_up(ends[0]));
    child_requests.set(move_up(ends[1]));
    ::close(ends[0]);
    ::close(ends[1]);
    make_pipe(answers_, child_answers);
    make_output_file(stderr_, "engine stderr");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, child_requests.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, child_answers.get(), STDOUT_FILENO);
    if (stderr_.get() >= 0) ::posix_spawn_file_actions_adddup2(&actions, stderr_.get(), STDERR_FILENO);
    ::posix_spawn_file_actions_addchdir_np(&actions, engine.folder.c_str());
    // A process group of its own, so that what the engine starts is stopped and ended with it.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigemptyset(&defaults);
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ}) sigaddset(&defaults, signal);
    if (!is_ignored(SIGHUP)) sigaddset(&defaults, SIGHUP);  // `nohup` holds for engines, too
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    // posix_spawn cannot ask for the parent's death to be the child's; setpriv of util-linux does and becomes the
    // engine.
    std::vector<std::string> arguments{"setpriv", "--pdeathsig", "KILL", "--"};
    arguments.insert(arguments.end(), engine.command.begin(), engine.command.end());
    std::vector<std::string> environment = engine_environment(num_threads);
    const UnlimitedAddresses unlimited;
    const int failed = ::posix_spawnp(&pid_, "setpriv", &actions, &attributes, pointers(arguments).data(),
                                      pointers(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed == 0) return;
    pid_ = -1;
    throw EngineFailure(fmt::format("engine {}: cannot be started by setpriv (util-linux) in {}: {}", name_,
                                    engine.folder.string(), std::strerror(failed)));
}

EngineProcess::Answer EngineProcess::ask(const Json& request, RunningClock::time_point deadline) {
    if (!alive()) throw EngineFailure(fmt::format("engine {}: is not running any more", name_));
    refuse_what_nobody_asked();
    const std::string line = to_line(request) + '\n';
    const double cpu_before = cpu_seconds();
    const auto waited = [&] { return waited_seconds(fmt::format("{}", pid_)) + waited_seconds("thread-self"); };
    const double waited_before = waited();
    const auto start = std::chrono::steady_clock::now();
    ::kill(-pid_, SIGCONT);
    for (std::size_t done = 0; done < line.size();) {
        const auto sent = ::send(requests_.get(), line.data() + done, line.size() - done, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) lost();
        done += static_cast<std::size_t>(sent);
    }
    const std::string text = read_line(deadline);
    Answer answer;
    answer.wall_s = seconds_since(start);
    const double cpu_after = cpu_seconds();
    if (cpu_before >= 0 && cpu_after >= 0) answer.cpu_s = cpu_after - cpu_before;
    answer.waited_s = std::max(0.0, waited() - waited_before);
    stop();
    const Json json = Json::parse(text, nullptr, false);
    const auto said = [&](const char* key) {
        const auto found = json.find(key);
        return found == json.end() ? std::string() : found->is_string() ? found->get<std::string>() : found->dump();
    };
    if (json.is_object() && json.contains("unsupported")) throw EngineUnsupported(said("unsupported"));
    if (json.is_object() && json.contains("failed")) throw Error(fmt::format("engine {}: {}", name_, said("failed")));
    if (!json.is_object() || !json.contains("ok"))
        fail(fmt::format("its answer cannot be understood: {}", shown(text)));
    answer.ok = json.at("ok");
    return answer;
}

/// An answer too many would be taken for the next one.
void EngineProcess::refuse_what_nobody_asked() {
    pollfd early{.fd = answers_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&early, 1, 0) <= 0) return;
    std::array<char, 4096> chunk{};
    const auto got = ::read(answers_.get(), chunk.data(), chunk.size());
    if (got <= 0) lost();
    const std::string text(chunk.data(), static_cast<std::size_t>(got));
    fail(fmt::format("it says more than was asked: {}", shown(text)));
}

std::string EngineProcess::read_line(RunningClock::time_point deadline) {
    const auto began = RunningClock::now();
    std::size_t end = buffer_.find('\n');
    while (end == std::string::npos) {
        if (!wait_to_read(answers_.get(), deadline)) {
            fail(fmt::format("no answer within {:.3g} s", std::chrono::duration<double>(deadline - began).count()),
                 "timeout_s");
        }
        std::array<char, 4096> chunk{};
        const auto got = ::read(answers_.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) lost();
        buffer_.append(chunk.data(), static_cast<std::size_t>(got));
        if (buffer_.size() > kLongestAnswer) fail(fmt::format("its answer is too long: {}", shown(buffer_)));
        end = buffer_.find('\n');
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (!buffer_.empty()) fail(fmt::format("it says more than was asked: {}", shown(line + " " + buffer_)));
    return line;
}

Bytes EngineProcess::peak_memory() const { return process_memory("VmHWM", fmt::format("/proc/{}/status", pid_)); }

double EngineProcess::cpu_seconds() const {
    clockid_t clock{};
    timespec now{};
    if (pid_ <= 0 || ::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &now) != 0) return -1;
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Returns when every thread stands still. One that has ended instead is found by the next request.
void EngineProcess::stop() {
    ::kill(-pid_, SIGSTOP);
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
}

int EngineProcess::reap() {
    int status = 0;
    if (pid_ <= 0) return status;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
}

void EngineProcess::fail(const std::string& what, const std::string& bound) {
    reap();
    const std::string words = last_lines(stderr_, 3);
    throw EngineFailure(fmt::format("engine {}: {}{}{}", name_, what, words.empty() ? "" : "; it last said: ", words),
                        bound);
}

void EngineProcess::lost() {
    // Its answers ended, so it is ending; one that only closed them is ended.
    constexpr int kWaits = 100;
    siginfo_t info{};
    for (int i = 0; i < kWaits; ++i) {
        info.si_pid = 0;
        if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
            break;
        ::usleep(1000);
    }
    const bool by_itself = info.si_pid != 0;
    const int status = reap();
    fail(by_itself ? "crashed: " + describe_exit(status) : "closed its standard output without ending");
}

}  // namespace headcount
