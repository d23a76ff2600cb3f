// One point of a sweep: who runs what, with how many threads, on which data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/problem.hpp"

namespace headcount {

struct Point {
    std::string variant;
    std::string backend;
    Problem problem;
    int num_threads = 1;
    std::int64_t key_block = 0;  ///< keys that a fused core takes at a time; 0: the backend's own choice
    std::uint64_t seed = 1;

    /// Canonical text, e.g. "multi_head/blas/q_len=512,embed_dim=512,num_heads=8": the fields in the order
    /// of point_fields(), those equal to their default left out. Identifies the point in journal, command
    /// line, messages and plots; point_from_id() reads it back.
    std::string id() const;
    /// The same behind what `text` holds: a million ids in one buffer.
    void append_id(std::string& text) const;
    friend bool operator==(const Point&, const Point&) = default;
};

/// Equal for equal points, within one process.
struct PointHash {
    std::size_t operator()(const Point& point) const;
};

/// A point as a user wrote it; absent fields take their default in resolve().
struct PointSpec {
    std::optional<std::string> variant, backend;
    ProblemSpec problem;
    std::optional<int> num_threads;
    std::optional<std::int64_t> key_block;
    std::optional<std::uint64_t> seed;
};

/// Throws UsageError when variant or backend is absent, or as resolve(ProblemSpec).
Point resolve(const PointSpec& spec);

enum class FieldType : std::uint8_t { name, integer, boolean, choice };

/// One settable field of a point: the single definition behind config axes, `--set`, point ids, the JSON
/// Schema and the columns of exports.
struct FieldInfo {
    std::string_view name;
    FieldType type;
    std::int64_t min = 0, max = 0;          ///< integers only
    std::vector<std::string_view> choices;  ///< choices only
    std::string_view doc;
};

/// variant, backend, batch, seq_len, q_len, kv_len, embed_dim, num_heads, num_kv_heads, head_dim,
/// value_head_dim, causal, bias, dtype, scope, num_threads, key_block, seed. `seq_len` sets q_len and kv_len.
const std::vector<FieldInfo>& point_fields();
/// Throws UsageError with a suggestion for an unknown name.
const FieldInfo& point_field(std::string_view name);

/// Sets a field from text ("512", "true", "core"). Throws UsageError: unknown field, wrong type, out of range.
void set_field(PointSpec& spec, std::string_view field, std::string_view text);
/// Canonical text of a field's value. "seq_len" of a point with q_len != kv_len is "q_len x kv_len" values,
/// e.g. "33x77".
std::string get_field(const Point& point, std::string_view field);

/// Reads Point::id(), or any "variant/backend/field=value,..." in any order. Throws UsageError.
Point point_from_id(std::string_view id);

}  // namespace headcount
