// Groups points by what they share, predicts memory and time, and says what cannot run and why.
#include "harness/measure/plan.hpp"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/measure/count.hpp"
#include "harness/measure/inputs.hpp"
#include "harness/measure/process_memory.hpp"

namespace headcount {
namespace {

// Rates for the rough guess of time only; what is measured replaces them during a run.
struct Rates {
    double flops, exps;
};
Rates guessed_rates(const Point& point) {
    if (point.backend == "naive") return {.flops = 1e9, .exps = 1e8};
    return {.flops = 2e10 * point.num_threads, .exps = 5e8 * point.num_threads};
}
// The program, its libraries and the float64 reference of the check, beside the point's own tensors.
constexpr std::int64_t kProgramBytes = std::int64_t{96} << 20;

std::string gib(std::int64_t bytes) { return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1 << 30)); }

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Does this field tell groups of a part apart? Lengths and widths may follow from a compared field (head_dim
/// from num_heads, kv_len from q_len), so they count only where they are axes themselves.
bool identifies_group(std::string_view field, const Part& part) {
    if (field == "seq_len" || contains(part.compare_by, field)) return false;
    if (field == "q_len" || field == "kv_len") {
        return contains(part.axes, field) || (contains(part.axes, "seq_len") && !contains(part.compare_by, "seq_len"));
    }
    const bool width = field == "embed_dim" || field == "num_heads" || field == "num_kv_heads" || field == "head_dim" ||
                       field == "value_head_dim";
    return !width || contains(part.axes, field);
}

void predict(PlannedPoint& planned) {
    const Count count = count_point(planned.point);
    OpCost executed;
    for (const OpPart& part : count.ops) executed += part.executed;
    planned.workspace_bytes = count.workspace_bytes;
    planned.inputs_bytes = count.inputs_bytes;
    planned.needed_bytes = count.workspace_reserved_bytes + 2 * count.inputs_bytes + kProgramBytes;
    const Rates rates = guessed_rates(planned.point);
    planned.forward_s =
        static_cast<double>(executed.flops()) / rates.flops + static_cast<double>(executed.exps) / rates.exps;
}

PlannedPoint plan_point(const Point& point, const Protocol& protocol, std::int64_t limit) {
    PlannedPoint planned{.point = point, .id = point.id(), .reason = {}, .group = {}};
    planned.reason = why_unsupported(point);
    if (!planned.reason.empty()) {
        planned.work = Work::skip;
        return planned;
    }
    if (point.backend == "counting" || protocol.max_rounds <= 0) {
        planned.work = Work::count;  // counted when it is its turn: nothing here depends on its size
        return planned;
    }
    try {
        predict(planned);
    } catch (const Error& error) {
        planned.work = Work::skip;
        planned.reason = error.what();
        return planned;
    }
    if (limit > 0 && planned.needed_bytes > limit) {
        planned.work = Work::skip;
        planned.reason =
            fmt::format("needs {} of memory ({} workspace, {} inputs, weights and output); the limit is {}",
                        gib(planned.needed_bytes), gib(planned.workspace_bytes), gib(planned.inputs_bytes), gib(limit));
    }
    return planned;
}

double visit_s(const PlannedPoint& planned, const Protocol& protocol) {
    const bool warm = planned.forward_s < 1;
    return std::max(protocol.min_sample_s, planned.forward_s) + (warm ? planned.forward_s : 0);
}

/// Groups the part's timed points. A group whose points are all in an earlier part's group is not timed again.
void add_groups(Plan& plan, const Part& part, const std::vector<std::size_t>& timed) {
    const auto first_new = static_cast<std::ptrdiff_t>(plan.groups.size());
    std::unordered_map<std::string, std::size_t> index_of_group;
    for (const std::size_t index : timed) {
        const Point& point = plan.points[index].point;
        const std::string id = group_id(point, part);
        const auto [slot, is_new] = index_of_group.try_emplace(id, plan.groups.size());
        if (is_new) plan.groups.push_back({.id = id, .points = {}});
        plan.groups[slot->second].points.push_back(index);
    }
    const auto is_timed_already = [&](const PlannedGroup& group) {
        const std::string& other_id = plan.points[group.points.front()].group;
        const auto end = plan.groups.begin() + first_new;
        const auto other =
            std::find_if(plan.groups.begin(), end, [&](const PlannedGroup& g) { return g.id == other_id; });
        return other != end && std::all_of(group.points.begin(), group.points.end(), [&](std::size_t index) {
                   return std::find(other->points.begin(), other->points.end(), index) != other->points.end();
               });
    };
    if (first_new > 0) {
        const std::vector<PlannedGroup> fresh(plan.groups.begin() + first_new, plan.groups.end());
        std::vector<PlannedGroup> kept;
        for (const PlannedGroup& group : fresh) {
            if (!is_timed_already(group)) kept.push_back(group);
        }
        plan.groups.erase(plan.groups.begin() + first_new, plan.groups.end());
        plan.groups.insert(plan.groups.end(), kept.begin(), kept.end());
    }
    for (std::size_t g = static_cast<std::size_t>(first_new); g < plan.groups.size(); ++g) {
        for (const std::size_t index : plan.groups[g].points) {
            if (plan.points[index].group.empty()) plan.points[index].group = plan.groups[g].id;
        }
    }
}

}  // namespace

