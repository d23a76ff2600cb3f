#include "harness/cli/plan_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/metric.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

std::string mebibytes(std::int64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20)); }

}  // namespace

std::string plan_text(const Sweep& sweep, const Plan& plan) {
    std::string text = fmt::format("{}\n{}\n\n", sweep.path, printable(sweep.question));
    std::int64_t largest = 0;
    for (const PlannedPoint& point : plan.points) {
        switch (point.work) {
            case Work::time:
                text += fmt::format("time   {}  {}, about {} a pass\n", point.id, mebibytes(point.needed_bytes),
                                    quantity(point.forward_s, "s"));
                largest = std::max(largest, point.needed_bytes);
                break;
            case Work::count: text += fmt::format("count  {}\n", point.id); break;
            case Work::skip: text += fmt::format("skip   {}  {}\n", point.id, point.reason); break;
        }
    }
    for (const SkippedPoint& point : plan.unresolved) text += fmt::format("skip   {}  {}\n", point.id, point.reason);
    text += fmt::format(
        "\n{} points to time in {} comparison groups, {} to count, {} skipped\n"
        "memory: largest point {}, limit {}; time: about {} to {}, budget {}\n",
        plan.count(Work::time), plan.groups.size(), plan.count(Work::count),
        plan.count(Work::skip) + plan.unresolved.size(), mebibytes(largest), mebibytes(plan.memory_limit_bytes),
        quantity(plan.min_s, "s"), quantity(plan.max_s, "s"), quantity(sweep.protocol.budget_s, "s"));
    return text;
}

}  // namespace headcount
