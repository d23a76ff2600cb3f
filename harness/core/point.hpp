// One point of a sweep: who runs what, with how many threads, on which data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "harness/core/problem.hpp"
#include "harness/core/settings.hpp"

namespace headcount {

/// `task` of a point that is not trained.
inline constexpr std::string_view kNoTask = "none";

struct Point {
    std::string variant;
    std::string backend;
    Problem problem;
    std::string task = std::string(kNoTask);  ///< what a model made of the variant is trained for
    Settings own = {};                        ///< the options that variant, backend and task add
    int num_threads = 1;
    std::uint64_t seed = 1;

    bool trains() const { return task != kNoTask; }
    /// Canonical text, e.g. "multi_head/blas/q_len=512,embed_dim=512,num_heads=8": the fields in the order of
    /// FieldTable::all(), those equal to their default left out. Identifies the point in journal, command line,
    /// messages and plots; point_from_id() reads it back.
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
    std::optional<std::string> variant, backend, task;
    ProblemSpec problem;
    std::optional<int> num_threads;
    std::optional<std::uint64_t> seed;
    std::map<std::string, std::string, std::less<>> own;  ///< options, in canonical text
};

/// Canonical text of a field's value; "" for an option that the point does not have. "seq_len" of a point with
/// q_len != kv_len is "q_len x kv_len" values, e.g. "33x77".
std::string get_field(const Point& point, std::string_view field);

/// The number behind an integer, true as 1 and false as 0; nothing for text, for an option that the point does not
/// have and for seq_len where q_len != kv_len.
std::optional<std::int64_t> number_of(const Point& point, std::string_view field);

/// An id leaves out what resolve() would put back. True also for an option that the point does not have.
bool is_default(const Point& point, std::string_view field);

}  // namespace headcount
