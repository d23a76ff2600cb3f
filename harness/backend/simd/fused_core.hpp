// The fused core over the simd kernels: how a call is cut into blocks, shared among threads, and what that costs.
#pragma once

#include <cstdint>

#include "harness/backend/simd/decode.hpp"
#include "harness/backend/simd/tiles.hpp"
#include "harness/backend/verbs/attend.hpp"
#include "harness/core/parallel.hpp"

namespace headcount::simd {

class FusedCore {
public:
    /// Both outlive it.
    FusedCore(ThreadPool& pool, const Tiles& tiles) : pool_(pool), tiles_(tiles) {}

    AttendPlan plan(const AttendShape& shape, const Mask& mask) const;
    Parts executed(const Attend& verb) const;
    void run(const Attend& verb);

private:
    /// What a thread needs: a run that an earlier one began, a run of its own, the scores of one block.
    struct DecodeScratch {
        std::int64_t state, scores;
        std::int64_t all() const { return 2 * state + scores; }
    };

    /// Whole vectors of queries, as many as leave every thread a block; all where they are few.
    std::int64_t query_block(const AttendShape& shape) const;
    std::int64_t stream_scratch(const AttendShape& shape) const;
    DecodePlan decode_plan(const AttendShape& shape) const;
    DecodeScratch decode_scratch(const AttendShape& shape) const;

    /// Tensors of S.
    template <class S>
    void attend_in(const Attend& verb);
    template <class S>
    void decode(const Attend& verb);

    ThreadPool& pool_;
    const Tiles& tiles_;
};

}  // namespace headcount::simd
