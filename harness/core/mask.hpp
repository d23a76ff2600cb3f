// Which query-key pairs exist: all of them, the causal ones, or what a variant's own rule says.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace headcount {

/// The keys that one query sees: [0, sink) and [first, last). Where `sink` is not 0, it is below `first` and `last` is
/// above it, so that keys in one piece have one form.
struct Keys {
    std::int64_t first = 0, last = 0, sink = 0;

    constexpr std::int64_t count() const { return last - first + sink; }
    constexpr bool sees(std::int64_t key) const { return key < sink || (first <= key && key < last); }
    /// Those of the `count` keys from `from` on, numbered from there.
    constexpr Keys within(std::int64_t from, std::int64_t count) const {
        return of(first - from, last - from, sink - from, count);
    }
    /// Cut to [0, kv_len) and brought into the form above: a rule need not care about the ends.
    static constexpr Keys of(std::int64_t first, std::int64_t last, std::int64_t sink, std::int64_t kv_len) {
        first = std::clamp<std::int64_t>(first, 0, kv_len);
        last = std::clamp<std::int64_t>(last, first, kv_len);
        sink = std::clamp<std::int64_t>(sink, 0, kv_len);
        if (first == last) return {.first = 0, .last = sink, .sink = 0};
        if (sink >= first) return {.first = 0, .last = std::max(last, sink), .sink = 0};
        return {.first = first, .last = last, .sink = sink};
    }
    friend bool operator==(const Keys&, const Keys&) = default;
};

/// A causal mask with q_len != kv_len is aligned bottom-right: the last query sees every key, and with q_len > kv_len
/// the first q_len - kv_len rows see none (their output is zero).
struct Mask {
    using Numbers = std::array<std::int64_t, 4>;
    /// The keys of query `row`, from the lengths and the mask's own numbers alone; need not stay within kv_len.
    using Rule = Keys (*)(const Numbers& numbers, std::int64_t row, std::int64_t q_len, std::int64_t kv_len);

    bool causal = false;
    Rule rule = nullptr;  ///< a variant's own mask; `causal` says nothing then
    Numbers numbers{};    ///< what `rule` reads, e.g. the length of a window
    /// For a mask of some of the rows: the first of them, and how many there are in all (0: these are all).
    std::int64_t first_row = 0, all_rows = 0;

    /// No mask or the causal one, for which fast kernels are written: each query sees the first visible() keys.
    constexpr bool sees_prefix() const { return rule == nullptr; }

    /// Of rows [first, first + count) of `q_len`, over keys [0, keys_of_block()). The causal mask needs no other form
    /// for that; a rule is told where its rows stand.
    constexpr Mask of_block(std::int64_t first, std::int64_t q_len) const {
        Mask block = *this;
        if (rule != nullptr) block.first_row = first, block.all_rows = q_len;
        return block;
    }
    /// As many keys as some row of a block may see: the mask of a block is that of all its rows and these keys.
    constexpr std::int64_t keys_of_block(std::int64_t first, std::int64_t count, std::int64_t q_len,
                                         std::int64_t kv_len) const {
        return sees_prefix() ? visible(first + count - 1, q_len, kv_len) : kv_len;
    }

    constexpr Keys keys(std::int64_t row, std::int64_t q_len, std::int64_t kv_len) const {
        if (rule != nullptr) {
            const Keys raw = rule(numbers, first_row + row, all_rows > 0 ? all_rows : q_len, kv_len);
            return Keys::of(raw.first, raw.last, raw.sink, kv_len);
        }
        const std::int64_t last = causal ? std::clamp<std::int64_t>(kv_len - q_len + row + 1, 0, kv_len) : kv_len;
        return {.first = 0, .last = last, .sink = 0};
    }
    /// Number of keys that query `row` sees.
    constexpr std::int64_t visible(std::int64_t row, std::int64_t q_len, std::int64_t kv_len) const {
        return keys(row, q_len, kv_len).count();
    }
    /// Number of rows that see at least one key.
    constexpr std::int64_t live_rows(std::int64_t q_len, std::int64_t kv_len) const {
        if (sees_prefix()) return causal ? std::min(q_len, kv_len) : q_len;
        std::int64_t live = 0;
        for (std::int64_t row = 0; row < q_len; ++row) live += visible(row, q_len, kv_len) > 0 ? 1 : 0;
        return live;
    }
    /// Number of keys that at least one query sees.
    std::int64_t live_keys(std::int64_t q_len, std::int64_t kv_len) const {
        if (sees_prefix()) return q_len > 0 ? kv_len : 0;
        // How many ranges more begin at a key than end there: the cost is linear in the lengths.
        std::vector<std::int64_t> begun(static_cast<std::size_t>(kv_len) + 1);
        const auto add = [&](std::int64_t from, std::int64_t to) {
            ++begun[static_cast<std::size_t>(from)];
            --begun[static_cast<std::size_t>(to)];
        };
        for (std::int64_t row = 0; row < q_len; ++row) {
            const Keys of_row = keys(row, q_len, kv_len);
            add(0, of_row.sink);
            add(of_row.first, of_row.last);
        }
        std::int64_t live = 0, ranges = 0;
        for (std::int64_t key = 0; key < kv_len; ++key) {
            ranges += begun[static_cast<std::size_t>(key)];
            live += ranges > 0 ? 1 : 0;
        }
        return live;
    }
    /// Number of query-key pairs, the P of docs/flops.md.
    constexpr std::int64_t pairs(std::int64_t q_len, std::int64_t kv_len) const {
        std::int64_t sum = 0;
        if (!sees_prefix()) {
            for (std::int64_t row = 0; row < q_len; ++row) sum += visible(row, q_len, kv_len);
            return sum;
        }
        if (!causal) return q_len * kv_len;
        const std::int64_t rows = live_rows(q_len, kv_len);
        const std::int64_t first = visible(q_len - rows, q_len, kv_len);
        return rows * first + rows * (rows - 1) / 2;
    }
};

}  // namespace headcount
