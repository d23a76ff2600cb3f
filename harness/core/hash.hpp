// A 64-bit hash that is the same on every machine; it identifies, it does not protect.
#pragma once

#include <cstdint>
#include <string_view>

namespace headcount {

/// FNV-1a. `seed` may be an earlier hash: fnv64(b, fnv64(a)) is the hash of a followed by b.
constexpr std::uint64_t fnv64(std::string_view bytes, std::uint64_t seed = 0xcbf29ce484222325U) {
    std::uint64_t hash = seed;
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

}  // namespace headcount
