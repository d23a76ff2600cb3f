// Where the derivatives of a backward pass lie: beside every tensor of the forward pass one like it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/core/tensor.hpp"

namespace headcount {

/// Derivatives of a sum over outputs, each times a number that the caller wrote into of(output). A window on values has
/// the same window on derivatives. Who writes a derivative asks holds() first, and adds where it says so.
///
/// The first walk, which has to be dry, finds out what is written first; every later walk of the same verbs repeats it,
/// so that most derivatives are not set to zero only to be added to. Those that are written in windows of different
/// shapes are: zeroed() has them after the first walk.
class Adjoints {
public:
    /// From now on the derivatives of what lies in [values, values + bytes) lie as far from `derivatives`.
    void put(const void* values, std::int64_t bytes, void* derivatives);
    /// Nobody asks for the derivatives of what lies in [values, values + bytes): data that nothing is to be learned of.
    void put_constant(const void* values, std::int64_t bytes);
    bool wants(const Tensor& values) const;
    /// The derivative of what `values` shows. Throws Error for memory that nobody put.
    Tensor of(const Tensor& values) const;
    /// Whether the derivative of `values`, which is about to be written, holds a part of it already. To be asked once
    /// for each write.
    bool holds(const Tensor& values);
    /// Derivatives that are to be zero before a walk begins.
    const std::vector<Tensor>& zeroed() const { return zeroed_; }
    /// Before a walk over the same verbs, in the same order, that may go on where the last one ended.
    void begin();

private:
    struct Block {
        const void* values;
        std::int64_t bytes;
        void* derivatives;
    };

    const Block* block_of(const Tensor& values) const;

    std::vector<Block> blocks_;  ///< without derivatives: constants
    struct Written {
        Tensor values;
        std::size_t answer;  ///< which of held_ it was
    };

    std::vector<Written> written_;
    std::vector<bool> held_;  ///< the answers so far, in order
    std::vector<Tensor> zeroed_;
    std::size_t next_ = 0;
};

}  // namespace headcount
