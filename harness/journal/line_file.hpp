// A file of lines that one process appends to, whole after any accident.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace headcount {

/// The only writer of a file: holds a lock on it for life. Lines are written and synced before append() returns; when
/// that fails the file is cut back to its last whole line and Error is thrown.
class LineFile {
public:
    /// Opens or creates; a last line without its end is given one when it is whole and cut off when it is torn. Throws
    /// UsageError when another process writes here (and names it) or when the file does not begin with `beginning` and
    /// so is not `what` ("a journal of headcount"), Error when it cannot be written.
    LineFile(const std::filesystem::path& path, std::string_view beginning, std::string_view what);
    ~LineFile();
    LineFile(const LineFile&) = delete;
    LineFile& operator=(const LineFile&) = delete;

    /// Whole lines, each with its end.
    void append(const std::string& lines);

    /// Bytes of a torn last line that the constructor cut off.
    std::int64_t torn_bytes() const { return torn_bytes_; }

private:
    void end_last_line();
    [[noreturn]] void cut_back_and_throw(const std::string& what);

    std::filesystem::path path_;
    int fd_ = -1;
    std::int64_t size_ = 0;
    std::int64_t torn_bytes_ = 0;
};

}  // namespace headcount