std::string group_id(const Point& point, const Part& part) {
    if (part.compare_by.empty()) return point.id();
    static const Point kDefault;
    std::string id = part.name.empty() ? std::string("main:") : part.name + ":";
    for (const FieldInfo& field : point_fields()) {
        if (!identifies_group(field.name, part)) continue;
        const std::string value = get_field(point, field.name);
        if (contains(part.axes, field.name) || value != get_field(kDefault, field.name)) {
            id += fmt::format(" {}={}", field.name, value);
        }
    }
    return id;
}

std::size_t Plan::count(Work work) const {
    return static_cast<std::size_t>(
        std::count_if(points.begin(), points.end(), [&](const PlannedPoint& p) { return p.work == work; }));
}

Plan make_plan(const Sweep& sweep) {
    Plan plan;
    plan.memory_limit_bytes = sweep.protocol.memory_limit_bytes;
    if (plan.memory_limit_bytes == 0) {
        const Bytes available = available_memory();
        plan.memory_limit_bytes = available.value < 0 ? 0 : available.value / 10 * 8;
    }
    std::unordered_map<std::string, std::size_t> index_of_point;
    for (const Part& part : sweep.parts) {
        std::vector<std::size_t> timed;
        for (const Point& point : part.points) {
            const auto [place, is_new] = index_of_point.try_emplace(point.id(), plan.points.size());
            if (is_new) plan.points.push_back(plan_point(point, sweep.protocol, plan.memory_limit_bytes));
            if (plan.points[place->second].work == Work::time) timed.push_back(place->second);
        }
        add_groups(plan, part, timed);
        for (const SkippedPoint& skipped : part.skipped) {
            const auto same = [&](const SkippedPoint& other) { return other.id == skipped.id; };
            if (std::none_of(plan.unresolved.begin(), plan.unresolved.end(), same)) plan.unresolved.push_back(skipped);
        }
    }
    for (PlannedGroup& group : plan.groups) {
        double once = 0;
        for (const std::size_t index : group.points) {
            group.round_s += visit_s(plan.points[index], sweep.protocol);
            group.needed_bytes += plan.points[index].needed_bytes - kProgramBytes;
            once += 6 * plan.points[index].forward_s + 0.1;  // check, calibration, traced passes, a child for memory
        }
        group.needed_bytes += kProgramBytes;
        plan.min_s += once + group.round_s * std::min(sweep.protocol.min_rounds, sweep.protocol.max_rounds);
        plan.max_s += once + group.round_s * sweep.protocol.max_rounds;
    }
    if (sweep.protocol.budget_s > 0) {
        plan.max_s = std::max(plan.min_s, std::min(plan.max_s, sweep.protocol.budget_s));
    }
    return plan;
}

}  // namespace headcount
