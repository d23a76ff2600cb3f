// Being asked to stop: by the user, or by the system.
#pragma once

#include <csignal>
#include <vector>

#include "harness/core/error.hpp"

namespace headcount {

/// The user or the system asked to stop; nothing failed.
struct Interrupted : Error {
    using Error::Error;
};

/// Set by the handlers of a SignalGuard.
bool stop_requested();
int stop_signal();
/// Throws Interrupted when a stop was asked for.
void stop_if_asked();

/// For the life of the object SIGINT, SIGTERM and SIGHUP ask for a stop, SIGPIPE and SIGXFSZ are errors of the call
/// that meets them, and a SIGCONT counts as a suspension (running_clock.hpp). A request to stop that was ignored before
/// stays ignored: `nohup` and a shell's `&` say so that the run is not to end with its terminal.
class SignalGuard {
public:
    SignalGuard();
    ~SignalGuard();
    SignalGuard(const SignalGuard&) = delete;
    SignalGuard& operator=(const SignalGuard&) = delete;

private:
    struct Taken {
        int signal;
        struct sigaction action;
    };
    void take(int signal, const struct sigaction& action);
    std::vector<Taken> before_;
};

/// Was this signal ignored before this process began, or is it now?
bool is_ignored(int signal);

}  // namespace headcount
