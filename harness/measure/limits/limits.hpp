// What this machine can do at most: multiply-adds, exponentials, bytes read, a second.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/measure/limits/limit_set.hpp"

namespace headcount {

/// Measured now, each the median rate over windows of about 10 ms; about a second for each number of threads, two for
/// `all`. Keys, for each number N, rates in 1e9 a second:
///   fma_gflops.f32.threads=N, .f64.       fused multiply-adds on registers, two operations each, best instruction set
///   fma_gflops.bf16.threads=N             products of bf16 added up in f32, likewise; f32 where there are none
///   fma_gflops.f32.AVX2.threads=N         likewise, for each instruction set (Highway's names) that the processor runs
///   exp_gops.f32.threads=N                e^x of cached values by Highway's Exp, as softmax_rows computes it in f64
///   exp2_gops.f32.threads=N               2^x of cached values as the fused core of backend simd computes it
///   read_gbps.threads=N                   bytes read from a buffer much larger than the caches
///   read_gbps.L2.threads=N                bytes read from a buffer of half that cache, for each cache
///   cache_bytes.L2.threads=N              the size of all caches of that level that N threads can use
/// and with `all`:
///   write_gbps., copy_gbps., triad_gbps.threads=N    streams to and from memory, bytes named by the program
///   gemm_gflops.f32.square.512.threads=N, .scores.d=64., .context.d=64. ...    the linked BLAS, where there is one
/// A level whose half, shared out to the threads, would fit into the cache before it has no rate.
std::map<std::string, double> measure_limits(const std::vector<int>& num_threads, LimitSet which = LimitSet::bounds);

}  // namespace headcount
