// Arrays of NumPy in files (.npy): read and written as its format says, versions 1 and 2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace headcount {

/// Row-major numbers; float64 in a file is rounded to float32.
struct NpyArray {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
};

/// Throws UsageError, with the file and what is expected, when it is missing, cut short, longer than its shape, of
/// another type than float32 and float64 (little-endian), in Fortran order, or has a number that float32 cannot hold.
NpyArray read_npy(const std::filesystem::path& path);

/// float32, version 1. Throws Error when the file cannot be written.
void write_npy(const std::filesystem::path& path, const NpyArray& array);

}  // namespace headcount
