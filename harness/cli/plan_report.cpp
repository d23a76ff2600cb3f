#include "harness/cli/plan_report.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

std::string mebibytes(std::int64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20)); }

void print_point(std::FILE* to, const PlannedPoint& point) {
    switch (point.fate) {
        case Fate::time:
            fmt::print(to, "time   {}  {}, about {} a pass\n", point.id, mebibytes(point.needed_bytes),
                       quantity(point.forward_s, "s"));
            break;
        case Fate::count: fmt::print(to, "count  {}\n", point.id); break;
        case Fate::skip: fmt::print(to, "skip   {}  {}\n", point.id, point.reason); break;
    }
}

void print_heading(std::FILE* to, const Part& part, std::size_t listed) {
    const std::size_t all = part.points.size() + part.skipped.size();
    fmt::print(to, "part {}: {} points", part.name.empty() ? "main" : part.name, all);
    if (!part.compare_by.empty()) fmt::print(to, ", compared by {}", fmt::join(part.compare_by, ", "));
    if (listed < all) fmt::print(to, "; {} of them stand above", all - listed);
    fmt::print(to, "\n");
}

}  // namespace

void print_plan(std::FILE* to, const Sweep& sweep, const Plan& plan) {
    fmt::print(to, "{}\n{}\n\n", sweep.path, printable(sweep.question));
    const auto has_points = [](const Part& part) { return !part.points.empty() || !part.skipped.empty(); };
    const bool headings = std::count_if(sweep.parts.begin(), sweep.parts.end(), has_points) > 1;
    std::int64_t largest = 0;
    auto point = plan.points.begin();
    std::unordered_set<std::string_view> unresolved;
    for (std::size_t p = 0; p < sweep.parts.size(); ++p) {
        const Part& part = sweep.parts[p];
        const auto end =
            std::find_if(point, plan.points.end(), [&](const PlannedPoint& next) { return next.part != p; });
        std::vector<const SkippedPoint*> skipped;
        for (const SkippedPoint& one : part.skipped) {
            if (unresolved.insert(one.id).second) skipped.push_back(&one);
        }
        if (headings && has_points(part)) {
            print_heading(to, part, static_cast<std::size_t>(end - point) + skipped.size());
        }
        for (; point != end; ++point) {
            print_point(to, *point);
            if (point->fate == Fate::time) largest = std::max(largest, point->needed_bytes);
        }
        for (const SkippedPoint* one : skipped) fmt::print(to, "skip   {}  {}\n", one->id, one->reason);
        if (headings && has_points(part)) fmt::print(to, "\n");
    }
    fmt::print(to,
               "{}{} points to time in {} comparison groups, {} to count, {} skipped\n"
               "memory: largest point {}, limit {}; time: about {} to {}, budget {}\n",
               headings ? "" : "\n", plan.count(Fate::time), plan.groups.size(), plan.count(Fate::count),
               plan.count(Fate::skip) + plan.unresolved.size(), mebibytes(largest), mebibytes(plan.memory_limit_bytes),
               quantity(plan.min_s, "s"), quantity(plan.max_s, "s"), quantity(sweep.protocol.budget_s, "s"));
}

}  // namespace headcount
