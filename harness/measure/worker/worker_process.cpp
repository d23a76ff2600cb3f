// Spawning, pipes, time limits, and what a dead worker's status says.
#include "harness/measure/worker/worker_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/core/library_variables.hpp"
#include "harness/measure/machine/process_time.hpp"
#include "harness/measure/process/child.hpp"
#include "harness/measure/process/running_clock.hpp"
#include "harness/measure/worker/wire_json.hpp"

namespace headcount {
namespace {

std::string describe_status(int status) {
    return (WIFSIGNALED(status) ? "crashed: " : "crashed: the worker ") + describe_exit(status);
}

class WorkerProcess final : public Worker {
public:
    WorkerProcess(const WorkerCommand& command, const Protocol& protocol) : protocol_(protocol) {
        Fd child_requests, child_answers;
        make_pipe(child_requests, requests_);
        make_pipe(answers_, child_answers);
        make_output_file(output_, "worker output");
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, child_requests.get(), STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, child_answers.get(), wire::kAnswerFd);
        if (output_.get() >= 0) {
            ::posix_spawn_file_actions_adddup2(&actions, output_.get(), STDOUT_FILENO);
            ::posix_spawn_file_actions_adddup2(&actions, output_.get(), STDERR_FILENO);
        }
        std::vector<std::string> arguments{command.executable.string()};
        arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
        std::vector<std::string> environment = worker_variables(command.passive_waiting);
        const int failed = ::posix_spawn(&pid_, command.executable.c_str(), &actions, nullptr,
                                         pointers(arguments).data(), pointers(environment).data());
        ::posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) {
            pid_ = -1;
            throw Error(fmt::format("{}: the worker cannot be started: {}", command.executable.string(),
                                    std::strerror(failed)));
        }
    }
    ~WorkerProcess() override {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        reap();
    }
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    void begin_round(int round) override { round_ = round; }
    Sample visit(const std::string& point) override {
        return ask(wire::Visit{.point = point, .round = round_}, protocol_.timeout_s);
    }
    CheckRecord check(const std::string& point) override { return compared(wire::Check{.point = point}, ""); }
    CheckRecord check_again(const std::string& point) override {
        return compared(wire::CheckAgain{.point = point}, " after the last round, on inputs that were new");
    }
    double calibrate(const std::string& point) override {
        return ask(
            wire::Calibrate{.point = point, .min_sample_s = protocol_.min_sample_s, .cold_cache = protocol_.cold_cache},
            kSetupVisits * protocol_.timeout_s);
    }
    Sample train(const std::string& point, std::int64_t run, double learning_rate,
                 const std::filesystem::path& checkpoint) override {
        return ask(
            wire::Train{
                .point = point, .number = run, .learning_rate = learning_rate, .checkpoint = checkpoint.string()},
            protocol_.timeout_s);
    }
    Traced trace(const std::string& point) override {
        return ask(wire::Trace{.point = point}, kSetupVisits * protocol_.timeout_s);
    }
    void forget(const std::string& point) override { ask(wire::Forget{.point = point}, protocol_.timeout_s); }
    PeakMemory peak_memory(const std::string& point) override {
        return ask(wire::Memory{.point = point}, kSetupVisits * protocol_.timeout_s);
    }
    std::map<std::string, double> limits(const std::vector<int>& num_threads, LimitSet which) override {
        return ask(wire::Limits{.num_threads = num_threads, .which = which}, kSetupVisits * protocol_.timeout_s);
    }
    /// The first request: its answer waits for the process to start, which is no visit of a point.
    void limit_memory(std::int64_t bytes) {
        ask(wire::AddressSpace{.bytes = bytes}, std::max(protocol_.timeout_s, kStart_s));
    }

    double cpu_seconds() const override { return family_cpu_seconds(pid_); }

private:
    // Preparing inputs, the float64 reference and five passes take longer than one visit.
    static constexpr double kSetupVisits = 10;
    static constexpr double kStart_s = 20;

