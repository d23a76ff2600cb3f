// Processor time of processes and their descendants.
#include "harness/measure/machine/process_time.hpp"

#include <csignal>
#include <cstdlib>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/catch.hpp"

using headcount::family_cpu_seconds;

namespace {

/// Runs a shell script as a child until the end of the scope.
class Script {
public:
    explicit Script(const std::string& text) : pid_(::fork()) {
        if (pid_ != 0) return;
        ::setpgid(0, 0);
        ::execl("/bin/sh", "sh", "-c", text.c_str(), nullptr);
        std::_Exit(1);
    }
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;
    ~Script() {
        ::kill(-pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    int pid() const { return pid_; }

private:
    pid_t pid_;
};

/// Waits until the family has used that much; false after a minute.
bool reaches(int pid, double seconds) {
    for (int i = 0; i < 6000; ++i) {
        if (family_cpu_seconds(pid) >= seconds) return true;
        ::usleep(10'000);
    }
    return false;
}

}  // namespace

TEST_CASE("what a child's child uses is the family's") {
    // The shell waits, its child's child spins.
    const Script family("(sh -c 'while :; do :; done' & wait) & wait");
    REQUIRE(reaches(family.pid(), 0.2));
}

TEST_CASE("a family that sleeps uses nothing to speak of, whoever else is busy") {
    const Script busy("while :; do :; done");
    const Script asleep("sleep 100 & wait");
    REQUIRE(reaches(busy.pid(), 0.2));
    CHECK(family_cpu_seconds(asleep.pid()) < 0.1);
}

TEST_CASE("a process that is gone has no time") { CHECK(family_cpu_seconds(1 << 30) == -1); }
