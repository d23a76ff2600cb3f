// The simd kernels for f32 and bf16, chosen for this processor when the program runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/backend/simd/decode.hpp"
#include "harness/backend/simd/product.hpp"
#include "harness/backend/simd/stream.hpp"
#include "harness/backend/simd/vjp.hpp"
#include "harness/core/bfloat16.hpp"

namespace headcount::simd {

/// Floats in a vector of the instruction set in use.
std::int64_t lanes();
/// Rows of the largest register tile of the instruction set in use: 8 or 4.
std::int64_t tile_rows();
/// The instruction set in use ("AVX3_ZEN4", "AVX2", "NEON"), in Highway's words.
std::string target_name();

/// One block of query rows; at most kMostVectors * lanes() of them.
void stream_rows(const StreamBlock<float>& block);
void stream_rows(const StreamBlock<float, BFloat16>& block);
/// The derivatives of one head by its queries, and what some of its keys and values contribute.
void head_vjp(const HeadVjp<float>& head);
/// The keys of a part; its state then holds what they contribute to its queries.
void decode_keys(const DecodePart<float>& part);
void decode_keys(const DecodePart<float, BFloat16>& part);
/// Adds to the state of `part` what `other`, other keys for the same queries, contributes.
void decode_merge(const DecodePart<float>& part, const DecodePart<float>& other);
void decode_merge(const DecodePart<float, BFloat16>& part, const DecodePart<float, BFloat16>& other);
/// Writes the output of a part whose state holds all keys.
void decode_write(const DecodePart<float>& part);
void decode_write(const DecodePart<float, BFloat16>& part);
/// Columns [first_col, first_col + cols) of a product, at most kMostVectors * lanes() of them.
void multiply_panel(const Product<float>& product, std::int64_t first_col, std::int64_t cols);
/// Neighbours in a sum that one bf16 product takes at a time: 2 with AVX-512 BF16; 1 where bf16 is widened first.
std::int64_t bf16_step();
/// As the kernels write bf16; for tests.
void round_all(const float* from, std::int64_t count, BFloat16* to);
/// 2^x for x <= 0, as the streaming kernel computes it; for tests. x has `count` elements and is overwritten.
void exp2_all(float* x, std::int64_t count);

/// Names of the instruction sets that this program is compiled for and this processor runs. With HEADCOUNT_KERNELS=here
/// the kernels above are compiled for the best one alone, and force_target() changes nothing for them.
std::vector<std::string> runnable_targets();
/// Use this one from now on ("" : the best again); for tests. Not while kernels run.
void force_target(const std::string& name);

}  // namespace headcount::simd
