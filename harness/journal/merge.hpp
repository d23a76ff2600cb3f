// Joins journals of one question: shards of a sweep, several machines, copies of a file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/journal/journal.hpp"

namespace headcount {

struct MergeInput {
    std::string name;  ///< for messages: the file's path
    Journal journal;   ///< also one that was merged before
};

/// The union: every round and every record of a point once. Each keeps the run that it came from as its `run`, so
/// that rounds of different runs stay different strata; what each run said of itself is in `run.sources`. The same
/// inputs in another order, twice, or merged step by step give the same journal. `warnings` says what is missing or
/// at odds.
///
/// Throws UsageError when the inputs ask different questions (saying what differs), when two of them went on apart
/// from each other from a common beginning, when one comparison group was timed on two kinds of machine or build
/// (a ratio pooled over both would hold for neither), or when they disagree on an exact count.
Journal merge_journals(const std::vector<MergeInput>& inputs);

/// Writes a whole journal at once: complete under a name of its own, then moved to `path`. Throws Error; `path` is
/// untouched then.
void write_journal(const std::filesystem::path& path, const Journal& journal);

}  // namespace headcount
