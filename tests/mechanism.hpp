// What tests ask of a variant whatever its mechanism: whether it is plain attention, and its options drawn.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "harness/core/point.hpp"
#include "harness/core/settings.hpp"
#include "variants/all.hpp"

namespace headcount::testing {

/// Whether it computes plain attention, in whatever layout: then it costs what the formulas of plain attention say.
/// What another function costs has a test of its own, beside the one that counts its definition.
inline bool computes_attention(const Variant& variant) { return variant.definition == judge::attention(); }

/// Every option of the variant at the value that `text(field)` says.
template <class Text>
Settings options_of(const Variant& variant, const Text& text) {
    std::vector<Setting> settings;
    for (const Field& field : variant.own) {
        const std::string value = text(field);
        settings.push_back({.name = field.name, .text = value, .is_default = value == field.otherwise});
    }
    return Settings(std::move(settings));
}

inline Settings default_options(const Variant& variant) {
    return options_of(variant, [](const Field& field) { return field.otherwise; });
}

/// Any value that its field allows; of large ones a small one, so that problems of tests stay small.
inline std::string random_value(std::mt19937_64& random, const Field& field) {
    if (field.type == FieldType::boolean) return random() % 2 == 0 ? "true" : "false";
    if (field.type == FieldType::choice) return field.choices[random() % field.choices.size()];
    constexpr std::int64_t kMost = 8;
    const std::int64_t count = std::min(field.max, field.min + kMost - 1) - field.min + 1;
    return std::to_string(field.min + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(count)));
}

/// The point itself, and of a variant with options some with these drawn; what does not fit is the caller's to leave
/// out.
inline std::vector<Point> with_random_options(Point point, const Variant& variant, std::mt19937_64& random,
                                              int draws = 2) {
    point.own = default_options(variant);
    std::vector<Point> points{point};
    for (int i = 0; i < draws && !variant.own.empty(); ++i) {
        point.own = options_of(variant, [&](const Field& field) { return random_value(random, field); });
        points.push_back(point);
    }
    return points;
}

}  // namespace headcount::testing
