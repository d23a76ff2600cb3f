// What it takes to talk to a child process: descriptors, pipes, arguments, and the last thing it printed.
#pragma once

#include <string>
#include <vector>

namespace headcount {

/// A file descriptor that closes itself.
class Fd {
public:
    explicit Fd(int fd = -1) : fd_(fd) {}
    ~Fd() { close(); }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    void close();
    void set(int fd);
    int get() const { return fd_; }

private:
    int fd_;
};

/// A duplicate above the descriptors that a child's dup2 overwrites; closed in every child. Negative: none left.
int move_up(int fd);

/// A pipe of such descriptors. Throws Error.
void make_pipe(Fd& read_end, Fd& write_end);

/// Somewhere for a child to print to that no one has to empty. Negative inside: none.
void make_output_file(Fd& file, const char* name);

/// The last `count` lines with text in such a file, joined by " | " and cut to a message's length.
std::string last_lines(const Fd& file, int count);

/// argv or envp over `texts`, which must outlive it.
std::vector<char*> pointers(std::vector<std::string>& texts);

/// "killed by signal 11 (Segmentation fault)", "exited with code 3".
std::string describe_exit(int status);

/// Writes all of it. False: the other end is gone.
bool write_all(int fd, const std::string& text);

}  // namespace headcount
