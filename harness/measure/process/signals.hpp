// Being asked to stop: by the user, or by the system.
#pragma once

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

/// For the life of the object SIGINT, SIGTERM and SIGHUP ask for a stop, and SIGPIPE and SIGXFSZ are errors of the
/// call that meets them.
class SignalGuard {
public:
    SignalGuard();
    ~SignalGuard();
    SignalGuard(const SignalGuard&) = delete;
    SignalGuard& operator=(const SignalGuard&) = delete;
};

}  // namespace headcount
