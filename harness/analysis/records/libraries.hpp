// What computed the points of a run, in the words of captions: libraries with versions, the machine, the commit.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/records/record_set.hpp"

namespace headcount {

/// What the library of the kernels calls an instruction set, and what everybody else does: "AVX3", "AVX-512".
const std::map<std::string, std::string>& instruction_sets();

/// "OpenBLAS 0.3.21 (Haswell kernels)", "BLIS 0.9.0", "headcount 0.1.0, AVX-512": what `backend` computes with, as the
/// environment of its run tells it.
std::string library_of(std::string_view backend, const std::map<std::string, std::string>& environment);

/// "blas: OpenBLAS 0.3.21 (Haswell kernels); simd: headcount 0.1.0, AVX-512" of these points, by name.
std::string libraries_text(const RecordSet& records, const std::vector<std::size_t>& entries);

/// "AMD EPYC (family 26, model 2)"; of a merged file every processor, by name.
std::string processors_text(const RunRecord& run);

/// Of this program: "0.1.0", or "of unknown version".
std::string version_text(const std::map<std::string, std::string>& environment);

/// "2026-12-01", on which the run began; "" where that is not known.
std::string day_of(const RunRecord& run);

/// "commit a67769042337, with local changes"; "an unknown commit".
std::string commit_text(const RunRecord& run);

}  // namespace headcount
