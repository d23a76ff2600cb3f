// Does a sample have more than one mode?
#include "harness/stats/modes.hpp"

#include <algorithm>
#include <vector>

#include "harness/stats/interval.hpp"

namespace headcount {

bool has_several_modes(std::span<const double> samples) {
    constexpr std::size_t kFewest = 10;       // in fewer samples any gap is chance
    constexpr double kGapOverMiddleHalf = 1;  // the empty stretch against the wider group's interquartile range
    constexpr double kApart = 6;              // medians apart, in units of the same range
    if (samples.size() < kFewest) return false;
    std::vector<double> sorted(samples.begin(), samples.end());
    std::ranges::sort(sorted);
    const std::size_t smallest = std::max<std::size_t>(3, sorted.size() / 10);
    for (std::size_t cut = smallest; cut + smallest <= sorted.size(); ++cut) {
        const std::span<const double> all(sorted);
        const auto low = all.first(cut);
        const auto high = all.subspan(cut);
        const double spread =
            std::max(quantile(low, 0.75) - quantile(low, 0.25), quantile(high, 0.75) - quantile(high, 0.25));
        const double gap = high.front() - low.back();
        const double apart = median(high) - median(low);
        if (gap > 0 && gap >= kGapOverMiddleHalf * spread && apart > kApart * spread) return true;
    }
    return false;
}

bool needs_percentiles(std::span<const double> samples) {
    return has_several_modes(samples) || quantile(samples, 0.95) > kHeavyTail * median(samples);
}

}  // namespace headcount
