// The fused core: one pass over the keys with online softmax, queries in the lanes of vectors.
#if defined(HEADCOUNT_SIMD_STREAM_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADCOUNT_SIMD_STREAM_INL_HPP
#undef HEADCOUNT_SIMD_STREAM_INL_HPP
#else
#define HEADCOUNT_SIMD_STREAM_INL_HPP
#endif

#include <algorithm>
#include <cstdint>
#include <limits>

#include <hwy/highway.h>

#include "harness/backend/simd/panel-inl.hpp"
#include "harness/backend/simd/stream.hpp"
#include "harness/backend/simd/tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

/// A block of kVectors vectors of queries (Dao et al. 2022, algorithm 1, queries outermost). Scores are kept
/// transposed, a key a row and a query a lane: then both products broadcast keys and values from where they lie, and
/// maximum, exp and sum of a row are plain vector operations without a horizontal one.
///
/// The running maximum is rounded up to a multiple of 8: weights are 2^(score - maximum), so every rescale is by an
/// exact power of two, and there are few. With whole numbers, one of 48 rows rises in nearly every block of keys of
/// ordinary data. Weights lose no precision by being 2^-8 at worst instead of 1: they are floats.
///
/// In bf16 (L::kPacks) a block of keys and values is packed for its pass over the queries, queries stay as they are
/// stored, and scores take the factor; weights are rounded where products take pairs, their sum is that before
/// rounding.
template <class L, int kVectors>
class Stream {
public:
    using T = typename L::T;
    using V = typename L::V;
    using S = typename L::S;

    HWY_INLINE explicit Stream(const StreamBlock<T, S>& block)
        : block_(block),
          depth_(steps_of(block.head_dim, L::kStep)),
          queries_(block.scratch),
          result_(queries_ + kWidth * depth_),
          scores_(result_ + kWidth * block.value_head_dim),
          keys_(scores_ + kWidth * block.key_block),
          values_(keys_ + std::max(kWidth, block.key_block) * depth_) {}

    HWY_INLINE void run() {
        if constexpr (L::kPacks) {
            for (std::int64_t i = 0; i < block_.rows; ++i) {
                L::pack_row(block_.q.data + i * block_.q.row_stride, block_.q.col_stride, block_.head_dim,
                            keys_ + i * depth_);
            }
            pack_rows<L, kVectors, false>(keys_, depth_, 1, block_.rows, depth_, block_.factor, queries_);
        } else {
            pack_rows<L, kVectors>(block_.q.data, block_.q.row_stride, block_.q.col_stride, block_.rows,
                                   block_.head_dim, block_.factor, queries_);
        }
        T firsts[kWidth], lasts[kWidth], sinks[kWidth];
        for (std::int64_t i = 0; i < kWidth; ++i) {
            const Keys keys = block_.keys_of(std::min(i, block_.rows - 1));
            firsts[i] = static_cast<T>(static_cast<float>(keys.first));
            lasts[i] = static_cast<T>(static_cast<float>(keys.last));
            sinks[i] = static_cast<T>(static_cast<float>(keys.sink));
        }
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED {
            firsts_[j] = L::load(firsts + j * L::kLanes);
            lasts_[j] = L::load(lasts + j * L::kLanes);
            sinks_[j] = L::load(sinks + j * L::kLanes);
            peaks_[j] = hidden();
            sums_[j] = L::zero();
        });
        const BlockKeys keys = BlockKeys::of(block_.rows, [&](std::int64_t row) { return block_.keys_of(row); });
        for (const KeySpan& span : {keys.sink, keys.main}) {
            for (std::int64_t key = span.from; key < span.to; key += block_.key_block) {
                const std::int64_t count = std::min(block_.key_block, span.to - key);
                is_last_ = key + count == keys.main.to;
                asks_first_ = key < keys.of_all.from;
                asks_last_ = key + count > keys.of_all.to;
                asks_sink_ = key < keys.largest_sink;
                if (keys.all_see(key, count)) {
                    take_keys<false>(key, count);
                } else {
                    take_keys<true>(key, count);
                }
                begun_ = true;
            }
        }
        V factors[kVectors];
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { factors[j] = L::reciprocal(sums_[j]); });
        if (!begun_) std::fill(result_, result_ + kWidth * block_.value_head_dim, T{});
        unpack_rows<L, kVectors>(result_, factors, block_.rows, block_.value_head_dim, block_.out.data,
                                 block_.out.row_stride, block_.out.col_stride);
        if (block_.peaks != nullptr) {
            keep(peaks_, block_.peaks);
            keep(factors, block_.reciprocals);
        }
    }

