#include "harness/measure/process/signals.hpp"

#include <array>
#include <csignal>
#include <cstddef>

namespace headcount {
namespace {

volatile std::sig_atomic_t g_stop_signal = 0;
void on_signal(int signal) { g_stop_signal = signal; }

constexpr std::array kStopSignals{SIGINT, SIGTERM, SIGHUP};
constexpr std::array kIgnoredSignals{SIGPIPE, SIGXFSZ};
std::array<struct sigaction, kStopSignals.size() + kIgnoredSignals.size()> g_old_actions;

}  // namespace

bool stop_requested() { return g_stop_signal != 0; }
int stop_signal() { return g_stop_signal; }

void stop_if_asked() {
    if (stop_requested()) throw Interrupted("interrupted");
}

SignalGuard::SignalGuard() {
    g_stop_signal = 0;
    std::size_t next = 0;
    struct sigaction action {};
    action.sa_handler = on_signal;
    for (const int signal : kStopSignals) ::sigaction(signal, &action, &g_old_actions[next++]);
    action.sa_handler = SIG_IGN;
    for (const int signal : kIgnoredSignals) ::sigaction(signal, &action, &g_old_actions[next++]);
}

SignalGuard::~SignalGuard() {
    std::size_t next = 0;
    for (const int signal : kStopSignals) ::sigaction(signal, &g_old_actions[next++], nullptr);
    for (const int signal : kIgnoredSignals) ::sigaction(signal, &g_old_actions[next++], nullptr);
}

}  // namespace headcount
