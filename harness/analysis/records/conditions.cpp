#include "harness/analysis/records/conditions.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/core/printable.hpp"

namespace headcount {

std::string unfinished_text(const RecordSet& records) {
    const auto missing = std::ranges::count_if(records.entries(), [](const Entry& entry) { return !entry.recorded; });
    if (missing == 0) return {};
    const RunRecord& run = records.run();
    std::string text = fmt::format("unfinished: {} of {} points have no record yet", missing, records.entries().size());
    if (!run.shard.empty()) text += fmt::format(" (this file holds shard {})", printable(run.shard));
    text += fmt::format(". To go on: {}", printable(fmt::format("{}", fmt::join(run.command, "; "))));
    if (!run.shard.empty()) text += "; then join the shards: headcount merge SHARD... --output WHOLE.jsonl";
    return text + "\n";
}

std::string disturbance_text(const RecordSet& records) {
    std::size_t samples = 0, disturbed = 0, unknown = 0, switched = 0, faulted = 0, changed = 0;
    for (const Entry& entry : records.entries()) {
        for (const RoundSample& sample : entry.samples) {
            const RoundMarks& marks = records.marks()[sample.marks];
            ++samples;
            disturbed += marks.disturbed ? 1 : 0;
            unknown += marks.foreign_load < 0 ? 1 : 0;
            changed += marks.changed.empty() ? 0 : 1;
            switched += sample.sample.involuntary_switches > 0 ? 1 : 0;
            faulted += sample.sample.page_faults > 0 ? 1 : 0;
        }
    }
    if (samples == 0) return {};
    const auto share = [&](std::size_t count) {
        return fmt::format("{:.3g} %", 100 * static_cast<double>(count) / static_cast<double>(samples));
    };
    std::string text = fmt::format(
        "of {} samples, {} beside foreign load (unknown for {}), {} with involuntary switches, {} with page faults",
        samples, share(disturbed), share(unknown), share(switched), share(faulted));
    if (changed > 0) text += fmt::format(", {} after the machine's settings were changed", share(changed));
    return text + "\n";
}

}  // namespace headcount
