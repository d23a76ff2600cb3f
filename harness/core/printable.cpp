// Text from configs, journals and crashed workers made safe to print: the only place that decides what is.
#include "harness/core/printable.hpp"

#include <cstdint>

namespace headcount {

namespace {

unsigned byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

/// Bytes of the UTF-8 character that `text` begins with, 0 where it is none (overlong, surrogate, cut short).
std::size_t character_length(std::string_view text, std::uint32_t& code) {
    const unsigned first = byte_at(text, 0);
    const std::size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (length == 0 || first > 0xf4 || length > text.size()) return 0;
    code = length == 1 ? first : first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, i) & 0xc0U) != 0x80U) return 0;
        code = code << 6U | (byte_at(text, i) & 0x3fU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    return overlong || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff ? 0 : length;
}

bool hides_or_moves(std::uint32_t code) {
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const bool separator = code == 0x2028 || code == 0x2029;
    const bool direction = code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
                           (code >= 0x2066 && code <= 0x2069);
    return control || separator || direction;
}

std::string safe(std::string_view text, bool keep_lines) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        std::uint32_t code = 0;
        const std::size_t length = character_length(text, code);
        if (text.front() == '\n' || text.front() == '\t') {
            result += keep_lines ? text.front() : ' ';
        } else if (length == 0 || hides_or_moves(code)) {
            result += '?';
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return result;
}

}  // namespace

std::string printable(std::string_view text) { return safe(text, false); }
std::string printable_lines(std::string_view text) { return safe(text, true); }

}  // namespace headcount
