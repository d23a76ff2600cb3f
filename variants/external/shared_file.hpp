// Files through which an engine in a process of its own gets tensors and returns them.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace onednn_engine {

/// A file that is shared with the harness, mapped as long as this lives.
class Mapping {
public:
    Mapping(const std::string& path, bool writable) {
        const int fd = open(path.c_str(), writable ? O_RDWR : O_RDONLY);
        if (fd < 0) throw std::runtime_error(path + ": " + std::strerror(errno));
        const off_t end = lseek(fd, 0, SEEK_END);
        size_ = end > 0 ? static_cast<std::size_t>(end) : 0;
        data_ = mmap(nullptr, size_, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
        const int error = errno;
        close(fd);
        if (data_ == MAP_FAILED) throw std::runtime_error(path + ": " + std::strerror(error));
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() { munmap(data_, size_); }

    /// `bytes` from `offset` on. Throws when the file ends before.
    std::byte* at(std::size_t offset, std::size_t bytes) const {
        if (offset > size_ || bytes > size_ - offset) throw std::runtime_error("a tensor ends beyond the file");
        return static_cast<std::byte*>(data_) + offset;
    }

private:
    void* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace onednn_engine
