#include "harness/journal/line_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "harness/core/error.hpp"
#include "harness/core/shell_words.hpp"
#include "harness/journal/line.hpp"

namespace headcount {
namespace {

/// "process 1234 (headcount run configs/smoke.yaml)": who holds a lock on this file, by /proc/locks.
std::string lock_holder(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return "another process";
    const std::string wanted =
        fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
    std::ifstream locks("/proc/locks");
    std::string number, type, advisory, access, pid, inode, rest;
    while (locks >> number >> type >> advisory >> access >> pid >> inode && std::getline(locks, rest)) {
        if (type != "FLOCK" || inode != wanted) continue;
        std::ifstream file("/proc/" + pid + "/cmdline", std::ios::binary);
        std::vector<std::string> words;
        for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
        return words.empty() ? "process " + pid : fmt::format("process {} ({})", pid, shell_words(words));
    }
    return "another process";
}

std::int64_t size_of(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 ? status.st_size : 0;
}

/// As much of it as there is.
std::string text_at(int fd, std::int64_t from, std::int64_t bytes) {
    std::string text(static_cast<std::size_t>(bytes), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const auto got = ::pread(fd, text.data() + done, text.size() - done, from + static_cast<std::int64_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
    }
    text.resize(done);
    return text;
}

/// The first bytes of the first line, without an editor's mark before it.
std::string beginning_of(int fd, std::size_t bytes) {
    std::string text = text_at(fd, 0, static_cast<std::int64_t>(bytes + kByteOrderMark.size()));
    if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
    return text.substr(0, bytes);
}

/// Where the last line that has an end ends.
std::int64_t end_of_lines(int fd, std::int64_t size) {
    std::array<char, 4096> buffer{};
    std::int64_t end = size;
    while (end > 0) {
        const auto count = std::min<std::int64_t>(end, buffer.size());
        if (::pread(fd, buffer.data(), static_cast<std::size_t>(count), end - count) != count) return 0;
        for (std::int64_t i = count; i > 0; --i) {
            if (buffer[static_cast<std::size_t>(i - 1)] == '\n') return end - count + i;
        }
        end -= count;
    }
    return 0;
}

}  // namespace

LineFile::LineFile(const std::filesystem::path& path, std::string_view beginning, std::string_view what) : path_(path) {
    std::error_code error;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
    if (error) throw Error(fmt::format("{}: cannot make the directory: {}", path.string(), error.message()));
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd_ < 0) {
        throw Error(
            fmt::format("{}: cannot be written: {}; choose another --output", path.string(), std::strerror(errno)));
    }
    try {
        if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
            throw UsageError(fmt::format("{}: {} is writing here; wait for it, stop it, or choose another --output",
                                         path.string(), lock_holder(fd_)));
        }
        size_ = size_of(fd_);
        if (!beginning.starts_with(beginning_of(fd_, beginning.size()))) {
            throw UsageError(fmt::format("{}: exists and is not {}; choose another --output", path.string(), what));
        }
        end_last_line();
        // The new name survives a power cut only when the directory is synced too.
        const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
        const int dir_fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd >= 0) {
            ::fsync(dir_fd);
            ::close(dir_fd);
        }
    } catch (...) {
        ::close(fd_);
        throw;
    }
}

/// A last line without its end: given one when it is whole, cut off when it is torn.
void LineFile::end_last_line() {
    const std::int64_t end = end_of_lines(fd_, size_);
    if (end == size_) return;
    if (is_whole_line(text_at(fd_, end, size_ - end))) return append("\n");
    torn_bytes_ = size_ - end;
    if (::ftruncate(fd_, end) != 0) {
        throw Error(fmt::format("{}: its torn last line cannot be cut off: {}", path_.string(), std::strerror(errno)));
    }
    size_ = end;
}

LineFile::~LineFile() { ::close(fd_); }

void LineFile::append(const std::string& lines) {
    struct stat status {};
    if (::fstat(fd_, &status) != 0 || status.st_nlink == 0) {
        throw Error(
            fmt::format("{}: was removed while it was being written; what was measured up to then is gone "
                        "with it. Run the same command again",
                        path_.string()));
    }
    if (status.st_size != size_) {
        throw Error(
            fmt::format("{}: was changed by somebody else while it was being written ({} bytes, expected {}); "
                        "nothing more is written",
                        path_.string(), static_cast<std::int64_t>(status.st_size), size_));
    }
    std::size_t done = 0;
    while (done < lines.size()) {
        const auto wrote = ::write(fd_, lines.data() + done, lines.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) cut_back_and_throw(std::strerror(errno));
        if (wrote == 0) cut_back_and_throw("nothing could be written");
        done += static_cast<std::size_t>(wrote);
    }
    if (::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) {  // EINVAL, EROFS: cannot be synced at all
        cut_back_and_throw(std::strerror(errno));
    }
    size_ += static_cast<std::int64_t>(lines.size());
}

void LineFile::cut_back_and_throw(const std::string& what) {
    const bool whole = ::ftruncate(fd_, size_) == 0;
    throw Error(
        fmt::format("{}: cannot be written any further: {}. {}; free some space and run the same command "
                    "again to go on",
                    path_.string(), what,
                    whole ? "Everything up to its last line is complete"
                          : "Its last line is torn and will be cut off by the next run"));
}

}  // namespace headcount
