// CRC-32C of a journal line, and hexadecimal digits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headcount {

/// Castagnoli's polynomial: detects every burst of up to 32 bits and every error of up to 5 bits in a line
/// of ordinary length, which is what a torn or flipped line needs.
std::uint32_t crc32c(std::string_view bytes);

/// `digits` lower-case hexadecimal digits.
std::string hex(std::uint64_t value, int digits);

}  // namespace headcount
