// The fused core for few queries: keys and values are read once, in the order in which they lie.
#if defined(HEADCOUNT_SIMD_DECODE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADCOUNT_SIMD_DECODE_INL_HPP
#undef HEADCOUNT_SIMD_DECODE_INL_HPP
#else
#define HEADCOUNT_SIMD_DECODE_INL_HPP
#endif

#include <algorithm>
#include <cstdint>
#include <limits>

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "harness/backend/simd/decode.hpp"
#include "harness/backend/simd/tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

/// Online softmax over blocks of keys with dimensions in the lanes of vectors: what a query needs of a key is one pass
/// over the key's row, so a few queries use whole vectors where queries in lanes (stream-inl.hpp) leave most empty.
/// All heads of a run take a few keys together, so that memory sees whole rows of the caches, one after another.
/// Maxima are multiples of 8 as there.
template <class L>
class Decode {
public:
    using T = typename L::T;
    using V = typename L::V;
    using S = typename L::S;

    HWY_INLINE explicit Decode(const DecodePart<T, S>& part)
        : part_(part),
          query_width_(whole_vectors(part.head_dim, L::kLanes)),
          result_width_(whole_vectors(part.value_head_dim, L::kLanes) + L::kLanes),
          queries_(part.state),
          results_(queries_ + part.rows() * query_width_),
          peaks_(results_ + part.rows() * result_width_),
          scores_(part.scores),
          maxima_(scores_ + part.rows() * kDecodeKeys),
          partial_(maxima_ + whole_vectors(part.rows(), L::kLanes)) {}

    /// All keys of the part; the state then holds what they contribute.
    HWY_INLINE void run() {
        begin();
        for (std::int64_t key = part_.first_key; key < part_.last_key; key += kDecodeKeys) {
            take_keys(key, std::min(kDecodeKeys, part_.last_key - key));
        }
    }

    /// Takes in what other keys of the same queries contribute.
    HWY_INLINE void merge(const Decode& other) {
        for (std::int64_t row = 0; row < part_.rows(); row += L::kLanes) {
            const V mine = L::load(peaks_ + row), theirs = L::load(other.peaks_ + row);
            const V peaks = L::max(mine, theirs);
            T factors[L::kLanes], other_factors[L::kLanes];
            L::store(L::exp2(L::sub(mine, peaks)), factors);
            L::store(L::exp2(L::sub(theirs, peaks)), other_factors);
            L::store(peaks, peaks_ + row);
            for (std::int64_t i = 0; i < std::min(L::kLanes, part_.rows() - row); ++i) {
                const V factor = L::set(factors[i]), other_factor = L::set(other_factors[i]);
                T* const result = results_ + (row + i) * result_width_;
                const T* const other_result = other.results_ + (row + i) * result_width_;
                for (std::int64_t c = 0; c < result_width_; c += L::kLanes) {
                    const V scaled = L::mul(L::load(other_result + c), other_factor);
                    L::store(L::fma(L::load(result + c), factor, scaled), result + c);
                }
            }
        }
    }

    /// Divides by the sums and writes the output.
    HWY_INLINE void write() {
        for (std::int64_t row = 0; row < part_.rows(); ++row) {
            const T* const sums = results_ + (row + 1) * result_width_ - L::kLanes;
            maxima_[row] = L::sum_of_lanes(L::load(sums));
        }
        for (std::int64_t row = 0; row < part_.rows(); row += L::kLanes) {
            L::store(L::reciprocal(L::load(maxima_ + row)), maxima_ + row);
        }
        each_row([&](std::int64_t row, std::int64_t head, std::int64_t group, std::int64_t i) HEADCOUNT_INLINED {
            const HeadsView<S>& out = part_.out;
            S* const to = out.data + head * out.head_stride + group * out.group_stride + i * out.row_stride;
            const T* const result = results_ + row * result_width_;
            for (std::int64_t c = 0; c < part_.value_head_dim; ++c)
                to[c * out.col_stride] = L::rounded(result[c] * maxima_[row]);
        });
    }

private:
    static constexpr int kRows = L::kTileRows / 2;  ///< of queries in a register tile
    static constexpr int kCols = 4;                 ///< vectors of values in a register tile
    /// Below every score.
    static HWY_INLINE T hidden() { return static_cast<T>(std::numeric_limits<float>::lowest()); }

