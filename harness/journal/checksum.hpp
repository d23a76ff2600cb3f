// CRC-32C of a journal line and a 64-bit hash for names of runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headcount {

/// Castagnoli's polynomial: detects every burst of up to 32 bits and every error of up to 5 bits in a line
/// of ordinary length, which is what a torn or flipped line needs.
std::uint32_t crc32c(std::string_view bytes);

/// FNV-1a; identifies, does not protect.
std::uint64_t fnv64(std::string_view bytes, std::uint64_t seed = 0xcbf29ce484222325U);

/// `digits` lower-case hexadecimal digits.
std::string hex(std::uint64_t value, int digits);

}  // namespace headcount
