#include "harness/measure/process/signals.hpp"

#include <array>
#include <csignal>

#include "harness/measure/process/running_clock.hpp"

namespace headcount {
namespace {

volatile std::sig_atomic_t g_stop_signal = 0;
void on_signal(int signal) { g_stop_signal = signal; }
void on_continue(int /*signal*/) { note_suspension(); }

constexpr std::array kStopSignals{SIGINT, SIGTERM, SIGHUP};
constexpr std::array kIgnoredSignals{SIGPIPE, SIGXFSZ};

}  // namespace

bool stop_requested() { return g_stop_signal != 0; }
int stop_signal() { return g_stop_signal; }

void stop_if_asked() {
    if (stop_requested()) throw Interrupted("interrupted");
}

bool is_ignored(int signal) {
    struct sigaction now {};
    return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

SignalGuard::SignalGuard() {
    g_stop_signal = 0;
    struct sigaction action {};
    action.sa_handler = on_signal;
    for (const int signal : kStopSignals) {
        if (!is_ignored(signal)) take(signal, action);
    }
    action.sa_handler = on_continue;
    action.sa_flags = SA_RESTART;
    take(SIGCONT, action);
    action.sa_handler = SIG_IGN;
    for (const int signal : kIgnoredSignals) take(signal, action);
}

void SignalGuard::take(int signal, const struct sigaction& action) {
    Taken& taken = before_.emplace_back(Taken{.signal = signal, .action = {}});
    ::sigaction(signal, &action, &taken.action);
}

SignalGuard::~SignalGuard() {
    for (const Taken& taken : before_) ::sigaction(taken.signal, &taken.action, nullptr);
}

}  // namespace headcount