    template <class R>
    CheckRecord compared(const R& request, const char* when) {
        const wire::Checked checked = ask(request, kSetupVisits * protocol_.timeout_s);
        const CheckRecord& record = checked.record;
        if (!checked.passed) {
            throw PointFailure(fmt::format("wrong result{}: error {:.3g} where {:.3g} is allowed, at {}", when,
                                           record.max_error, record.bound, record.worst),
                               false);
        }
        return record;
    }

    template <class R>
    typename R::Answer ask(const R& request, double timeout_s) {
        const std::string line = answer_to(wire::request_line(request, timeout_s) + '\n', timeout_s);
        std::variant<typename R::Answer, wire::Refusal> answer;
        try {
            answer = wire::parse_answer<typename R::Answer>(line);
        } catch (const Error& error) {
            throw PointFailure(error.what(), true);
        }
        if (const auto* refusal = std::get_if<wire::Refusal>(&answer)) {
            PointFailure failure(refusal->reason, refusal->lost, refusal->skipped ? Outcome::skipped : Outcome::failed);
            failure.bound = refusal->bound;
            throw failure;
        }
        return std::get<typename R::Answer>(std::move(answer));
    }

    std::string answer_to(const std::string& line, double timeout_s) {
        // Some requests may fail without an end to the round (a look at the peak); the next one tells the reason.
        if (ended_) throw PointFailure(*ended_);
        if (::write(requests_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) lost();
        const RunningClock::time_point deadline = RunningClock::in(timeout_s);
        std::size_t end = buffer_.find('\n');
        while (end == std::string::npos) {
            if (!wait_to_read(answers_.get(), deadline)) time_out(timeout_s);
            std::array<char, 4096> chunk{};
            const auto got = ::read(answers_.get(), chunk.data(), chunk.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) lost();
            buffer_.append(chunk.data(), static_cast<std::size_t>(got));
            end = buffer_.find('\n');
        }
        std::string answer = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        notice_a_stop();
        return answer;
    }

    [[noreturn]] void time_out(double timeout_s) {
        ::kill(pid_, SIGKILL);
        reap();
        end_with(fmt::format("timed out: no answer within {} s", timeout_s), "timeout_s");
    }

    /// The worker alone may have been stopped and gone on.
    void notice_a_stop() const {
        siginfo_t info{};
        if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WCONTINUED | WNOHANG) == 0 && info.si_pid == pid_) {
            note_suspension();
        }
    }

    [[noreturn]] void lost() {
        const int status = reap();
        stop_if_asked();
        std::string reason = describe_status(status);
        const std::string last = last_lines(output_, 1);  // an assertion, a sanitizer's summary
        if (!last.empty()) reason += ": " + last;
        end_with(reason, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? "memory_limit_bytes" : "");
    }

    [[noreturn]] void end_with(const std::string& reason, const std::string& bound) {
        ended_.emplace(reason, true);
        ended_->bound = bound;
        throw PointFailure(*ended_);
    }

    int reap() {
        int status = 0;
        while (pid_ > 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

    Protocol protocol_;
    int round_ = 0;
    pid_t pid_ = -1;
    Fd requests_, answers_, output_;
    std::string buffer_;
    std::optional<PointFailure> ended_;  ///< why; empty while it lives
};

}  // namespace

std::string waiting_policy() {
    std::string text;
    for (const LibraryVariable& variable : library_variables()) {
        if (!variable.idle_waiting) continue;
        text += fmt::format("{} {}={}", text.empty() ? "" : ",", variable.name, variable.value);
    }
    return "passive:" + text;
}

std::unique_ptr<Worker> start_worker_process(const WorkerCommand& command, const Protocol& protocol,
                                             std::int64_t memory_limit_bytes) {
    auto worker = std::make_unique<WorkerProcess>(command, protocol);
    try {
        if (memory_limit_bytes > 0) worker->limit_memory(memory_limit_bytes);
    } catch (const PointFailure& failure) {  // no point was asked for yet: it is the worker itself
        throw Error(fmt::format("{}: the worker does not work: {}", command.executable.string(), failure.what()));
    }
    return worker;
}

}  // namespace headcount
