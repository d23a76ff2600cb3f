// The derivative of attention: one pass over the keys, keys in the lanes of vectors.
#if defined(HEADCOUNT_SIMD_VJP_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADCOUNT_SIMD_VJP_INL_HPP
#undef HEADCOUNT_SIMD_VJP_INL_HPP
#else
#define HEADCOUNT_SIMD_VJP_INL_HPP
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "harness/backend/simd/panel-inl.hpp"
#include "harness/backend/simd/tile-inl.hpp"
#include "harness/backend/simd/vjp.hpp"

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

/// Keys outermost, rows of queries inside (Dao 2023, algorithm 2). Scores, weights and their derivatives of a block are
/// [query, key] with a key a lane. So derivatives by keys and values, [column, key], have long sums over the rows of
/// queries, which broadcast columns of queries and of `dout`; and derivatives by queries broadcast rows of the scores'.
///
/// Rows of `dout` are divided by the sum of their row's weights when they are copied. Then weights need not be: what
/// they are multiplied with is.
template <class L>
class HeadVjpKernel {
public:
    using T = typename L::T;
    using V = typename L::V;

    HWY_INLINE explicit HeadVjpKernel(const HeadVjp<T>& head)
        : head_(head),
          at_(VjpScratch::of(head.cut, L::kLanes, head.q_len, head.head_dim, head.value_head_dim)),
          queries_{head.scratch + at_.queries, vjp_row_stride(head.head_dim)},
          douts_{head.scratch + at_.douts, vjp_row_stride(head.value_head_dim)},
          means_(head.scratch + at_.means),
          weights_(head.scratch + at_.weights),
          dq_stride_(whole_vectors(head.head_dim, L::kLanes)) {}

    HWY_INLINE void run() {
        copy_rows();
        const std::int64_t step = head_.cut.key_panels * kWidth;
        for (std::int64_t key = head_.first_block * step; key < head_.kv_len; key += head_.block_step * step) {
            take_keys(key, std::min(step, head_.kv_len - key));
        }
    }

private:
    static constexpr std::int64_t kWidth = kMostVectors * L::kLanes;

    struct Rows {
        T* data;
        std::int64_t stride;
        HWY_INLINE T* row(std::int64_t i) const { return data + i * stride; }
    };
    /// Keys [key, key + live), a key a lane.
    struct Panel {
        std::int64_t key, live;
        T* key_columns;    ///< [head_dim, key], times factor
        T* value_columns;  ///< [value_head_dim, key]
        T* scores;         ///< [query of a block, key]: derivatives by scores
        T* dk;             ///< [head_dim, key]
        T* dv;             ///< [value_head_dim, key]
        std::int64_t first_row;
        HWY_INLINE std::int64_t width() const { return whole_vectors(live, L::kLanes); }
    };

    /// Calls f with the number of vectors, a constant: 1, 2 or 3.
    template <class F>
    static HWY_INLINE void with_vectors(std::int64_t vectors, const F& f) {
        switch (vectors) {
            case 1: f(std::integral_constant<int, 1>{}); return;
            case 2: f(std::integral_constant<int, 2>{}); return;
            default: f(std::integral_constant<int, kMostVectors>{}); return;
        }
    }
    /// A vector of `count` elements, at most kLanes; zeros beyond.
    static HWY_INLINE V load_some(const T* x, std::int64_t stride, std::int64_t count) {
        if (stride == 1) return count >= L::kLanes ? L::load(x) : L::load_first(x, count);
        T some[L::kLanes] = {};
        for (std::int64_t i = 0; i < std::min(count, L::kLanes); ++i) some[i] = x[i * stride];
        return L::load(some);
    }

