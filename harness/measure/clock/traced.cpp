#include "harness/measure/clock/traced.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "harness/backend/backend.hpp"
#include "harness/core/stopwatch.hpp"
#include "harness/stats/interval.hpp"

namespace headcount {
namespace {

// The passes after which so many seconds are enough. Fewer than six have no 95 % rank interval.
constexpr std::array<std::pair<std::size_t, double>, 4> kEnough{{{1, 3.0}, {6, 1.0}, {10, 0.05}, {21, 0.0}}};

bool enough(std::size_t passes, double spent_s) {
    return std::ranges::any_of(kEnough,
                               [&](const auto& these) { return passes >= these.first && spent_s >= these.second; });
}

bool is_of(const SpanRecord& record, const OpSpan& span) {
    return record.verb == span.verb && record.role == span.role;
}

void add(std::vector<SpanRecord>& breakdown, const OpSpan& span, double seconds) {
    const auto found = std::ranges::find_if(breakdown, [&](const SpanRecord& record) { return is_of(record, span); });
    if (found == breakdown.end()) {
        breakdown.push_back({.verb = span.verb, .role = span.role, .seconds = seconds});
    } else {
        found->seconds += seconds;
    }
}

/// All calls of that verb and role in a pass.
double seconds_of(const TracedPass& pass, const SpanRecord& record) {
    double seconds = 0;
    for (const OpSpan& span : pass.spans) seconds += is_of(record, span) ? span.seconds : 0;
    return seconds;
}

void add_interval(SpanRecord& record, const std::vector<TracedPass>& passes) {
    std::vector<double> seconds;
    for (const TracedPass& pass : passes) seconds.push_back(seconds_of(pass, record));
    const Interval interval = median_interval(seconds);
    if (!interval.bounded()) return;
    record.low_s = std::min(interval.low, record.seconds);
    record.high_s = std::max(interval.high, record.seconds);
}

}  // namespace

Traced middle_half(const std::vector<TracedPass>& passes_in_order) {
    std::vector<TracedPass> passes = passes_in_order;
    std::sort(passes.begin(), passes.end(),
              [](const TracedPass& a, const TracedPass& b) { return a.seconds < b.seconds; });
    const std::size_t quarter = passes.size() / 4;
    const std::span<const TracedPass> middle = std::span(passes).subspan(quarter, passes.size() - 2 * quarter);
    const double share = 1.0 / static_cast<double>(middle.size());
    Traced traced{.breakdown = {}, .seconds = 0};
    for (const TracedPass& pass : middle) {
        traced.seconds += pass.seconds * share;
        for (const OpSpan& span : pass.spans) add(traced.breakdown, span, span.seconds * share);
    }
    for (SpanRecord& record : traced.breakdown) add_interval(record, passes_in_order);
    return traced;
}

Traced trace(const std::function<void()>& pass, Backend& backend) {
    std::vector<TracedPass> passes;
    pass();
    for (double spent_s = 0; !enough(passes.size(), spent_s); spent_s += passes.back().seconds) {
        OpLog log;
        backend.listen(&log);
        const auto start = std::chrono::steady_clock::now();
        pass();
        const double seconds = seconds_since(start);
        backend.listen(nullptr);
        passes.push_back({.seconds = seconds, .spans = std::move(log.spans)});
    }
    return middle_half(passes);
}

std::size_t traced_passes(double pass_s) {
    std::size_t passes = 1;
    while (!enough(passes, static_cast<double>(passes) * pass_s)) ++passes;
    return passes;
}

}  // namespace headcount
