// Memory that another process can open while this one lives, and that leaves nothing behind.
#pragma once

#include <cstdint>
#include <string>

namespace headcount {

class SharedMemory {
public:
    SharedMemory() = default;
    /// Throws Error when the system refuses.
    explicit SharedMemory(std::int64_t bytes);
    ~SharedMemory();
    SharedMemory(SharedMemory&& other) noexcept;
    SharedMemory& operator=(SharedMemory&& other) noexcept;
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;

    void* data() const { return data_; }
    /// "/proc/1234/fd/9": for any process of this user.
    std::string path() const;

private:
    int fd_ = -1;
    void* data_ = nullptr;
    std::int64_t bytes_ = 0;
};

}  // namespace headcount