    /// Queries and `dout` into rows that lie close together; means_ = dout . out, the mean of a row's derivative by its
    /// weights.
    HWY_INLINE void copy_rows() {
        for (std::int64_t row = 0; row < head_.q_len; ++row) {
            const T* const q = head_.q.data + row * head_.q.row_stride;
            const T* const out = head_.out.data + row * head_.out.row_stride;
            const T* const dout = head_.dout.data + row * head_.dout.row_stride;
            for (std::int64_t c = 0; c < head_.head_dim; c += L::kLanes) {
                L::store(load_some(q + c * head_.q.col_stride, head_.q.col_stride, head_.head_dim - c),
                         queries_.row(row) + c);
                L::store(L::zero(), head_.dq + row * dq_stride_ + c);
            }
            const V reciprocal = L::set(head_.reciprocals[row]);
            V mean = L::zero();
            for (std::int64_t c = 0; c < head_.value_head_dim; c += L::kLanes) {
                const std::int64_t count = head_.value_head_dim - c;
                const V scaled =
                    L::mul(load_some(dout + c * head_.dout.col_stride, head_.dout.col_stride, count), reciprocal);
                L::store(scaled, douts_.row(row) + c);
                mean = L::fma(scaled, load_some(out + c * head_.out.col_stride, head_.out.col_stride, count), mean);
            }
            means_[row] = L::sum_of_lanes(mean);
        }
    }

    HWY_INLINE Panel panel_at(std::int64_t key, std::int64_t count, std::int64_t i) const {
        T* const base = head_.scratch;
        const std::int64_t first = key + i * kWidth;
        return {.key = first,
                .live = std::min(kWidth, key + count - first),
                .key_columns = base + at_.key_columns + i * kWidth * head_.head_dim,
                .value_columns = base + at_.value_columns + i * kWidth * head_.value_head_dim,
                .scores = base + at_.scores + i * kWidth * head_.cut.query_block,
                .dk = base + at_.dk + i * kWidth * head_.head_dim,
                .dv = base + at_.dv + i * kWidth * head_.value_head_dim,
                .first_row = head_.first_row(first)};
    }

    HWY_INLINE void take_keys(std::int64_t key, std::int64_t count) {
        const std::int64_t panels = (count + kWidth - 1) / kWidth;
        for (std::int64_t i = 0; i < panels; ++i) {
            const Panel panel = panel_at(key, count, i);
            with_vectors(panel.width() / L::kLanes, [&](auto vectors) HEADCOUNT_INLINED { pack<vectors()>(panel); });
        }
        pack_keys(key, count);
        for (std::int64_t row = head_.first_row(key); row < head_.q_len; row += head_.cut.query_block) {
            const std::int64_t rows = std::min(head_.cut.query_block, head_.q_len - row);
            for (std::int64_t i = 0; i < panels; ++i) {
                const Panel panel = panel_at(key, count, i);
                if (panel.first_row >= row + rows) break;
                with_vectors(panel.width() / L::kLanes,
                             [&](auto vectors) HEADCOUNT_INLINED { take_block<vectors()>(panel, row, rows); });
            }
            add_to_queries(key, count, row, rows);
        }
        for (std::int64_t i = 0; i < panels; ++i) {
            const Panel panel = panel_at(key, count, i);
            with_vectors(panel.width() / L::kLanes, [&](auto vectors) HEADCOUNT_INLINED {
                write<vectors()>(panel, panel.dv, static_cast<T>(1.0F), head_.value_head_dim, head_.add_to_v, head_.dv);
                write<vectors()>(panel, panel.dk, head_.scale, head_.head_dim, head_.add_to_k, head_.dk);
            });
        }
    }

    template <int kVectors>
    HWY_INLINE void pack(const Panel& panel) {
        pack_rows<L, kVectors>(head_.k.data + panel.key * head_.k.row_stride, head_.k.row_stride, head_.k.col_stride,
                               panel.live, head_.head_dim, head_.factor, panel.key_columns);
        pack_rows<L, kVectors, false>(head_.v.data + panel.key * head_.v.row_stride, head_.v.row_stride,
                                      head_.v.col_stride, panel.live, head_.value_head_dim, head_.factor,
                                      panel.value_columns);
    }

