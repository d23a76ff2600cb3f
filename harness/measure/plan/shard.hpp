// A part of a sweep that is the same wherever it is worked out, so that several machines can share one question.
#pragma once

#include <string>
#include <string_view>

#include "harness/core/sweep.hpp"

namespace headcount {

/// Part `number` of `of` parts; 1/1 is the whole.
struct Shard {
    int number = 1;
    int of = 1;

    bool whole() const { return of == 1; }
    std::string text() const;  ///< "2/4"; "" for the whole
    friend bool operator==(const Shard&, const Shard&) = default;
};

/// Reads "2/4". Throws UsageError.
Shard parse_shard(std::string_view text);

/// The points of `sweep` that belong to this shard; everything else, its config_hash too, stays. Each point is in
/// exactly one shard, beside every point that it is compared with, directly or through others. The shards' predicted
/// costs are as even as giving the costliest set to the least loaded shard makes them. Depends on the sweep alone:
/// not on the machine's memory, libraries or processor.
Sweep shard_of(Sweep sweep, const Shard& shard);

}  // namespace headcount
