#include "harness/measure/point/count.hpp"

#include <algorithm>
#include <string>

#include "harness/backend/all.hpp"
#include "harness/core/engine.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/train/trainer.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

/// Of an engine we know what its problem requires; what it executes and how it uses memory is its own affair.
void keep_what_the_problem_says(Count& count) {
    std::erase_if(count.ops, [](const OpPart& part) { return part.required == OpCost{}; });
    for (OpPart& part : count.ops) {
        part.executed = {};
        part.executed_known = false;
    }
    count.score_bytes = count.workspace_bytes = -1;
    count.workspace_reserved_bytes = 0;
}

/// One step of a training: forward, backward and update.
Count count_step(const Point& point) {
    const DryStep step = dry_step(point);
    Count count;
    count.ops = sum_parts(step.spans);
    count.parameters = step.parameters;
    count.kv_cache_bytes = step.cache_bytes;
    count.score_bytes = step.score_bytes;
    count.workspace_bytes = step.workspace_bytes;
    count.workspace_reserved_bytes = step.reserved_bytes;
    // Derivatives of all parameters, and two moments of each.
    count.inputs_bytes = 4 * step.learned_bytes + step.data_bytes;
    for (const OpSpan& span : step.spans) count.query_block = std::max(count.query_block, span.query_block);
    return count;
}

}  // namespace

Count count_point(const Point& point) {
    if (const std::string reason = why_unsupported(point); !reason.empty()) {
        throw UsageError(point.id() + " cannot be counted: " + reason);
    }
    if (point.trains()) return count_step(point);
    const Variant& variant = find_named(all_variants(), point.variant, "variant");
    const DryRun run = dry_run(point, variant, verbs_of(point));

    Count count;
    count.ops = sum_parts(run.spans);
    count.score_bytes = run.workspace.peak_bytes("scores");
    count.workspace_bytes = run.workspace.peak_bytes();
    count.workspace_reserved_bytes = run.workspace.reserved_bytes();
    count.parameters = run.layout.prepared.elements();
    count.kv_cache_bytes = run.cache_bytes;
    count.inputs_bytes = run.layout.bytes();
    count.kept_reserved_bytes = run.kept.bytes + run.kept.filling_bytes;
    if (run.backward != nullptr) {  // all of it once more: the derivatives
        count.score_bytes *= 2;
        count.workspace_bytes += run.backward->kept_bytes;
        count.workspace_reserved_bytes += run.backward->kept_reserved_bytes;
        count.inputs_bytes *= 2;
    }
    if (is_external(point)) {
        keep_what_the_problem_says(count);
        return count;
    }
    for (const OpSpan& span : run.spans) count.query_block = std::max(count.query_block, span.query_block);
    return count;
}

}  // namespace headcount
