// Work on rows of a tensor, shared among threads when that pays, and the verbs that are nothing else.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/backend/verbs/verb.hpp"
#include "harness/core/parallel.hpp"
#include "harness/core/tensor.hpp"

namespace headcount {

/// Waking a thread takes about ten microseconds; below this many elements a softmax or a copy is done sooner alone.
inline constexpr std::int64_t kSmallestSharedElements = std::int64_t{32} * 1024;

/// Calls f(b, n, g, row) for all rows of t, in shares of equal size when that pays.
template <class F>
void share_rows(ThreadPool& pool, const Tensor& t, const F& f) {
    const std::int64_t rows = t.elements() / t.cols();
    // Four shares a thread even out what causal rows differ in.
    const std::int64_t shares = t.elements() < kSmallestSharedElements || pool.num_threads() == 1
                                    ? 1
                                    : std::min<std::int64_t>(rows, 4L * pool.num_threads());
    pool.run(shares, [&](std::int64_t share, int /*thread*/) {
        for (std::int64_t i = rows * share / shares; i < rows * (share + 1) / shares; ++i) {
            const std::int64_t head = i / t.rows();
            f(head / (t.kv_heads() * t.group()), head / t.group() % t.kv_heads(), head % t.group(), i % t.rows());
        }
    });
}

/// Runs a verb that works row by row (softmax and its derivative, copy, add, zero, sum_rows, norms, activations,
/// losses) in vectors and on all threads. False, with nothing done, for every other verb and for other types than f32
/// and f64.
bool share_verb_of_rows(ThreadPool& pool, const Verb& verb);

}  // namespace headcount
