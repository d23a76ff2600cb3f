// What a sweep will do on this machine: which points are timed together, which are only counted, which cannot run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/core/count.hpp"
#include "harness/core/sweep.hpp"

namespace headcount {

enum class Fate : std::uint8_t {
    time,   ///< checked, timed, traced, memory measured
    count,  ///< counted only
    skip,   ///< cannot run here; the reason says why
};

struct PlannedPoint {
    Point point;
    std::string id;
    std::size_t part = 0;  ///< the first of Sweep::parts that holds it
    bool ours = true;      ///< false: an engine computes it, and has no verbs to trace
    Fate fate = Fate::time;
    std::string reason;                    ///< of a skip
    std::string group;                     ///< the first comparison group it is in; "" when not timed
    std::shared_ptr<const Count> counted;  ///< of the one dry run; null where that is its turn later, or cannot be
    std::int64_t needed_bytes = 0;         ///< what running it takes in all, predicted
    double forward_s = 0;                  ///< one pass, or one training: guessed (predict.hpp), or after a trial
    double check_s = 0;                    ///< one reference in float64, likewise
    double prepare_s = 0;                  ///< its inputs and weights made, likewise
    double renew_s = 0;                    ///< what a cached point keeps made anew, before each visit, likewise
};

/// Points that are timed in the same rounds. The first is the base of the paired ratios.
struct PlannedGroup {
    std::string id;  ///< "main: variant=multi_head backend=blas q_len=512": part, and what the points share
    std::vector<std::size_t> points;  ///< indices into Plan::points
    double round_s = 0;               ///< one round of all, as long as their visits are predicted to take
    std::int64_t needed_bytes = 0;    ///< with all points in memory at once
    bool trains = false;              ///< a round is a training of each, with a seed of its own
};

struct Plan {
    std::vector<PlannedPoint> points;  ///< each point once, in the order written
    std::vector<PlannedGroup> groups;
    std::vector<SkippedPoint> unresolved;  ///< points that no problem exists for (12 heads in 512 columns)
    std::int64_t memory_limit_bytes = 0;   ///< what was compared against
    int processors = 1;                    ///< that this process may use

    std::size_t count(Fate fate) const;
};

/// "heads: variant=multi_head backend=blas q_len=512 kv_len=512": the part, and what the points share that are
/// compared with this one there; the point's own id where nothing is compared.
std::string group_id(const Point& point, const Part& part, const FieldTable& fields);

/// Decides for every point; runs nothing. Deterministic but for the memory and processors that are available now, of
/// which /proc and /sys below `root` tell.
Plan make_plan(const Sweep& sweep, const std::filesystem::path& root = "/");

}  // namespace headcount
