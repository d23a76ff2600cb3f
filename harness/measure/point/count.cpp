#include "harness/measure/point/count.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "harness/backend/all.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/engine/engines.hpp"
#include "harness/measure/point/inputs.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

/// Keys and values of one layer as the run produced them: given in core scope, written by the projections in
/// layer scope.
std::int64_t kv_bytes(const Layout& layout, const std::vector<OpPart>& ops) {
    const Problem& p = layout.inputs.problem;
    if (p.scope == Scope::core) return layout.inputs.k.bytes() + layout.inputs.v.bytes();
    std::int64_t bytes = 0;
    for (const OpPart& part : ops) {
        if (part.op != "matmul") continue;
        if (part.role == "key" || part.role == "value") bytes += part.executed.bytes_written;
        if (part.role == "qkv") {
            bytes += part.executed.bytes_written - p.batch * p.q_len * p.query_width() * size_in_bytes(p.dtype);
        }
    }
    return bytes;
}

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

}  // namespace

Count count_point(const Point& point) {
    if (const std::string reason = why_unsupported(point); !reason.empty()) {
        throw UsageError(point.id() + " cannot be counted: " + reason);
    }
    const Variant& variant = find_named(all_variants(), point.variant, "variant");
    const BackendInfo& info = verbs_of(point);

    const std::unique_ptr<Backend> backend = dry(info.make(execution_of(point)));
    Workspace store = Workspace::dry();
    Workspace workspace = Workspace::dry();
    const Layout layout = lay_out(point.problem, variant, point.seed, *backend, store);
    OpLog log;
    backend->listen(&log);
    variant.forward(layout.inputs, layout.prepared, layout.out, *backend, workspace);

    Count count;
    count.ops = sum_parts(log.spans);
    count.score_bytes = workspace.peak_bytes("scores");
    count.workspace_bytes = workspace.peak_bytes();
    count.workspace_reserved_bytes = workspace.reserved_bytes();
    count.parameters = layout.prepared.elements();
    count.kv_cache_bytes = kv_bytes(layout, count.ops);
    count.inputs_bytes = layout.bytes();
    if (is_external(point)) {
        keep_what_the_problem_says(count);
        return count;
    }
    for (const OpSpan& span : log.spans) count.query_block = std::max(count.query_block, span.query_block);
    return count;
}

}  // namespace headcount
