#include "harness/cli/plan_report.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/plan_cuts.hpp"
#include "harness/cli/plan_defaults.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

std::string mebibytes(std::int64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20)); }

void print_point(std::FILE* to, const PlannedPoint& point) {
    switch (point.fate) {
        case Fate::time:
            fmt::print(to, "time   {}  {}, about {} a {}\n", point.id, mebibytes(point.needed_bytes),
                       roughly(point.forward_s), point.point.trains() ? "training" : "pass");
            break;
        case Fate::count: fmt::print(to, "count  {}\n", point.id); break;
        case Fate::skip: fmt::print(to, "skip   {}  {}\n", point.id, point.reason); break;
    }
}

bool has_points(const Part& part) { return !part.points.empty() || !part.skipped.empty(); }

void print_heading(std::FILE* to, const Part& part, std::size_t listed) {
    const std::size_t all = part.points.size() + part.skipped.size();
    fmt::print(to, "part {}: {} points", part.name.empty() ? "main" : part.name, all);
    if (!part.compare_by.empty()) fmt::print(to, ", compared by {}", fmt::join(part.compare_by, ", "));
    if (listed < all) fmt::print(to, "; {} of them stand above", all - listed);
    fmt::print(to, "\n");
}

/// Returns the memory of the largest point.
std::int64_t print_points(std::FILE* to, const Sweep& sweep, const Plan& plan, bool headings) {
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
    return largest;
}

std::string calibration_text(const Plan& plan, const Trial& trial) {
    if (plan.count(Fate::time) == 0) return {};
    if (trial.points.empty()) return fmt::format("not calibrated, times may be five times off: {}\n", trial.missing);
    return fmt::format("calibrated by a trial of {} of {} points, which took {}\n", trial.points.size(),
                       plan.count(Fate::time), roughly(trial.seconds));
}

}  // namespace

void print_plan(std::FILE* to, const Sweep& sweep, const Plan& plan, const PlannedClaims& claims, const Trial& trial) {
    fmt::print(to, "{}\n{}\n\n", sweep.path, printable(sweep.question));
    const bool headings = std::ranges::count_if(sweep.parts, has_points) > 1;
    const std::int64_t largest = print_points(to, sweep, plan, headings);
    if (!headings) fmt::print(to, "\n");
    if (!claims.all().empty()) {
        print_claims(to, claims);
        fmt::print(to, "\n");
    }
    if (const std::string fields = fields_by_default(sweep); !fields.empty()) {
        fmt::print(to, "by default: {}\n", fields);
    }
    if (const std::string settings = protocol_by_default(sweep); !settings.empty()) {
        fmt::print(to, "protocol by default: {}\n", settings);
    }
    fmt::print(to,
               "{} points to time in {} comparison groups, {} to count, {} skipped\n"
               "memory: largest point {}, limit {}\n",
               plan.count(Fate::time), plan.groups.size(), plan.count(Fate::count),
               plan.count(Fate::skip) + plan.unresolved.size(), mebibytes(largest), mebibytes(plan.memory_limit_bytes));
    for (const std::string& line : time_lines(plan, sweep.protocol, start_s_of(trial))) fmt::print(to, "{}\n", line);
    fmt::print(to, "{}", calibration_text(plan, trial));
}

}  // namespace headcount