    /// f(row, head, group, query) for all rows in order.
    template <class F>
    HWY_INLINE void each_row(const F& f) {
        std::int64_t row = 0;
        for (std::int64_t head = 0; head < part_.heads; ++head) {
            for (std::int64_t group = 0; group < part_.group; ++group) {
                for (std::int64_t i = 0; i < part_.q_len; ++i) f(row++, head, group, i);
            }
        }
    }

    HWY_INLINE void begin() {
        each_row([&](std::int64_t row, std::int64_t head, std::int64_t group, std::int64_t i) HEADCOUNT_INLINED {
            const HeadsView<const S>& q = part_.q;
            const S* const from = q.data + head * q.head_stride + group * q.group_stride + i * q.row_stride;
            T* const to = queries_ + row * query_width_;
            for (std::int64_t c = 0; c < part_.head_dim; ++c) to[c] = L::widened(from[c * q.col_stride]) * part_.factor;
            std::fill(to + part_.head_dim, to + query_width_, T{});
        });
        std::fill(results_, results_ + part_.rows() * result_width_, T{});
        std::fill(peaks_, peaks_ + whole_vectors(part_.rows(), L::kLanes), hidden());
        std::fill(maxima_, maxima_ + whole_vectors(part_.rows(), L::kLanes), hidden());
    }

    HWY_INLINE void take_keys(std::int64_t key, std::int64_t count) {
        each_chunk(part_.k, [&](std::int64_t head, std::int64_t end) HEADCOUNT_INLINED {
            for (std::int64_t first = 0; first < count; first += kTileKeys) take_scores(head, end, key, first);
        });
        const auto seen = [&](std::int64_t row) { return part_.seen(row % part_.q_len, key, count); };
        for (std::int64_t row = 0; row < part_.rows(); ++row) find_maximum(row, seen(row));
        raise_peaks(key > part_.first_key);
        for (std::int64_t row = 0; row < part_.rows(); ++row) weigh(row, seen(row), count);
        each_chunk(part_.v, [&](std::int64_t head, std::int64_t end) HEADCOUNT_INLINED {
            const std::int64_t most = keys_of_page((end - head) * part_.value_head_dim);
            for (std::int64_t first = 0; first < count; first += most) {
                take_values(head, end, key, first, std::min(most, count - first));
            }
        });
    }

    /// f(first head, end) for heads whose rows lie side by side and are read together, or else for one after another.
    template <class F>
    HWY_INLINE void each_chunk(const HeadsView<const S>& view, const F& f) {
        const std::int64_t most = view.head_stride < view.row_stride ? part_.heads : 1;
        for (std::int64_t head = 0; head < part_.heads; head += most) f(head, head + most);
    }
    static HWY_INLINE std::int64_t keys_of_page(std::int64_t row_width) {
        return std::clamp<std::int64_t>(kPage / row_width, 1, kDecodeKeys);
    }
    /// Asks for rows of a head, which are to be read later in the same order.
    HWY_INLINE void prefetch(const HeadsView<const S>& view, std::int64_t head, std::int64_t key, std::int64_t keys,
                             std::int64_t width) {
        for (std::int64_t j = 0; j < keys; ++j) {
            const std::int64_t row = std::min(key + j, part_.last_key - 1);
            const S* const from = view.data + head * view.head_stride + row * view.row_stride;
            for (std::int64_t c = 0; c < width; c += kLine) hwy::Prefetch(from + c * view.col_stride);
        }
    }

    /// scores[row, first + t] = q[row] . k[key + first + t], t < 4, for all queries of some heads; beyond the part's
    /// last key that key is repeated. Key by key, so that memory sees one stream; sums over lanes are made afterwards.
    HWY_INLINE void take_scores(std::int64_t head, std::int64_t end, std::int64_t key, std::int64_t first) {
        const std::int64_t page = keys_of_page((end - head) * part_.head_dim);
        for (std::int64_t t = 0; t < kTileKeys; ++t) {
            const std::int64_t row_of_key = std::min(key + first + t, part_.last_key - 1);
            for (std::int64_t h = head; h < end; ++h) {
                prefetch(part_.k, h, row_of_key + kPagesAhead * page, 1, part_.head_dim);
                in_rows([&](std::int64_t row, auto rows) HEADCOUNT_INLINED {
                    multiply_key<rows()>(h * part_.head_rows() + row,
                                         part_.k.data + h * part_.k.head_stride + row_of_key * part_.k.row_stride, t);
                });
            }
        }
        for (std::int64_t row = head * part_.head_rows(); row < end * part_.head_rows(); ++row) {
            V sums[kTileKeys];
            unrolled<kTileKeys>(
                [&](auto t) HEADCOUNT_INLINED { sums[t] = L::load(partial_ + (row * kTileKeys + t) * L::kLanes); });
            L::store_sums(sums, scores_ + row * kDecodeKeys + first);
        }
    }

