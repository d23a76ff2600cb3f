// Counting scalars as a vector: what FloatLanes offers, so that a simd kernel can be asked what it did.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "harness/core/counted.hpp"

namespace headcount::simd {

template <std::int64_t kWidth>
struct CountedLanesOf {
    using T = Counted;
    using S = Counted;
    static constexpr std::int64_t kLanes = kWidth;
    static constexpr int kTileRows = 8;
    using V = std::array<Counted, kLanes>;

    static constexpr std::int64_t kStep = 1;
    static constexpr bool kPacks = false;

    static void took(std::int64_t /*key*/, std::int64_t /*count*/, bool /*masked*/) {}

    static V zero() { return {}; }
    static V set(Counted x) {
        V v{};
        v.fill(x);
        return v;
    }
    /// As few as make a row of any length begin in one and end in another.
    static constexpr std::int64_t kLine = 2;
    static void prefetch(const Counted* /*p*/) {}
    static void prefetch_to_write(const Counted* /*p*/) {}
    static V load(const Counted* p) { return load_first(p, kLanes); }
    static V load_first(const Counted* p, std::int64_t count) {
        V v{};
        std::copy_n(p, count, v.begin());
        return v;
    }
    static void store(const V& v, Counted* p) { std::copy(v.begin(), v.end(), p); }
    static V mul(const V& a, const V& b) {
        return each(a, b, [](Counted x, Counted y) { return x * y; });
    }
    static V add(const V& a, const V& b) {
        return each(a, b, [](Counted x, Counted y) { return x + y; });
    }
    static V sub(const V& a, const V& b) {
        return each(a, b, [](Counted x, Counted y) { return x - y; });
    }
    static V fma(const V& a, const V& b, const V& c) { return add(mul(a, b), c); }
    static V max(const V& a, const V& b) {
        return each(a, b, [](Counted x, Counted y) { return x < y ? y : x; });
    }
    static V round_up(const V& a) {
        return each(a, a, [](Counted x, Counted) { return Counted(8 * std::ceil(x.value() / 8)); });
    }
    static bool any_less(const V& a, const V& b) {
        bool any = false;
        each(a, b, [&](Counted x, Counted y) { return any |= x < y, x; });
        return any;
    }
    static V where_visible(const V& visible, float key, const V& x, const V& otherwise) {
        V out{};
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = Counted(key) < visible[i] ? x[i] : otherwise[i];
        return out;
    }
    static V reciprocal(const V& x) {
        return each(x, x, [](Counted a, Counted) {
            const bool live = Counted(0) < a;
            const Counted inverse = Counted(1) / (live ? a : Counted(1));
            return live ? inverse : Counted(0);
        });
    }
    /// 2^x, counted as one exponential.
    static V exp2(const V& x) {
        return each(x, x, [](Counted a, Counted) { return exp(Counted(a.value() * std::log(2.0))); });
    }
    static Counted widened(Counted x) { return x; }
    static Counted rounded(Counted x) { return x; }
    static Counted sum_of_lanes(const V& x) { return x[0] + x[1] + x[2] + x[3]; }
    static Counted max_of_lanes(const V& x) {
        Counted most = x[0];
        for (std::size_t i = 1; i < x.size(); ++i) most = most < x[i] ? x[i] : most;
        return most;
    }
    static void store_sums(const V (&in)[4], Counted* to) {
        for (const V& x : in) *to++ = sum_of_lanes(x);
    }
    static void load_columns(const Counted* const* rows, std::int64_t c, V (&out)[4]) {
        for (std::size_t t = 0; t < 4; ++t) {
            for (std::size_t i = 0; i < out[t].size(); ++i) out[t][i] = rows[i][c + static_cast<std::int64_t>(t)];
        }
    }
    static void store_columns(const V (&in)[4], Counted* to, std::int64_t row_stride, std::int64_t live) {
        for (std::int64_t i = 0; i < live; ++i) {
            for (std::size_t t = 0; t < 4; ++t)
                to[i * row_stride + static_cast<std::int64_t>(t)] = in[t][static_cast<std::size_t>(i)];
        }
    }

private:
    template <class F>
    static V each(const V& a, const V& b, const F& f) {
        V out{};
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = f(a[i], b[i]);
        return out;
    }
};

using CountedLanes = CountedLanesOf<4>;

}  // namespace headcount::simd
