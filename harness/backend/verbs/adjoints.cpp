#include "harness/backend/verbs/adjoints.hpp"

#include <algorithm>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

std::intptr_t address(const void* p) { return reinterpret_cast<std::intptr_t>(p); }

}  // namespace

void Adjoints::put(const void* values, std::int64_t bytes, void* derivatives) {
    blocks_.push_back({.values = values, .bytes = bytes, .derivatives = derivatives});
}

Tensor Adjoints::of(const Tensor& values) const {
    for (const Block& block : blocks_) {
        const std::intptr_t offset = address(values.data) - address(block.values);
        if (offset < 0 || offset >= block.bytes) continue;
        Tensor derivative = values;
        derivative.data = static_cast<char*>(block.derivatives) + offset;
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
            zeroed_.push_back(of(earlier.values));
        }
    }
    if (in_parts) zeroed_.push_back(of(values));
    if (!held) written_.push_back({.values = values, .answer = held_.size()});
    held_.push_back(held || in_parts);
    ++next_;
    return held_.back();
}

void Adjoints::begin() { next_ = 0; }

}  // namespace headcount
