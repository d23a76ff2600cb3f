#include "harness/core/workspace.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <sys/mman.h>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kAlignment = 64;  // one cache line, and the widest vector register

constexpr std::int64_t rounded_up(std::int64_t bytes, std::int64_t unit) { return (bytes + unit - 1) / unit * unit; }
constexpr std::int64_t padded(std::int64_t bytes) { return rounded_up(bytes, kAlignment); }

/// Bytes between a tensor of `bytes` and the next, so that the two do not begin in the same sets of the caches: on huge
/// pages, tensors whose distance is a power of two share them all. With 32 heads, whose rows fall into two sets of the
/// first-level cache, queries, keys, values and output drove each other out: 2 to 5 %.
constexpr std::int64_t gap_after(std::int64_t bytes) {
    constexpr std::int64_t kPage = 4096, kGap = 8 * kAlignment;
    return bytes > 0 && bytes % kPage == 0 ? kGap : 0;
}

/// Memory that asks for huge pages where it fills one. Heads are columns of wide rows, so on pages of 4 KiB every few
/// keys are another page: the fused core with 16 heads took 1.2 times as long.
void* allocate(std::int64_t bytes) {
    constexpr std::int64_t kHugePage = std::int64_t{2} << 20;
    if (bytes < kHugePage) return std::aligned_alloc(kAlignment, static_cast<std::size_t>(bytes));
    const auto size = static_cast<std::size_t>(rounded_up(bytes, kHugePage));
    void* const block = std::aligned_alloc(kHugePage, size);
#ifdef MADV_HUGEPAGE
    // Advice: a system that has none to give leaves ordinary pages, and the environment record says what it is set to.
    if (block != nullptr) static_cast<void>(::madvise(block, size, MADV_HUGEPAGE));
#endif
    return block;
}

}  // namespace

void Workspace::Free::operator()(void* p) const { std::free(p); }

Workspace Workspace::dry() { return Workspace{}; }

Workspace Workspace::imagined(int block) {
    constexpr int kBlockBits = 44;
    Workspace ws;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): nothing is read there
    ws.base_ = reinterpret_cast<char*>(static_cast<std::uintptr_t>(block + 1) << kBlockBits);
    return ws;
}

Workspace Workspace::reserve(std::int64_t capacity_bytes) {
    Workspace ws;
    ws.dry_ = false;
    ws.capacity_ = padded(std::max<std::int64_t>(capacity_bytes, 1));
    ws.block_.reset(allocate(ws.capacity_));
    if (ws.block_ == nullptr) {
        throw Error("workspace: the system refuses " + std::to_string(ws.capacity_) +
                    " bytes; use a smaller problem or a variant with less memory (streaming)");
    }
    ws.base_ = static_cast<char*>(ws.block_.get());
    return ws;
}

Workspace Workspace::over(void* memory, std::int64_t capacity_bytes) {
    Workspace ws;
    ws.dry_ = false;
    ws.capacity_ = capacity_bytes;
    ws.base_ = static_cast<char*>(memory);
    return ws;
}

Tensor Workspace::take(std::string_view name, DType dtype, std::array<std::int64_t, 5> extent) {
    Tensor t = dense(nullptr, dtype, extent);
    const std::int64_t size = t.bytes();
    const std::int64_t start = offset_ + (live_.empty() ? 0 : gap_after(live_.back().bytes));
    if (!dry_ && start + padded(size) > capacity_) {
        throw Error("workspace: '" + std::string(name) + "' needs " + std::to_string(size) +
                    " bytes beyond the dry run's prediction of " + std::to_string(capacity_));
    }
    if (base_ != nullptr) t.data = base_ + start;
    live_.push_back({.name = std::string(name), .offset = offset_, .bytes = size});
    offset_ = start + padded(size);
    bytes_ += size;
    peak_offset_ = std::max(peak_offset_, offset_);
    peak_bytes_ = std::max(peak_bytes_, bytes_);
    Book& book = books_[live_.back().name];
    book.bytes += size;
    book.peak_bytes = std::max(book.peak_bytes, book.bytes);
    return t;
}

std::int64_t Workspace::peak_bytes(std::string_view name) const {
    const auto it = books_.find(name);
    return it == books_.end() ? 0 : it->second.peak_bytes;
}

void Workspace::release_to(std::size_t live_count) {
    while (live_.size() > live_count) {
        const Live& last = live_.back();
        offset_ = last.offset;
        bytes_ -= last.bytes;
        books_[last.name].bytes -= last.bytes;
        live_.pop_back();
    }
}

void Workspace::reset() { release_to(0); }

Workspace::Frame::Frame(Workspace& workspace, Use use)
    : workspace_(workspace),
      live_count_(workspace.live_.size()),
      gives_back_(use == Use::scratch || !workspace.keeps_) {}

Workspace::Frame::~Frame() {
    if (gives_back_) workspace_.release_to(live_count_);
}

}  // namespace headcount
