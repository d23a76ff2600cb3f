#include "harness/core/field.hpp"

#include <algorithm>
#include <charconv>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {

bool Field::follows_from(std::string_view other) const {
    return std::find(follows.begin(), follows.end(), other) != follows.end();
}

std::int64_t parse_integer(const Field& field, std::string_view text) {
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || text.empty()) {
        throw UsageError(field.name + " takes a whole number, not '" + std::string(text) + "'");
    }
    if (value < field.min || value > field.max) {
        throw UsageError(field.name + " " + std::string(text) + " is out of range; it must lie in [" +
                         std::to_string(field.min) + ", " + std::to_string(field.max) + "]");
    }
    return value;
}

bool parse_boolean(const Field& field, std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    throw UsageError(field.name + " is true or false, not '" + std::string(text) + "'");
}

std::string parse_name(const Field& field, std::string_view text) {
    constexpr std::size_t kLongestName = 64;
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+";
    constexpr std::string_view kNotFirst = "-.+";  // an option, a hidden file, a formula
    if (text.empty() || text.size() > kLongestName || kNotFirst.find(text.front()) != std::string_view::npos ||
        text.find_first_not_of(kAllowed) != std::string_view::npos) {
        throw UsageError(
            "a " + field.name +
            " is up to 64 letters, digits, '_', '-', '.' or '+', beginning with one of the first three, not '" +
            std::string(text.substr(0, kLongestName)) + "'");
    }
    return std::string(text);
}

const std::string& parse_choice(const Field& field, std::string_view text) {
    for (const std::string& choice : field.choices) {
        if (choice == text) return choice;
    }
    throw UsageError(unknown_name(field.name, text, field.choices));
}

std::string canonical_text(const Field& field, std::string_view text) {
    switch (field.type) {
        case FieldType::name: return parse_name(field, text);
        case FieldType::integer: return std::to_string(parse_integer(field, text));
        case FieldType::boolean: return parse_boolean(field, text) ? "true" : "false";
        case FieldType::choice: return parse_choice(field, text);
    }
    return "";
}

}  // namespace headcount