    /// result[row] += sum over keys of weight * v[key], for all queries of some heads.
    HWY_INLINE void take_values(std::int64_t head, std::int64_t end, std::int64_t key, std::int64_t first,
                                std::int64_t keys) {
        const std::int64_t page = keys_of_page((end - head) * part_.value_head_dim);
        for (std::int64_t h = head; h < end; ++h) {
            prefetch(part_.v, h, key + first + kPagesAhead * page, keys, part_.value_head_dim);
            in_rows([&](std::int64_t row, auto rows)
                        HEADCOUNT_INLINED { add_values<rows()>(h, row, key, first, keys); });
        }
    }
    /// f(first, rows) over the queries of a head, `rows` a constant.
    template <class F>
    HWY_INLINE void in_rows(const F& f) {
        std::int64_t row = 0;
        const std::int64_t rows = part_.head_rows();
        for (; row + kRows <= rows; row += kRows) f(row, std::integral_constant<int, kRows>{});
        if constexpr (kRows > 2) {
            if (row + 2 <= rows) f(row, std::integral_constant<int, 2>{}), row += 2;
        }
        if (row < rows) f(row, std::integral_constant<int, 1>{});
    }

    /// Up to a vector of elements, zeros beyond.
    static HWY_INLINE V gather(const S* from, std::int64_t stride, std::int64_t count) {
        if (stride == 1) return L::load_first(from, count);
        T lanes[L::kLanes] = {};
        for (std::int64_t i = 0; i < count; ++i) lanes[i] = L::widened(from[i * stride]);
        return L::load(lanes);
    }

    /// partial[row, t] = q[row] . key, each lane for itself.
    template <int kCount>
    HWY_INLINE void multiply_key(std::int64_t row, const S* key, std::int64_t t) {
        const std::int64_t stride = part_.k.col_stride;
        const T* const queries = queries_ + row * query_width_;
        Tile<L, kCount, 1> tile;
        tile.fill([](int /*i*/) HEADCOUNT_INLINED { return L::zero(); });
        const auto add = [&](V x, std::int64_t c) HEADCOUNT_INLINED {
            unrolled<kCount>([&](auto i) HEADCOUNT_INLINED {
                tile.v[i] = L::fma(L::load(queries + i * query_width_ + c), x, tile.v[i]);
            });
        };
        std::int64_t c = 0;
        if (stride == 1) {
            for (; c + L::kLanes <= part_.head_dim; c += L::kLanes) add(L::load(key + c), c);
        }
        for (; c < part_.head_dim; c += L::kLanes) {
            add(gather(key + c * stride, stride, std::min(L::kLanes, part_.head_dim - c)), c);
        }
        tile.each([&](auto i, V sum)
                      HEADCOUNT_INLINED { L::store(sum, partial_ + ((row + i) * kTileKeys + t) * L::kLanes); });
    }

    HWY_INLINE void find_maximum(std::int64_t row, std::int64_t seen) {
        T* const scores = scores_ + row * kDecodeKeys;
        std::fill(scores + seen, scores + whole_vectors(seen, L::kLanes), hidden());
        V maximum = L::set(hidden());
        for (std::int64_t j = 0; j < seen; j += L::kLanes) maximum = L::max(maximum, L::load(scores + j));
        maxima_[row] = L::max_of_lanes(maximum);
    }

    /// Takes the block's maxima into account; where one of a vector's rises, its rows' results are rescaled.
    HWY_INLINE void raise_peaks(bool later) {
        for (std::int64_t row = 0; row < part_.rows(); row += L::kLanes) {
            const V before = L::load(peaks_ + row);
            const V peaks = L::round_up(L::max(before, L::load(maxima_ + row)));
            L::store(peaks, peaks_ + row);
            if (!later || !L::any_less(before, peaks)) continue;
            T factors[L::kLanes];
            L::store(L::exp2(L::sub(before, peaks)), factors);
            for (std::int64_t i = 0; i < std::min(L::kLanes, part_.rows() - row); ++i) {
                T* const result = results_ + (row + i) * result_width_;
                const V factor = L::set(factors[i]);
                for (std::int64_t c = 0; c < result_width_; c += L::kLanes) {
                    L::store(L::mul(L::load(result + c), factor), result + c);
                }
            }
        }
    }

