#include "harness/cli/streams.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace headcount {
namespace {

struct Sink {
    int fd;
    int error = 0;  ///< of the first write that failed; nothing is written after it
};
Sink g_output{.fd = STDOUT_FILENO};
Sink g_messages{.fd = STDERR_FILENO};

/// What the C library calls to empty a buffer. It says that all was written even where it was not: who prints a table
/// line by line need not ask after each line, and fmt throws at a failed write.
ssize_t write_what_can_be(void* cookie, const char* text, std::size_t size) {
    Sink& sink = *static_cast<Sink*>(cookie);
    for (std::size_t done = 0; done < size && sink.error == 0;) {
        const ssize_t wrote = ::write(sink.fd, text + done, size - done);
        if (wrote > 0) {
            done += static_cast<std::size_t>(wrote);
        } else if (wrote < 0 && errno == EAGAIN) {
            pollfd room{.fd = sink.fd, .events = POLLOUT, .revents = 0};
            ::poll(&room, 1, -1);
        } else if (wrote == 0 || errno != EINTR) {
            sink.error = wrote == 0 ? EIO : errno;
        }
    }
    return static_cast<ssize_t>(size);
}

/// The C library documents its standard streams as variables that a program may set.
void replace(std::FILE*& stream, Sink& sink, int buffering) {
    std::FILE* made =
        ::fopencookie(&sink, "w", {.read = nullptr, .write = write_what_can_be, .seek = nullptr, .close = nullptr});
    if (made == nullptr) return;  // no memory for a stream: the old one is as good
    std::setvbuf(made, nullptr, buffering, BUFSIZ);
    stream = made;
}

/// Reading alone: what is written to a stream that was closed is lost, and that is to be seen.
void open_what_is_closed() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDONLY);  // takes the lowest that is free: this one
    }
}

}  // namespace

void prepare_streams() {
    open_what_is_closed();
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    replace(stdout, g_output, ::isatty(STDOUT_FILENO) == 1 ? _IOLBF : _IOFBF);
    replace(stderr, g_messages, _IONBF);
}

const char* why_output_was_lost() {
    std::fflush(stdout);
    return g_output.error == 0 || g_output.error == EPIPE ? "" : std::strerror(g_output.error);
}

}  // namespace headcount
