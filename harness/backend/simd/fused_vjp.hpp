// The derivative of the fused core over its simd kernel: how a call is cut, shared among threads, and what that costs.
#pragma once

#include <cstdint>

#include "harness/backend/simd/tiles.hpp"
#include "harness/backend/simd/vjp.hpp"
#include "harness/backend/verbs/attend_shape.hpp"
#include "harness/backend/verbs/fused_attend_vjp.hpp"
#include "harness/core/mask.hpp"
#include "harness/core/parallel.hpp"

namespace headcount::simd {

class FusedVjp {
public:
    /// Both outlive it.
    FusedVjp(ThreadPool& pool, const Tiles& tiles) : pool_(pool), tiles_(tiles) {}

    /// In f32 what the streaming kernel takes, which keeps statistics of rows: no mask or the causal one. Anything else
    /// has the derivative that consists of products.
    static bool takes(const AttendShape& shape, const Mask& mask);
    std::int64_t scratch_elements(const AttendShape& shape) const;
    Parts executed(const FusedAttendVjp& verb) const;
    void run(const FusedAttendVjp& verb);

private:
    /// Shares of one head's keys, so that all threads have as much to do; each adds up derivatives by queries of its
    /// own.
    std::int64_t pieces(const AttendShape& shape) const;
    VjpCut cut(const AttendShape& shape) const;
    VjpScratch scratch_of(const AttendShape& shape) const;

    ThreadPool& pool_;
    const Tiles& tiles_;
};

}  // namespace headcount::simd
