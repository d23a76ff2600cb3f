// How a limit is timed: the same work on several threads at once, again and again, in windows as long as a point.
#pragma once

#include <functional>
#include <vector>

namespace headcount::limits {

/// One thread's work: does it `times` over and returns what was done, in operations or bytes.
using Work = std::function<double(long times)>;

/// Median over `windows` windows of about 10 ms of the rate of all threads together, a second; each window is begun by
/// all of them at once. works.front() runs on the calling thread and is what the length of a window is found with.
double sustained_rate(const std::vector<Work>& works, int windows);

/// What later bounds rest on most, and the rest, which has to be quick because every run waits for it.
inline constexpr int kManyWindows = 15, kFewWindows = 5;

}  // namespace headcount::limits
