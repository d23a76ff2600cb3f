// What this machine can do at most: multiply-adds, exponentials, bytes read, a second.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace headcount {

/// Measured now, by Highway kernels compiled for the best instruction set present; takes under a second for each
/// number of threads. Each value is the median rate over many windows of about 10 ms. Keys, for each number:
///   "fma_gflops.f32.threads=1"  fused multiply-adds on registers, two operations each, in 1e9/s; likewise f64
///   "exp_gops.f32.threads=1"    exponentials of cached values, in 1e9/s
///   "read_gbps.threads=1"       reading a buffer much larger than the caches, in 1e9 bytes/s
std::map<std::string, double> measure_limits(const std::vector<int>& num_threads);

}  // namespace headcount
