// Does a sample have more than one mode?
#pragma once

#include <span>

namespace headcount {

/// A flag, not a test: true when splitting the sorted samples at their best place leaves two groups, each at
/// least a tenth of the samples, whose medians lie more than six interquartile ranges apart and with an
/// empty stretch between them as wide as either group's middle half. One median would describe neither group.
bool has_several_modes(std::span<const double> samples);

/// Does one middle value not describe the samples? They have several modes, or their 95th percentile is more than twice
/// their median.
inline constexpr double kHeavyTail = 2;
bool needs_percentiles(std::span<const double> samples);

}  // namespace headcount
