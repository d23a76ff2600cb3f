// The memory a forward pass uses: predicted by a dry run, then exactly that much is reserved.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/tensor.hpp"

namespace headcount {

/// A stack of named tensors. Dry, it hands out windows on nothing and only keeps the books; wet, it
/// hands out 64-byte aligned, uninitialised memory from one block reserved beforehand.
class Workspace {
public:
    /// Keeps the books, allocates nothing: every tensor has null data.
    static Workspace dry();
    /// The same with addresses that tell tensors apart and must not be read. Blocks of up to 2^44 bytes, numbered.
    static Workspace imagined(int block);
    /// Reserves `capacity_bytes` (Workspace::reserved_bytes() of a dry run). Throws Error when the
    /// system refuses.
    static Workspace reserve(std::int64_t capacity_bytes);
    /// Hands out what stands at `memory`, 64-byte aligned, which is the caller's and outlives it.
    static Workspace over(void* memory, std::int64_t capacity_bytes);

    /// An uninitialised dense tensor. `name` says what it holds ("scores", "query", "tile" ...).
    /// Throws Error when a wet workspace is too small.
    Tensor take(std::string_view name, DType dtype, std::array<std::int64_t, 5> extent);

    /// From now on frames give back nothing but scratch: what a forward pass took is there for its backward pass.
    void keep_all() { keeps_ = true; }
    bool keeps_all() const { return keeps_; }

    enum class Use : std::uint8_t { temporaries, scratch };
    /// Everything taken while a frame lives is given back when it ends, temporaries only where they are not kept.
    class Frame {
    public:
        explicit Frame(Workspace& workspace, Use use = Use::temporaries);
        ~Frame();
        Frame(const Frame&) = delete;
        Frame& operator=(const Frame&) = delete;

    private:
        Workspace& workspace_;
        std::size_t live_count_;
        bool gives_back_;
    };

    bool is_dry() const { return dry_; }
    /// High-water mark of the bytes asked for, without alignment padding.
    std::int64_t peak_bytes() const { return peak_bytes_; }
    /// High-water mark of the bytes asked for under one name; 0 for a name never taken.
    std::int64_t peak_bytes(std::string_view name) const;
    /// Capacity that a wet workspace needs to repeat what this one saw: the peak with padding.
    std::int64_t reserved_bytes() const { return peak_offset_; }
    /// Forgets what was taken, keeps the memory.
    void reset();
    /// Where the memory begins; null in a dry one.
    void* base() const { return base_; }

private:
    Workspace() = default;
    void release_to(std::size_t live_count);

    struct Live {
        std::string name;
        std::int64_t offset;
        std::int64_t bytes;
    };
    struct Free {
        void operator()(void* p) const;
    };
    struct Book {
        std::int64_t bytes = 0;
        std::int64_t peak_bytes = 0;
    };

    bool dry_ = true;
    bool keeps_ = false;
    std::unique_ptr<void, Free> block_;  ///< empty where the memory is someone else's
    char* base_ = nullptr;
    std::int64_t capacity_ = 0;
    std::int64_t offset_ = 0;
    std::int64_t peak_offset_ = 0;
    std::int64_t bytes_ = 0;
    std::int64_t peak_bytes_ = 0;
    std::vector<Live> live_;
    std::map<std::string, Book, std::less<>> books_;
};

}  // namespace headcount