    /// Scores become weights, in place, and are added up; weights of keys that are not seen are zero.
    HWY_INLINE void weigh(std::int64_t row, std::int64_t seen, std::int64_t count) {
        T* const scores = scores_ + row * kDecodeKeys;
        T* const sums = results_ + (row + 1) * result_width_ - L::kLanes;
        const V peak = L::set(peaks_[row]);
        V sum = L::load(sums);
        for (std::int64_t j = 0; j < seen; j += L::kLanes) {
            V weight = L::exp2(L::sub(L::load(scores + j), peak));
            if (j + L::kLanes > seen) {
                L::store(weight, scores + j);
                std::fill(scores + seen, scores + j + L::kLanes, T{});
                weight = L::load(scores + j);
            }
            L::store(weight, scores + j);
            sum = L::add(sum, weight);
        }
        L::store(sum, sums);
        if (seen < count) std::fill(scores + seen, scores + count, T{});
    }

    /// results[row] += sum over keys of weight * v[key], all columns.
    template <int kCount>
    HWY_INLINE void add_values(std::int64_t head, std::int64_t row, std::int64_t key, std::int64_t first,
                               std::int64_t keys) {
        const HeadsView<const S>& v = part_.v;
        const S* const values = v.data + head * v.head_stride + (key + first) * v.row_stride;
        const T* const weights = scores_ + (head * part_.head_rows() + row) * kDecodeKeys + first;
        T* const results = results_ + (head * part_.head_rows() + row) * result_width_;
        const auto take = [&](std::int64_t c, auto cols, const auto& load) HEADCOUNT_INLINED {
            constexpr int kVectors = cols();
            Tile<L, kCount, kVectors> tile;
            tile.fill([&](auto i) HEADCOUNT_INLINED {
                return L::load(results + i / kVectors * result_width_ + c + i % kVectors * L::kLanes);
            });
            for (std::int64_t j = 0; j < keys; ++j) {
                V x[kVectors];
                unrolled<kVectors>([&](auto t) HEADCOUNT_INLINED { x[t] = load(j, c + t * L::kLanes); });
                unrolled<kCount>([&](auto i) HEADCOUNT_INLINED {
                    const V weight = L::set(weights[i * kDecodeKeys + j]);
                    unrolled<kVectors>([&](auto t) HEADCOUNT_INLINED {
                        tile.v[i * kVectors + t] = L::fma(weight, x[t], tile.v[i * kVectors + t]);
                    });
                });
            }
            tile.each([&](auto i, V sum) HEADCOUNT_INLINED {
                L::store(sum, results + i / kVectors * result_width_ + c + i % kVectors * L::kLanes);
            });
        };
        const auto whole = [&](std::int64_t j, std::int64_t c)
                               HEADCOUNT_INLINED { return L::load(values + j * v.row_stride + c); };
        const std::int64_t width = v.col_stride == 1 ? part_.value_head_dim / L::kLanes * L::kLanes : 0;
        std::int64_t c = 0;
        for (; c + kCols * L::kLanes <= width; c += kCols * L::kLanes) {
            take(c, std::integral_constant<int, kCols>{}, whole);
        }
        for (; c < width; c += L::kLanes) take(c, std::integral_constant<int, 1>{}, whole);
        for (; c < part_.value_head_dim; c += L::kLanes) {
            take(c, std::integral_constant<int, 1>{}, [&](std::int64_t j, std::int64_t col) HEADCOUNT_INLINED {
                return gather(values + j * v.row_stride + col * v.col_stride, v.col_stride,
                              std::min(L::kLanes, part_.value_head_dim - col));
            });
        }
    }

    /// Elements that are read of one head before the next head's: memory is read page by page.
    static constexpr std::int64_t kPage = 4096 / static_cast<std::int64_t>(sizeof(S));
    /// One is too few (82 instead of 91 % of the bandwidth), four and eight do no better.
    static constexpr std::int64_t kPagesAhead = 2;
    static constexpr std::int64_t kLine = 64 / static_cast<std::int64_t>(sizeof(S));

    const DecodePart<T, S>& part_;
    const std::int64_t query_width_, result_width_;
    T* const queries_;  ///< [row, query_width_]
    T* const results_;  ///< [row, result_width_], the sums of weights in the last vector
    T* const peaks_;    ///< [row]
    T* const scores_;   ///< [row, kDecodeKeys]
    T* const maxima_;   ///< [row]
    T* const partial_;  ///< [row, kTileKeys, lane]
};

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
