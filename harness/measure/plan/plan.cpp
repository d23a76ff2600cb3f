// Groups points by what they share, predicts memory and time, and says what cannot run and why.
#include "harness/measure/plan/plan.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "harness/core/base_fields.hpp"
#include "harness/core/engine.hpp"
#include "harness/core/error.hpp"
#include "harness/core/point_index.hpp"
#include "harness/measure/engine/engine_hello.hpp"
#include "harness/measure/machine/control_group.hpp"
#include "harness/measure/machine/process_memory.hpp"
#include "harness/measure/plan/predict.hpp"
#include "harness/measure/point/count.hpp"

namespace headcount {
namespace {

// The program, its libraries and the float64 reference of the check, beside the point's own tensors.
constexpr std::int64_t kProgramBytes = std::int64_t{96} << 20;

std::string gib(std::int64_t bytes) { return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1 << 30)); }

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Does this field tell groups of a part apart? Lengths and widths may follow from a compared field (head_dim
/// from num_heads, kv_len from q_len), so they count only where they are axes themselves.
bool identifies_group(const Field& field, const Part& part, const FieldTable& fields) {
    if (field.is_alias() || contains(part.compare_by, field.name)) return false;
    if (contains(part.axes, field.name)) return true;
    const auto alias = std::find_if(fields.all().begin(), fields.all().end(), [&](const Field& other) {
        return other.is_alias() && one_sets_the_other(other.name, field.name);
    });
    if (alias != fields.all().end()) return contains(part.axes, alias->name) && !contains(part.compare_by, alias->name);
    return field.facet != Facet::width;
}

void predict(PlannedPoint& planned) {
    planned.counted = std::make_shared<const Count>(count_point(planned.point));
    const Count& count = *planned.counted;
    planned.needed_bytes =
        count.workspace_reserved_bytes + count.kept_reserved_bytes + 2 * count.inputs_bytes + kProgramBytes;
    guess_times(planned);
}

/// Threads that take turns on processors measure the scheduler.
std::string why_too_many_threads(const Point& point, const Protocol& protocol, const Processors& processors) {
    if (protocol.oversubscribe || point.num_threads <= processors.usable) return {};
    return fmt::format(
        "num_threads={}, where this process may use {} processor{} (by {}); protocol.oversubscribe: true measures it "
        "all the same, and tables mark it",
        point.num_threads, processors.usable, processors.usable == 1 ? "" : "s", processors.by);
}

PlannedPoint plan_point(const Point& point, const Protocol& protocol, std::int64_t limit,
                        const Processors& processors) {
    PlannedPoint planned{.point = point, .id = point.id(), .reason = {}, .group = {}, .counted = nullptr};
    planned.ours = !is_external(point);
    planned.reason = why_it_cannot_run(point);
    if (!planned.reason.empty()) {
        planned.fate = Fate::skip;
        return planned;
    }
    if (point.backend == "counting" || protocol.max_rounds <= 0) {
        planned.fate = Fate::count;  // counted when it is its turn: nothing here depends on its size
        return planned;
    }
    try {
        predict(planned);
    } catch (const Error& error) {
        planned.fate = Fate::skip;
        planned.reason = error.what();
        return planned;
    }
    planned.reason = why_too_many_threads(point, protocol, processors);
    if (!planned.reason.empty()) {
        planned.fate = Fate::skip;
        return planned;
    }
    if (limit > 0 && planned.needed_bytes > limit) {
        const std::int64_t kept = planned.counted->kept_reserved_bytes;
        planned.fate = Fate::skip;
        planned.reason = fmt::format(
            "needs {} of memory ({} workspace, {} inputs, weights and output{}); the limit is {}",
            gib(planned.needed_bytes), gib(planned.counted->workspace_bytes), gib(planned.counted->inputs_bytes),
            kept > 0 ? fmt::format(", {} for what is cached", gib(kept)) : "", gib(limit));
    }
    return planned;
}

/// The part's timed points by what they share, in the order written.
std::vector<PlannedGroup> group_points(const Plan& plan, const Part& part, const std::vector<std::size_t>& timed,
                                       const FieldTable& fields) {
    std::vector<PlannedGroup> groups;
    std::unordered_map<std::string, std::size_t> place_of;
    for (const std::size_t index : timed) {
        const auto [slot, is_new] =
            place_of.try_emplace(group_id(plan.points[index].point, part, fields), groups.size());
        if (is_new) groups.push_back({.id = slot->first, .points = {}});
        groups[slot->second].points.push_back(index);
    }
    return groups;
}

/// Adds the part's groups. One whose points are all in an earlier part's group is not timed again.
void add_groups(Plan& plan, const Part& part, const std::vector<std::size_t>& timed, const FieldTable& fields) {
    std::unordered_map<std::string_view, std::size_t> earlier;
    for (std::size_t g = 0; g < plan.groups.size(); ++g) earlier.emplace(plan.groups[g].id, g);
    std::vector<PlannedGroup> fresh = group_points(plan, part, timed, fields);
    std::erase_if(fresh, [&](const PlannedGroup& group) {
        const auto other = earlier.find(plan.points[group.points.front()].group);
        if (other == earlier.end()) return false;
        const std::vector<std::size_t>& there = plan.groups[other->second].points;
        return std::all_of(group.points.begin(), group.points.end(), [&](std::size_t index) {
            return std::find(there.begin(), there.end(), index) != there.end();
        });
    });
    for (PlannedGroup& group : fresh) {
        for (const std::size_t index : group.points) {
            if (plan.points[index].group.empty()) plan.points[index].group = group.id;
        }
        plan.groups.push_back(std::move(group));
    }
}

}  // namespace

