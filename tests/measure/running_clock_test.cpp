// A deadline that passes while nobody runs is none; what was asked for is looked for before one is judged.
#include "harness/measure/process/running_clock.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "harness/measure/process/signals.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

struct Pipe {
    std::array<int, 2> ends{};
    Pipe() { REQUIRE(::pipe(ends.data()) == 0); }
    ~Pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    void fill() const { REQUIRE(::write(ends[1], "x", 1) == 1); }
};

/// A child that waits `deadline_s` for its pipe, is stopped for `stopped_s` meanwhile, and is answered `answer_s` after
/// it went on. Did it see the answer in time?
bool waits_through_a_stop(double deadline_s, double stopped_s, double answer_s) {
    const auto sleep_s = [](double s) { std::this_thread::sleep_for(std::chrono::duration<double>(s)); };
    const Pipe pipe;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const SignalGuard guard;
        const bool there = wait_to_read(pipe.ends[0], RunningClock::in(deadline_s));
        ::_exit((there ? 1 : 0) + (times_suspended() > 0 ? 2 : 0));
    }
    sleep_s(0.3);
    ::kill(child, SIGSTOP);
    sleep_s(stopped_s);
    ::kill(child, SIGCONT);
    sleep_s(answer_s);
    pipe.fill();
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK((WEXITSTATUS(status) & 2) == 2);  // and noticed that it was stopped
    return (WEXITSTATUS(status) & 1) == 1;
}

}  // namespace

TEST_CASE("an answer is seen at once, at the deadline and after it when it is there") {
    const Pipe pipe;
    CHECK_FALSE(wait_to_read(pipe.ends[0], RunningClock::in(0.01)));
    CHECK_FALSE(wait_to_read(pipe.ends[0], RunningClock::in(-10)));
    pipe.fill();
    CHECK(wait_to_read(pipe.ends[0], RunningClock::in(10)));
    CHECK(wait_to_read(pipe.ends[0], RunningClock::in(-10)));
}

TEST_CASE("a stop longer than the time-out is no time-out, whether the answer came meanwhile or comes after it") {
    CHECK(waits_through_a_stop(2, 4, 0));
    CHECK(waits_through_a_stop(3, 4, 0.5));
}

TEST_CASE("a stop asks for nothing, a time-out afterwards is one") { CHECK_FALSE(waits_through_a_stop(1.5, 3, 3)); }

TEST_CASE("what was ignored stays ignored, what was not asks for a stop") {
    for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
        INFO("signal " << signal);
        const auto before = std::signal(signal, SIG_IGN);
        {
            const SignalGuard guard;
            ::raise(signal);
            CHECK_FALSE(stop_requested());
            CHECK(is_ignored(signal));
        }
        CHECK(is_ignored(signal));
        std::signal(signal, SIG_DFL);
        {
            const SignalGuard guard;
            ::raise(signal);
            CHECK(stop_requested());
        }
        std::signal(signal, before);
    }
    { const SignalGuard guard; }  // forgets that one was asked for
    CHECK_FALSE(stop_requested());
}
