// How a limit is timed: the same work on several threads at once, again and again, in windows as long as a point.
#pragma once

#include <functional>
#include <vector>

namespace headcount::limits {

/// One thread's work: does it `times` over and returns what was done, in operations or bytes.
using Work = std::function<double(long times)>;

/// As long as many a point's forward pass; and as short as a rate can be told from, for what is measured often.
inline constexpr double kWindow_s = 0.010, kShortWindow_s = 0.003;

/// Median over `windows` windows of about `window_s` of the rate of all threads together, a second; each window is
/// begun by all of them at once. works.front() runs on the calling thread and is what the length of a window is found
/// with.
double sustained_rate(const std::vector<Work>& works, int windows, double window_s = kWindow_s);

/// What later bounds rest on most, and the rest, which has to be quick because every run waits for it.
inline constexpr int kManyWindows = 15, kFewWindows = 5;

}  // namespace headcount::limits
