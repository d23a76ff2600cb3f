#include "harness/backend/verbs/adjoints.hpp"

#include <algorithm>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

std::intptr_t address(const void* p) { return reinterpret_cast<std::intptr_t>(p); }

void add_once(std::vector<Tensor>& windows, const Tensor& window) {
    if (std::ranges::none_of(windows, [&](const Tensor& t) { return same_window(t, window); }))
        windows.push_back(window);
}

}  // namespace

void Adjoints::put(const void* values, std::int64_t bytes, void* derivatives) {
    blocks_.push_back({.values = values, .bytes = bytes, .derivatives = derivatives});
}

void Adjoints::put_constant(const void* values, std::int64_t bytes) { put(values, bytes, nullptr); }

bool Adjoints::wants(const Tensor& values) const {
    const Block* block = block_of(values);
    return block == nullptr || block->derivatives != nullptr;
}

const Adjoints::Block* Adjoints::block_of(const Tensor& values) const {
    for (const Block& block : blocks_) {
        const std::intptr_t offset = address(values.data) - address(block.values);
        if (offset >= 0 && offset < block.bytes) return &block;
    }
    return nullptr;
}

Tensor Adjoints::of(const Tensor& values) const {
    if (const Block* block = block_of(values); block != nullptr && block->derivatives != nullptr) {
        Tensor derivative = values;
        derivative.data = static_cast<char*>(block->derivatives) + (address(values.data) - address(block->values));
        return derivative;
    }
    throw Error("a verb reads memory that has no derivative: neither an input, a weight nor a temporary of the pass");
}

bool Adjoints::holds(const Tensor& values) {
    if (next_ < held_.size()) return held_[next_++];
    bool held = false, in_parts = false;
    for (const Written& earlier : written_) {
        if (same_window(earlier.values, values) || same_window(earlier.values, values.transposed())) {
            held = true;
        } else if (overlap(earlier.values, values)) {
            in_parts = true;
            held_[earlier.answer] = true;
            add_once(zeroed_, of(earlier.values));
        }
    }
    if (in_parts) add_once(zeroed_, of(values));
    if (!held) written_.push_back({.values = values, .answer = held_.size()});
    held_.push_back(held || in_parts);
    ++next_;
    return held_.back();
}

void Adjoints::begin() { next_ = 0; }

}  // namespace headcount
