#include "harness/measure/process/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/core/error.hpp"

namespace headcount {

void Fd::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

void Fd::set(int fd) {
    close();
    fd_ = fd;
}

int move_up(int fd) {
    constexpr int kAboveAllChildren = 10;
    return ::fcntl(fd, F_DUPFD_CLOEXEC, kAboveAllChildren);
}

void make_pipe(Fd& read_end, Fd& write_end) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw Error(fmt::format("worker: no pipe: {}", std::strerror(errno)));
    read_end.set(move_up(ends[0]));
    write_end.set(move_up(ends[1]));
    ::close(ends[0]);
    ::close(ends[1]);
    if (read_end.get() < 0 || write_end.get() < 0) throw Error("worker: no file descriptors left");
}

void make_output_file(Fd& file, const char* name) {
    const Fd made(::memfd_create(name, MFD_CLOEXEC));
    if (made.get() < 0) return;
    ::fcntl(made.get(), F_SETFL, O_APPEND);  // a child that opens it anew by /proc/self/fd writes over nothing
    file.set(move_up(made.get()));
}

std::string last_lines(const Fd& file, int count) {
    constexpr std::size_t kLongest = 300;
    std::array<char, 4096> chunk{};
    const auto size = file.get() < 0 ? 0 : ::lseek(file.get(), 0, SEEK_END);
    const auto from = std::max<off_t>(0, size - static_cast<off_t>(chunk.size()));
    const auto got = file.get() < 0 ? 0 : ::pread(file.get(), chunk.data(), chunk.size(), from);
    if (got <= 0) return {};
    std::string text(chunk.data(), static_cast<std::size_t>(got));
    std::string result;
    for (int found = 0; found < count && !text.empty();) {
        while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
        if (text.empty()) break;
        const std::size_t end = text.rfind('\n');
        std::string line = text.substr(end == std::string::npos ? 0 : end + 1);
        text.erase(end == std::string::npos ? 0 : end);
        if (!result.empty()) line.append(" | ").append(result);
        result = std::move(line);
        ++found;
    }
    return result.size() <= kLongest ? result : result.substr(result.size() - kLongest);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::string describe_exit(int status) {
    if (WIFSIGNALED(status)) {
        const int signal = WTERMSIG(status);
        const char* hint = signal == SIGKILL ? "; the system may have run out of memory" : "";
        return fmt::format("killed by signal {} ({}){}", signal, ::strsignal(signal), hint);
    }
    return fmt::format("exited with code {}", WEXITSTATUS(status));
}

bool write_all(int fd, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const auto wrote = ::write(fd, text.data() + done, text.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        done += static_cast<std::size_t>(wrote);
    }
    return true;
}

}  // namespace headcount