private:
    static constexpr std::int64_t kWidth = kVectors * L::kLanes;
    /// Below every score.
    static HWY_INLINE V hidden() { return L::set(static_cast<T>(std::numeric_limits<float>::lowest())); }

    /// to[row] = the lane of x that belongs to it.
    HWY_INLINE void keep(const V (&x)[kVectors], T* to) const {
        T lanes[kWidth];
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { L::store(x[j], lanes + j * L::kLanes); });
        std::copy_n(lanes, block_.rows, to);
    }

    template <bool kMasked>
    HWY_INLINE void take_keys(std::int64_t key, std::int64_t count) {
        L::took(key, count, kMasked);
        if constexpr (L::kPacks) pack_block(key, count);
        V peaks[kVectors];
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { peaks[j] = peaks_[j]; });
        in_tiles<L>(count, [&](std::int64_t first, auto rows) HEADCOUNT_INLINED {
            if (is_last_) ask_for_rows(first, first + rows(), count);
            compute_scores<kMasked, rows()>(key, first, peaks);
        });
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { peaks[j] = L::round_up(peaks[j]); });
        rescale_ = begun_ && risen(peaks);
        if (rescale_) {
            unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED {
                rescales_[j] = L::exp2(L::sub(peaks_[j], peaks[j]));
                sums_[j] = L::mul(sums_[j], rescales_[j]);
            });
        }
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { peaks_[j] = peaks[j]; });
        weigh<kMasked>(key, count);
        in_tiles<L>(block_.value_head_dim,
                    [&](std::int64_t first, auto rows) HEADCOUNT_INLINED { add_values<rows()>(key, count, first); });
    }

    /// Asks for what comes after the last keys, a share [i, end) of `parts`: the rows of the output and the next
    /// queries. Earlier they would be gone: heads in wide rows share few sets of the caches with the keys that pass.
    HWY_INLINE void ask_for_rows(std::int64_t i, std::int64_t end, std::int64_t parts) {
        for (std::int64_t row = i * block_.rows / parts; row < end * block_.rows / parts; ++row) {
            for (std::int64_t c = 0; c < block_.value_head_dim; c += L::kLine * L::kStep) {
                L::prefetch_to_write(block_.out.data + row * block_.out.row_stride + c * block_.out.col_stride);
            }
        }
        for (std::int64_t row = i * block_.next_rows / parts; row < end * block_.next_rows / parts; ++row) {
            for (std::int64_t c = 0; c < block_.head_dim; c += L::kLine * L::kStep) {
                L::prefetch(block_.next_q.data + row * block_.next_q.row_stride + c * block_.next_q.col_stride);
            }
        }
    }

    /// Keys and values of a block in the form that products take.
    HWY_INLINE void pack_block(std::int64_t key, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
            L::pack_row(block_.k.data + (key + i) * block_.k.row_stride, block_.k.col_stride, block_.head_dim,
                        keys_ + i * depth_);
        }
        for (std::int64_t i = 0; i < count; i += L::kStep) {
            const S* const row = block_.v.data + (key + i) * block_.v.row_stride;
            L::pack_values(row, i + 1 < count ? row + block_.v.row_stride : nullptr, block_.v.col_stride,
                           block_.value_head_dim, values_ + i / L::kStep * block_.value_head_dim);
        }
    }

    /// Keys from `key` + `first` on: [key, steps of head_dim].
    HWY_INLINE View<const T> keys_at(std::int64_t key, std::int64_t first) const {
        if constexpr (L::kPacks) {
            return {keys_ + first * depth_, depth_, 1};
        } else {
            return {block_.k.data + (key + first) * block_.k.row_stride, block_.k.row_stride, block_.k.col_stride};
        }
    }
    /// Values of the block at `key`, from column `first` on: [steps of keys, value_head_dim].
    HWY_INLINE View<const T> values_at(std::int64_t key, std::int64_t first) const {
        if constexpr (L::kPacks) {
            return {values_ + first, block_.value_head_dim, 1};
        } else {
            return {block_.v.data + key * block_.v.row_stride + first * block_.v.col_stride, block_.v.row_stride,
                    block_.v.col_stride};
        }
    }

    /// scores[first + i, query] = k[key + first + i] . q[query], and the maxima of what is visible.
    template <bool kMasked, int kRows>
    HWY_INLINE void compute_scores(std::int64_t key, std::int64_t first, V (&peaks)[kVectors]) {
        Tile<L, kRows, kVectors> tile;
        tile.fill([](int /*i*/) HEADCOUNT_INLINED { return L::zero(); });
        // The rows of a head lie far apart, so the processor does not foresee the next ones by itself: those of the
        // next tile and its values, or where blocks are packed those of the next block.
        const std::int64_t ahead = L::kPacks ? block_.key_block : kRows;
        const std::int64_t next = std::min(key + first + ahead, block_.kv_len - kRows);
        const S* const next_keys = block_.k.data + next * block_.k.row_stride;
        const S* const values = block_.v.data + (L::kPacks ? next : key + first) * block_.v.row_stride;
        const View<const T> keys = keys_at(key, first);
        multiply_add(tile, keys.data, keys.row_stride, keys.col_stride, queries_, depth_,
                     [&](std::int64_t k) HEADCOUNT_INLINED {
                         const std::int64_t c = k * L::kStep;
                         for (int i = 0; i < kRows; ++i) {
                             L::prefetch(next_keys + i * block_.k.row_stride + c * block_.k.col_stride);
                             if (c < block_.value_head_dim) {
                                 L::prefetch(values + i * block_.v.row_stride + c * block_.v.col_stride);
                             }
                         }
                     });
        T* const to = scores_ + first * kWidth;
        tile.each([&](auto i, V score) HEADCOUNT_INLINED {
            constexpr int j = i % kVectors;
            if constexpr (L::kPacks) score = L::mul(score, L::set(block_.factor));
            if constexpr (kMasked) {
                const std::int64_t row = key + first + i / kVectors;
                score = where_seen(j, static_cast<float>(row), score, hidden());
            }
            L::store(score, to + i * L::kLanes);
            peaks[j] = L::max(peaks[j], score);
        });
    }

    /// `x` in the lanes of vector j whose rows see the key, else `otherwise`.
    HWY_INLINE V where_seen(int j, float key, V x, V otherwise) const {
        V seen = x;
        if (asks_last_) seen = L::where_visible(lasts_[j], key, seen, otherwise);
        if (asks_first_) seen = L::where_visible(firsts_[j], key, otherwise, seen);
        if (asks_sink_) seen = L::where_visible(sinks_[j], key, x, seen);
        return seen;
    }

    HWY_INLINE bool risen(const V (&peaks)[kVectors]) const {
        bool any = false;
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { any |= L::any_less(peaks_[j], peaks[j]); });
        return any;
    }

    /// Scores become weights, in place, and are added up.
    template <bool kMasked>
    HWY_INLINE void weigh(std::int64_t key, std::int64_t count) {
        V peaks[kVectors];
        V sums[kVectors];
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED {
            peaks[j] = peaks_[j];
            sums[j] = sums_[j];
        });
        const auto weight_of = [&](std::int64_t i, auto j) HEADCOUNT_INLINED {
            V weight = L::exp2(L::sub(L::load(scores_ + i * kWidth + j * L::kLanes), peaks[j]));
            if constexpr (kMasked) {
                weight = where_seen(j, static_cast<float>(key + i), weight, L::zero());
            }
            sums[j] = L::add(sums[j], weight);
            return weight;
        };
        T* row = scores_;
        std::int64_t i = 0;
        for (; i + L::kStep <= count; i += L::kStep, row += kWidth) {
            unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED {
                V weights = weight_of(i, j);
                if constexpr (L::kStep == 2) weights = L::pair(weights, weight_of(i + 1, j));
                L::store(weights, row + j * L::kLanes);
            });
        }
        if constexpr (L::kStep == 2) {
            if (i < count) {
                unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED {
                    L::store(L::pair(weight_of(i, j), L::zero()), row + j * L::kLanes);
                });
            }
        }
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { sums_[j] = sums[j]; });
    }

    /// result[first + i, query] = rescale * result[first + i, query] + sum over keys of v[key, first + i] * weight
    template <int kRows>
    HWY_INLINE void add_values(std::int64_t key, std::int64_t count, std::int64_t first) {
        T* const result = result_ + first * kWidth;
        Tile<L, kRows, kVectors> tile;
        if (!begun_) {
            tile.fill([](int /*i*/) HEADCOUNT_INLINED { return L::zero(); });
        } else if (rescale_) {
            tile.fill([&](auto i)
                          HWY_ATTR { return L::mul(L::load(result + i * L::kLanes), rescales_[i % kVectors]); });
        } else {
            tile.fill([&](auto i) HEADCOUNT_INLINED { return L::load(result + i * L::kLanes); });
        }
        const View<const T> values = values_at(key, first);
        multiply_add(tile, values.data, values.col_stride, values.row_stride, scores_, steps_of(count, L::kStep));
        tile.each([&](auto i, V sum) HEADCOUNT_INLINED { L::store(sum, result + i * L::kLanes); });
    }

    const StreamBlock<T, S>& block_;
    const std::int64_t depth_;
    T* const queries_;  ///< [depth, query]
    T* const result_;   ///< [value_head_dim, query]
    T* const scores_;   ///< [key, query]
    T* const keys_;     ///< packed, [key, depth]
    T* const values_;   ///< packed, [steps of keys, value_head_dim]
    V firsts_[kVectors];
    V lasts_[kVectors];
    V sinks_[kVectors];
    V peaks_[kVectors];
    V sums_[kVectors];
    V rescales_[kVectors];
    bool rescale_ = false;
    bool begun_ = false;    ///< keys were taken
    bool is_last_ = false;  ///< no more are after these
    /// Whether rows of the tile differ in the first key that they see, in the last, in those of the sink.
    bool asks_first_ = false, asks_last_ = false, asks_sink_ = false;
};

/// Runs the block with as few vectors as its rows need.
template <class L>
HWY_INLINE void stream_rows(const StreamBlock<typename L::T, typename L::S>& block) {
    switch (block_vectors(block.rows, L::kLanes)) {
        case 1: Stream<L, 1>(block).run(); return;
        case 2: Stream<L, 2>(block).run(); return;
        default: Stream<L, kMostVectors>(block).run(); return;
    }
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
