// An engine's process: started, asked, stopped between questions, and gone when we are.
#pragma once

#include <map>
#include <string>
#include <utility>

#include <sys/types.h>

#include "harness/core/engine.hpp"
#include "harness/core/error.hpp"
#include "harness/journal/json.hpp"
#include "harness/measure/machine/process_memory.hpp"
#include "harness/measure/process/child.hpp"
#include "harness/measure/process/running_clock.hpp"

namespace headcount {

/// An engine crashed, hung, or said what cannot be; its last words are in the message. Its process is gone.
struct EngineFailure : Error {
    explicit EngineFailure(const std::string& what, std::string bound_met = {})
        : Error(what), bound(std::move(bound_met)) {}
    std::string bound;  ///< of the protocol, where that ended it: "timeout_s"
};

/// An engine answered that it cannot do this problem, or is not installed. It goes on.
struct EngineUnsupported : Error {
    using Error::Error;
};

/// How an engine introduces itself.
struct EngineHello {
    std::string engine;                        ///< "ONNX Runtime 1.30.0, MultiHeadAttention"
    std::map<std::string, std::string> facts;  ///< versions and settings, for the record
    std::string missing;                       ///< why it cannot work here; "" when it can
    bool rereads = false;                      ///< it knows the request "inputs"

    std::string text() const;  ///< one line of all that
};

/// Speaks the protocol of docs/adding.md. Between an answer and the next request all threads of the engine and of what
/// it started are stopped, so that none of them takes the core that another point is timed on.
class EngineProcess {
public:
    /// Starts it and waits for its hello. Throws EngineFailure; an engine that is missing is no failure, see hello().
    EngineProcess(std::string name, const Engine& engine, int num_threads, RunningClock::time_point deadline);
    ~EngineProcess();
    EngineProcess(const EngineProcess&) = delete;
    EngineProcess& operator=(const EngineProcess&) = delete;

    struct Answer {
        Json ok;
        double wall_s = 0;    ///< from before the request until the answer was here, by our clock
        double cpu_s = -1;    ///< processor time of all its threads meanwhile, by the kernel's; -1: unavailable
        double waited_s = 0;  ///< that its first thread or ours was ready meanwhile and waited for a core
    };
    /// One request, one answer. Throws EngineUnsupported, Error for "failed", EngineFailure.
    Answer ask(const Json& request, RunningClock::time_point deadline);

    const EngineHello& hello() const { return hello_; }
    const std::string& name() const { return name_; }
    bool alive() const { return pid_ > 0; }
    /// Processor time of all its threads so far; -1: unavailable.
    double cpu_seconds() const;
    /// Peak resident memory so far.
    Bytes peak_memory() const;

private:
    void start(const Engine& engine, int num_threads);
    void refuse_what_nobody_asked();
    std::string read_line(RunningClock::time_point deadline);
    void stop();
    int reap();
    [[noreturn]] void fail(const std::string& what, const std::string& bound = {});  ///< ends the process
    [[noreturn]] void lost();                                                        ///< it ended by itself

    std::string name_;
    pid_t pid_ = -1;
    Fd requests_, answers_, stderr_;
    std::string buffer_;
    EngineHello hello_;
};

}  // namespace headcount
