#include "harness/analysis/models/sizes.hpp"

#include <algorithm>

namespace headcount {
namespace {

/// Up to where match_sizes() looks.
std::int64_t last_of(const Quantity& quantity, const Rational& target, std::int64_t largest) {
    for (std::int64_t size = 1; size <= largest / 2; size *= 2) {
        const std::optional<Rational> value = quantity(size);
        if (value && *value > target) return 2 * size;
    }
    return largest;
}

int sign_of(const Rational& value) { return value == 0 ? 0 : (value < 0 ? -1 : 1); }

std::optional<int> sign_at(const Quantity& difference, std::int64_t size) {
    const std::optional<Rational> value = difference(size);
    return value ? std::optional(sign_of(*value)) : std::nullopt;
}

std::vector<std::int64_t> grid(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> sizes;
    for (std::int64_t size = from; size < to;) {
        sizes.push_back(size);
        std::int64_t octave = 1;
        while (octave <= size / 2) octave *= 2;
        size = size < kAllUpTo ? size + 1 : size + octave / 4 - size % (octave / 4);
    }
    sizes.push_back(to);
    return sizes;
}

struct Place {
    std::int64_t size;
    int sign;
};

/// A possible size in (low, high), one near the middle; none when there is none.
std::optional<Place> between(const Quantity& difference, std::int64_t low, std::int64_t high) {
    const std::int64_t middle = low + (high - low) / 2;
    for (std::int64_t size = middle; size < high; ++size) {
        if (size == low) continue;
        if (const auto sign = sign_at(difference, size)) return Place{size, *sign};
    }
    for (std::int64_t size = middle - 1; size > low; --size) {
        if (const auto sign = sign_at(difference, size)) return Place{size, *sign};
    }
    return std::nullopt;
}

/// Ends the last regime and begins others until the sign of `end`.
void halve(const Quantity& difference, std::vector<Regime>& found, Place end) {
    while (found.back().sign != end.sign) {
        std::int64_t low = found.back().to;
        Place high = end;
        while (const std::optional<Place> middle = between(difference, low, high.size)) {
            if (middle->sign == found.back().sign) {
                low = middle->size;
            } else {
                high = *middle;
            }
        }
        found.back().to = low;
        found.push_back({.from = high.size, .to = high.size, .sign = high.sign});
    }
    found.back().to = end.size;
}

}  // namespace

Matches match_sizes(const Quantity& quantity, const Rational& target, std::int64_t largest) {
    Matches matches;
    matches.last = last_of(quantity, target, largest);
    std::optional<SizedValue> before;
    for (std::int64_t size = 1; size <= matches.last; ++size) {
        const std::optional<Rational> value = quantity(size);
        if (!value) continue;
        ++matches.possible;
        if (*value == target) {
            matches.exact.push_back(size);
        } else {
            std::optional<SizedValue>& side = *value < target ? matches.below : matches.above;
            const bool nearer = !side || (*value < target ? *value > side->value : *value < side->value);
            if (nearer) side = {.size = size, .value = *value};
        }
        if (before && *value != before->value) matches.changes = true;
        if (before && *value < before->value && !matches.falls_after) matches.falls_after = before->size;
        before = {.size = size, .value = *value};
    }
    return matches;
}

std::vector<Regime> regimes(const Quantity& difference, std::int64_t from, std::int64_t to) {
    std::vector<Regime> found;
    for (const std::int64_t size : grid(from, to)) {
        const std::optional<int> sign = sign_at(difference, size);
        if (!sign) continue;
        if (found.empty()) {
            found.push_back({.from = size, .to = size, .sign = *sign});
        } else {
            halve(difference, found, {.size = size, .sign = *sign});
        }
    }
    return found;
}

}  // namespace headcount
