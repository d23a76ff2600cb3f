// Bytes a second, from caches and from memory.
#pragma once

#include <cstdint>

namespace headcount::limits {

/// Every thread reads a buffer of its own of `bytes` over and over: the bandwidth of the nearest cache that holds it.
double cached_read_rate(std::int64_t bytes, int threads, int windows);
/// Buffers larger than the caches together: what comes from memory.
double memory_read_rate(int threads, int windows);

/// Streams from and to memory, bytes that the program names (a write that first reads its line counts once), McCalpin's
/// conventions: write b = 0; copy b = a; triad c = a + s b.
struct StreamRates {
    double write = 0, copy = 0, triad = 0;
};
StreamRates stream_rates(int threads, int windows);

}  // namespace headcount::limits