    /// Calls f(first, vectors) for the panels of columns of the keys of a block, their vectors a constant.
    template <class F>
    HWY_INLINE void each_column_panel(const F& f) const {
        const std::int64_t all = dq_stride_ / L::kLanes;
        for (std::int64_t first = 0; first < all;) {
            const std::int64_t count = vjp_panel_vectors(first, all);
            with_vectors(count, [&](auto vectors) HEADCOUNT_INLINED { f(first, vectors); });
            first += count;
        }
    }
    /// Keys of a block as they lie, times scale: [panel of columns, key, column].
    HWY_INLINE T* keys_of(std::int64_t first_vector) const {
        return head_.scratch + at_.keys + first_vector * L::kLanes * head_.cut.key_panels * kWidth;
    }
    HWY_INLINE void pack_keys(std::int64_t key, std::int64_t count) {
        each_column_panel([&](std::int64_t first, auto vectors) HEADCOUNT_INLINED {
            constexpr int kVectors = vectors();
            T* to = keys_of(first);
            for (std::int64_t i = 0; i < count; ++i, to += kVectors * L::kLanes) {
                const T* const row = head_.k.data + (key + i) * head_.k.row_stride;
                unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED {
                    const std::int64_t c = (first + j) * L::kLanes;
                    const V x = load_some(row + c * head_.k.col_stride, head_.k.col_stride, head_.head_dim - c);
                    L::store(L::mul(x, L::set(head_.scale)), to + j * L::kLanes);
                });
            }
        });
    }

    /// What rows [row, row + rows) say of one panel.
    template <int kVectors>
    HWY_INLINE void take_block(const Panel& panel, std::int64_t row, std::int64_t rows) {
        constexpr std::int64_t kPanelWidth = kVectors * L::kLanes;
        const std::int64_t begin = std::max(row, panel.first_row), count = row + rows - begin;
        T* const scores = panel.scores + (begin - row) * kPanelWidth;
        std::fill(panel.scores, scores, T{});
        V keys[kVectors];
        number_keys<kVectors>(panel.key, keys);
        in_tiles<L>(count, [&](std::int64_t i, auto tile_rows) HEADCOUNT_INLINED {
            T* const weights = weights_ + i * kPanelWidth;
            if (head_.visible_of(begin + i) >= panel.key + panel.live) {
                weigh<false, tile_rows(), kVectors>(panel, keys, begin + i, weights, scores + i * kPanelWidth);
            } else {
                weigh<true, tile_rows(), kVectors>(panel, keys, begin + i, weights, scores + i * kPanelWidth);
            }
        });
        const bool fresh = begin == panel.first_row;
        add_columns<kVectors>(douts_, begin, count, head_.value_head_dim, weights_, fresh, panel.dv);
        add_columns<kVectors>(queries_, begin, count, head_.head_dim, scores, fresh, panel.dk);
    }

    /// Minus the number of each key: a row sees those that are larger than minus what is visible to it.
    template <int kVectors>
    static HWY_INLINE void number_keys(std::int64_t key, V (&keys)[kVectors]) {
        T numbers[kVectors * L::kLanes];
        for (std::int64_t i = 0; i < kVectors * L::kLanes; ++i) {
            numbers[i] = static_cast<T>(-static_cast<float>(key + i));
        }
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { keys[j] = L::load(numbers + j * L::kLanes); });
    }

    /// Weights and the derivatives by scores of a register tile: rows from `row` on against a panel.
    template <bool kMasked, int kRows, int kVectors>
    HWY_INLINE void weigh(const Panel& panel, const V (&keys)[kVectors], std::int64_t row, T* weights,
                          T* scores) const {
        Tile<L, kRows, kVectors> tile;
        tile.fill([](int /*i*/) HEADCOUNT_INLINED { return L::zero(); });
        multiply_add(tile, queries_.row(row), queries_.stride, 1, panel.key_columns, head_.head_dim);
        unrolled<kRows>([&](auto i) HEADCOUNT_INLINED {
            const V peak = L::set(head_.peaks[row + i]);
            unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED {
                constexpr int kIndex = i * kVectors + j;
                V weight = L::exp2(L::sub(tile.v[kIndex], peak));
                if constexpr (kMasked) {
                    const auto visible = static_cast<float>(head_.visible_of(row + i));
                    weight = L::where_visible(keys[j], -visible, weight, L::zero());
                }
                L::store(weight, weights + kIndex * L::kLanes);
            });
        });
        tile.fill([](int /*i*/) HEADCOUNT_INLINED { return L::zero(); });
        multiply_add(tile, douts_.row(row), douts_.stride, 1, panel.value_columns, head_.value_head_dim);
        unrolled<kRows>([&](auto i) HEADCOUNT_INLINED {
            const V mean = L::set(means_[row + i]);
            unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED {
                constexpr int kIndex = i * kVectors + j;
                const V weight = L::load(weights + kIndex * L::kLanes);
                L::store(L::mul(weight, L::sub(tile.v[kIndex], mean)), scores + kIndex * L::kLanes);
            });
        });
    }

    /// to[c, key] = [to[c, key] +] sum over `count` rows of rows[row + i, c] * x[i, key], for `cols` columns.
    template <int kVectors>
    HWY_INLINE void add_columns(const Rows& rows, std::int64_t row, std::int64_t count, std::int64_t cols, const T* x,
                                bool fresh, T* to) const {
        in_tiles<L>(cols, [&](std::int64_t c, auto tile_rows) HEADCOUNT_INLINED {
            T* const sums = to + c * kVectors * L::kLanes;
            Tile<L, tile_rows(), kVectors> tile;
            if (fresh) {
                tile.fill([](int /*i*/) HEADCOUNT_INLINED { return L::zero(); });
            } else {
                tile.fill([&](auto i) HEADCOUNT_INLINED { return L::load(sums + i * L::kLanes); });
            }
            multiply_add(tile, rows.row(row) + c, 1, rows.stride, x, count);
            tile.each([&](auto i, V sum) HEADCOUNT_INLINED { L::store(sum, sums + i * L::kLanes); });
        });
    }

    /// dq of rows [row, row + rows) += the derivatives by their scores @ keys.
    HWY_INLINE void add_to_queries(std::int64_t key, std::int64_t count, std::int64_t row, std::int64_t rows) {
        each_column_panel([&](std::int64_t first, auto vectors) HEADCOUNT_INLINED {
            constexpr int kVectors = vectors();
            in_tiles<L>(rows, [&](std::int64_t i, auto tile_rows) HEADCOUNT_INLINED {
                T* const to = head_.dq + (row + i) * dq_stride_ + first * L::kLanes;
                Tile<L, tile_rows(), kVectors> tile;
                tile.fill([&](auto t) HEADCOUNT_INLINED {
                    return L::load(to + t / kVectors * dq_stride_ + t % kVectors * L::kLanes);
                });
                for (std::int64_t done = 0; done < count; done += kWidth) {
                    const Panel panel = panel_at(key, count, done / kWidth);
                    if (panel.first_row >= row + i + tile_rows()) break;
                    const std::int64_t width = panel.width();
                    multiply_add(tile, panel.scores + i * width, width, 1, keys_of(first) + done * kVectors * L::kLanes,
                                 panel.live);
                }
                tile.each([&](auto t, V sum) HEADCOUNT_INLINED {
                    L::store(sum, to + t / kVectors * dq_stride_ + t % kVectors * L::kLanes);
                });
            });
        });
    }

    /// What was summed up for a panel, [column, key] times factor, into rows of keys.
    template <int kVectors>
    HWY_INLINE void write(const Panel& panel, const T* sums, T factor, std::int64_t cols, bool add,
                          const View<T>& to) const {
        V factors[kVectors];
        unrolled<kVectors>([&](auto j) HEADCOUNT_INLINED { factors[j] = L::set(factor); });
        T* const first = to.data + panel.key * to.row_stride;
        if (!add) {
            unpack_rows<L, kVectors>(sums, factors, panel.live, cols, first, to.row_stride, to.col_stride);
            return;
        }
        T* const rows = sums == panel.dk ? panel.key_columns : panel.value_columns;  // no longer needed
        unpack_rows<L, kVectors>(sums, factors, panel.live, cols, rows, cols, 1);
        for (std::int64_t i = 0; i < panel.live; ++i) {
            for (std::int64_t c = 0; c < cols; ++c) {
                T& x = first[i * to.row_stride + c * to.col_stride];
                x = x + rows[i * cols + c];
            }
        }
    }

    const HeadVjp<T>& head_;
    const VjpScratch at_;
    const Rows queries_;  ///< [q_len, head_dim]
    const Rows douts_;    ///< [q_len, value_head_dim], each row times its reciprocal
    T* const means_;      ///< [q_len]
    T* const weights_;    ///< [query of a block, key of a panel]
    const std::int64_t dq_stride_;
};

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