std::string group_id(const Point& point, const Part& part, const FieldTable& fields) {
    if (part.compare_by.empty()) return point.id();
    static const Point kDefault;
    std::string id = part.name.empty() ? std::string("main:") : part.name + ":";
    for (const Field& field : fields.all()) {
        if (!identifies_group(field, part, fields)) continue;
        const std::string value = get_field(point, field.name);
        if (value.empty()) continue;  // an option that this point does not have
        const bool said =
            fields.is_own(field.name) ? !is_default(point, field.name) : value != get_field(kDefault, field.name);
        if (said || contains(part.axes, field.name)) {
            id += fmt::format(" {}={}", field.name, value);
        }
    }
    return id;
}

std::size_t Plan::count(Fate fate) const {
    return static_cast<std::size_t>(
        std::count_if(points.begin(), points.end(), [&](const PlannedPoint& p) { return p.fate == fate; }));
}

Plan make_plan(const Sweep& sweep, const std::filesystem::path& root) {
    Plan plan;
    plan.memory_limit_bytes = sweep.protocol.memory_limit_bytes;
    if (plan.memory_limit_bytes == 0) {
        const Bytes available = available_memory(root);
        plan.memory_limit_bytes = available.value < 0 ? 0 : available.value / 10 * 8;
    }
    const Processors processors = usable_processors(root);
    plan.processors = processors.usable;
    std::size_t most = 0;
    for (const Part& part : sweep.parts) most += part.points.size();
    plan.points.reserve(most);
    PointIndex numbers;
    const bool several = sweep.parts.size() > 1;
    if (several) numbers.reserve(most);
    std::unordered_set<std::string_view> unresolved;
    for (std::size_t p = 0; p < sweep.parts.size(); ++p) {
        const Part& part = sweep.parts[p];
        std::vector<std::size_t> timed;
        for (const Point& point : part.points) {
            // A part holds no point twice, so a sweep of one part needs no index.
            const auto [number, is_new] = several ? numbers.add(point) : std::pair(plan.points.size(), true);
            if (is_new) {
                plan.points.push_back(plan_point(point, sweep.protocol, plan.memory_limit_bytes, processors));
                plan.points.back().part = p;
            }
            if (plan.points[number].fate == Fate::time) timed.push_back(number);
        }
        add_groups(plan, part, timed, sweep.fields);
        for (const SkippedPoint& skipped : part.skipped) {
            if (unresolved.insert(skipped.id).second) plan.unresolved.push_back(skipped);
        }
    }
    for (PlannedGroup& group : plan.groups) {
        for (const std::size_t index : group.points) {
            group.trains = group.trains || plan.points[index].point.trains();
            group.needed_bytes += plan.points[index].needed_bytes - kProgramBytes;
        }
        group.needed_bytes += kProgramBytes;
    }
    sum_rounds(plan, sweep.protocol);
    return plan;
}

}  // namespace headcount
