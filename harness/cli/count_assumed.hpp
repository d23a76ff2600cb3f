// What a count assumed, and what it comes to: for people who compare it with a number of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"
#include "harness/measure/point/count.hpp"

namespace headcount {

/// "problem: batch 1, q_len 1, kv_len 8192, embed_dim 512, num_heads 8, ..., head_dim 64 (embed_dim / num_heads), f32,
/// ...".
std::string resolved_problem(const Point& point);

/// FLOPs (multiplies and adds, of `ledger`) of the same point with `cached`, counted. Nothing where there is no such
/// point: in core scope, where no token is older than the queries, or where the variant cannot go on from a cache.
std::optional<std::int64_t> flops_with_cache(const Point& point, Ledger ledger);

/// The line on what is kept; "" where every key is new.
std::string cache_line(const Point& point, Ledger ledger, std::int64_t flops);

/// "4.32 GFLOP", with four digits.
std::string flops_text(double flops);
/// "4194304 bytes (4 MiB)", "-1" is unknown.
std::string bytes_text(std::int64_t bytes);

}  // namespace headcount
