// Writing a whole journal at once: under a name of its own, synced, then moved into place.
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "harness/core/error.hpp"
#include "harness/journal/merge.hpp"

namespace headcount {
namespace {

class File {
public:
    explicit File(const std::filesystem::path& path)
        : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) {
        if (fd_ < 0) fail();
    }
    ~File() {
        ::close(fd_);
        if (!kept_) ::unlink(path_.c_str());
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    void write(std::string line) {
        buffer_ += line += '\n';
        if (buffer_.size() > kBuffer) flush();
    }
    void move_to(const std::filesystem::path& target) {
        flush();
        if (::fsync(fd_) != 0 && errno != EINVAL) fail();
        if (::rename(path_.c_str(), target.c_str()) != 0) fail();
        kept_ = true;
    }

private:
    static constexpr std::size_t kBuffer = std::size_t{1} << 20U;

    void flush() {
        std::size_t done = 0;
        while (done < buffer_.size()) {
            const auto wrote = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote <= 0) fail();
            done += static_cast<std::size_t>(wrote);
        }
        buffer_.clear();
    }
    [[noreturn]] void fail() const {
        throw Error(
            fmt::format("{}: cannot be written: {}; choose another --output", path_.string(), std::strerror(errno)));
    }

    std::filesystem::path path_;
    int fd_;
    bool kept_ = false;
    std::string buffer_;
};

}  // namespace

void write_journal(const std::filesystem::path& path, const Journal& journal) {
    std::error_code error;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
    if (error) throw Error(fmt::format("{}: cannot make the directory: {}", path.string(), error.message()));
    auto beside = path;
    beside += fmt::format(".{}.part", ::getpid());
    File file(beside);
    file.write(journal_line(journal.run));
    for (const ResumeRecord& resume : journal.resumes) file.write(journal_line(resume));
    for (const TuningRecord& tuning : journal.tunings) file.write(journal_line(tuning));
    for (const RoundRecord& round : journal.rounds) file.write(journal_line(round));
    for (const PointRecord& point : journal.points) file.write(journal_line(point));
    file.move_to(path);
}

}  // namespace headcount
