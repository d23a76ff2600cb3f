#include "harness/measure/clock/traced.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "harness/backend/backend.hpp"
#include "harness/core/stopwatch.hpp"

namespace headcount {
namespace {

constexpr std::size_t kFew = 5, kMany = 21;
constexpr double kLong_s = 2.0, kShort_s = 0.05;

bool enough(std::size_t passes, double spent_s) {
    return passes > 0 && (passes >= kFew || spent_s >= kLong_s) && (passes >= kMany || spent_s >= kShort_s);
}

void add(std::vector<SpanRecord>& breakdown, const OpSpan& span, double seconds) {
    const auto found = std::find_if(breakdown.begin(), breakdown.end(), [&](const SpanRecord& record) {
        return record.verb == span.verb && record.role == span.role;
    });
    if (found == breakdown.end()) {
        breakdown.push_back({.verb = span.verb, .role = span.role, .seconds = seconds});
    } else {
        found->seconds += seconds;
    }
}

}  // namespace

Traced middle_half(std::vector<TracedPass> passes) {
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
    return middle_half(std::move(passes));
}

}  // namespace headcount
