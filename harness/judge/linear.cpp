#include "harness/judge/linear.hpp"

#include <algorithm>
#include <cmath>

namespace headcount::judge {
namespace {

/// Of a running sum: what it was off by, what the next term is, and the addition. Roundings to bf16 are limits and not
/// probable sizes: of those the plain sum is taken.
double errors_added(double before, double term, double addition, const Rounding& rounding) {
    if (rounding.storage > 0) return before + term + addition;
    return std::sqrt(before * before + term * term + addition * addition);
}

/// q_i sum_{j <= i + ahead} k_j^T v_j for all rows i of the `sharing` heads that share these keys, side by side, from a
/// state that is carried from key to key.
template <class T>
Known<T> carried(const View<T>& q, const View<T>& k, const View<T>& v, std::int64_t sharing) {
    const std::int64_t ahead = k.rows - q.rows;
    Known<T> state = zeros(v, k.cols, v.cols);
    std::int64_t taken = 0;
    return stacked(q.rows, [&](std::int64_t i) {
        for (; taken <= i + ahead; ++taken) {
            const auto key = k.row(taken).transposed();
            state = taken == 0 ? product(key, v.row(0)) : accumulated(std::move(state), key, v.row(taken));
        }
        return concat(sharing, [&](std::int64_t g) {
            return taken == 0 ? zeros(v, 1, v.cols) : product(q.row(i).head(g, sharing), state.view());
        });
    });
}

/// The same with a state that is carried from block to block, and held in a tensor between them.
template <class T>
Known<T> carried_in_blocks(const View<T>& q, const View<T>& k, const View<T>& v, std::int64_t sharing,
                           std::int64_t block) {
    const std::int64_t ahead = k.rows - q.rows;
    Known<T> state = zeros(v, k.cols, v.cols);
    std::int64_t held = 0;  // keys in the state
    return stacked(q.rows, [&](std::int64_t i) {
        const std::int64_t seen = i + ahead + 1;
        for (; held + block < seen; held += block) {
            const auto keys = k.row_range(held, block).transposed();
            const auto values = v.row_range(held, block);
            state = stored(held == 0 ? product(keys, values) : accumulated(std::move(state), keys, values));
        }
        return concat(sharing, [&](std::int64_t g) {
            if (seen <= 0) return stored(zeros(v, 1, v.cols));
            const auto query = q.row(i).head(g, sharing);
            const auto scores = stored(product(query, k.row_range(held, seen - held).transposed()));
            auto sum = stored(product(scores, v.row_range(held, seen - held)));
            return held == 0 ? sum : stored(accumulated(std::move(sum), query, state.view()));
        });
    });
}

}  // namespace

template <class T>
Known<T> Sums<T>::accumulated(Known<T> c, const View<T>& left, const View<T>& right) {
    std::vector<double> error(kBounded<T> ? static_cast<std::size_t>(c.cols) : 0);
    for (std::int64_t i = 0; i < c.rows; ++i) {
        if constexpr (kBounded<T>) bounds::of_product(left.row(i), right, left.cols, error.data());
        for (std::int64_t j = 0; j < c.cols; ++j) {
            const auto at = static_cast<std::size_t>(i * c.cols + j);
            [[maybe_unused]] const double before = kBounded<T> ? c.view().total_at(i * c.cols + j) : 0;
            T& sum = c.value[at];
            for (std::int64_t k = 0; k < left.cols; ++k)
                sum = sum + left.value[left.at(i, k)] * right.value[right.at(k, j)];
            if constexpr (kBounded<T>) {
                const double added = bounds::of_adding(left.cols, c.rounding) * sum, e = error[static_cast<size_t>(j)];
                c.error[at] = errors_added(before, e, added, c.rounding);
            }
        }
    }
    c.stored = false;
    return c;
}

template <class T>
Known<T> Sums<T>::running(const View<T>& from) {
    Known<T> sums(from.rows, from.cols, from.rounding);
    if constexpr (kBounded<T>) sums.with_errors();
    for (std::int64_t i = 0; i < from.rows; ++i) {
        for (std::int64_t j = 0; j < from.cols; ++j) {
            const auto at = static_cast<std::size_t>(i * from.cols + j), above = at - static_cast<size_t>(from.cols);
            const T& next = from.value[from.at(i, j)];
            sums.value[at] = i == 0 ? next : sums.value[above] + next;
            if constexpr (kBounded<T>) {
                const double e = from.total_at(from.at(i, j)), before = i == 0 ? 0 : sums.error[above];
                const double added = i == 0 ? 0 : bounds::of_adding(1, from.rounding) * sums.value[at];
                sums.error[at] = errors_added(before, e, added, from.rounding);
            }
        }
    }
    return sums;
}

template <class T>
Known<T> Sums<T>::divided(const View<T>& from, const View<T>& by, double epsilon) {
    // What is so small may have become zero in each term of either sum.
    constexpr double kTerms = 1024;
    std::vector<T> divisors;
    for (std::int64_t i = 0; i < from.rows; ++i) divisors.push_back(by.value[by.at(i, 0)] + static_cast<T>(epsilon));
    auto y = each<T>(
        from,
        [&](std::int64_t i, std::int64_t j) {
            return from.value[from.at(i, j)] / divisors[static_cast<std::size_t>(i)];
        },
        [&](std::int64_t i, std::int64_t j, double quotient) {
            const Rounding& rounding = from.rounding;
            double divisor = 0;
            if constexpr (kBounded<T>) divisor = divisors[static_cast<std::size_t>(i)];
            const double off = by.total_at(by.at(i, 0)) + rounding.unit * divisor + kTerms * rounding.tiny;
            const double of_x = from.total_at(from.at(i, j)) + kTerms * rounding.tiny;
            // Where nothing is known of the divisor: it is positive, and not below epsilon.
            const double least = std::max(divisor - off, epsilon * (1 - rounding.unit));
            return (of_x + std::abs(quotient) * off) / least + 2 * rounding.unit * std::abs(quotient);
        });
    return limited(std::move(y));  // a row has one divisor
}

template <class T>
Known<T> Sums<T>::attended(const Given<T>& given, Row row, const SumOrder& order, const View<T>& q, const View<T>& k) {
    constexpr double kEpsilon = 1e-6;
    const Problem& p = given.problem();
    const std::int64_t heads = p.num_heads, kv_heads = p.num_kv_heads, sharing = heads / kv_heads;
    const auto v = given.v(row.batch);
    const auto sums = given.once("sums of features", row.batch, [&] { return stored(running_sums(k)); });
    const std::int64_t newest = p.causal ? p.kv_len - p.q_len + row.index : p.kv_len - 1;
    if (newest < 0) return given.output(stored(zeros(v, 1, p.context_width())));
    const auto together = given.once("sums over keys", row.batch, [&] {
        if (p.causal && order.form == "masked") return zeros(v, 1, p.context_width());  // each row by itself
        if (!p.causal) {
            return stored(concat(kv_heads, [&](std::int64_t h) {
                return product(k.head(h, kv_heads).transposed(), v.head(h, kv_heads));
            }));
        }
        return concat(kv_heads, [&](std::int64_t n) {
            const auto q_n = q.head(n, kv_heads), k_n = k.head(n, kv_heads), v_n = v.head(n, kv_heads);
            return order.form == "recurrent" ? carried(q_n, k_n, v_n, sharing)
                                             : carried_in_blocks(q_n, k_n, v_n, sharing, order.chunk);
        });
    });
    return given.output(stored(concat(heads, [&](std::int64_t h) {
        const auto q_h = q.row(row.index).head(h, heads);
        const auto divisor = product(q_h, sums.row(newest).head(h / sharing, kv_heads).transposed());
        if (!p.causal)
            return headcount::judge::divided(stored(product(q_h, together.head(h / sharing, kv_heads))), divisor,
                                             kEpsilon);
        if (order.form != "masked") {
            auto numerator = picked(together.head(h, heads), {row.index});
            return headcount::judge::divided(stored(std::move(numerator)), divisor, kEpsilon);
        }
        const auto seen = k.head(h / sharing, kv_heads).row_range(0, newest + 1);
        const auto scores = stored(product(q_h, seen.transposed()));
        const auto values = v.head(h / sharing, kv_heads).row_range(0, newest + 1);
        return headcount::judge::divided(stored(product(scores, values)), divisor, kEpsilon);
    })));
}

template struct Sums<double>;
template struct Sums<Counted>;
template struct Sums<Dual>;

}  // namespace headcount::judge
