#include "harness/measure/process/shared_memory.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/core/error.hpp"

namespace headcount {

SharedMemory::SharedMemory(std::int64_t bytes) : fd_(::memfd_create("headcount tensors", MFD_CLOEXEC)), bytes_(bytes) {
    if (fd_ >= 0 && ::ftruncate(fd_, bytes) == 0) {
        void* const at = ::mmap(nullptr, static_cast<std::size_t>(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
        if (at != MAP_FAILED) data_ = at;
    }
    if (data_ != nullptr) return;
    const int why = errno;
    if (fd_ >= 0) ::close(fd_);
    throw Error(
        fmt::format("the system refuses {} bytes of memory to share with an engine: {}", bytes, std::strerror(why)));
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

SharedMemory::~SharedMemory() {
    if (data_ != nullptr) ::munmap(data_, static_cast<std::size_t>(bytes_));
    if (fd_ >= 0) ::close(fd_);
}

std::string SharedMemory::path() const { return fmt::format("/proc/{}/fd/{}", ::getpid(), fd_); }

}  // namespace headcount
