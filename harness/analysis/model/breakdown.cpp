// Where the time goes: the traced pass, and the work it did, by share.
#include "harness/analysis/model/breakdown.hpp"

#include <algorithm>

#include "harness/core/roles.hpp"

namespace headcount {

namespace {

std::size_t named(std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(kShares, name, &Share::name) - kShares.begin());
}

/// The share of a product, its scale and its bias included.
std::size_t share_of_product(std::string_view role) {
    const std::string_view share = share_of_role(role);
    return named(share == "softmax" ? "other" : share);  // no product makes the weights
}

std::size_t index_of(const SpanRecord& span) {
    if (span.verb == "copy" || span.verb == "zero") return named("copies");
    if (span.verb == "attend" || span.verb == "attend_vjp") return named("fused");
    if (span.verb == "softmax_rows" || span.verb == "softmax_rows_vjp") return named("softmax");
    const bool of_products = span.verb == "matmul" || span.verb == "sum_rows";
    return of_products ? share_of_product(span.role) : named("other");
}

/// The share whose spans do this work; a fused core does all of the core's in one span.
std::size_t index_of(const OpPart& part, bool fused) {
    if (part.op == "copy") return named("copies");
    const std::size_t product = share_of_product(part.role);
    if (product == named("projections")) return product;
    if (fused) return named("fused");
    if (part.op == "softmax") return named("softmax");
    return part.op == "rescale" ? named("fused") : product;
}

}  // namespace

const Share& share_of(const SpanRecord& span) { return kShares[index_of(span)]; }

std::array<double, kShares.size()> shares_of(const PointRecord& record) {
    std::array<double, kShares.size()> seconds{};
    for (const SpanRecord& span : record.breakdown) seconds[index_of(span)] += span.seconds;
    return seconds;
}

std::array<OpCost, kShares.size()> work_of(const PointRecord& record) {
    const bool fused = std::ranges::any_of(
        record.breakdown, [](const SpanRecord& span) { return span.verb == "attend" || span.verb == "attend_vjp"; });
    std::array<OpCost, kShares.size()> work{};
    for (const OpPart& part : record.counted.ops) work[index_of(part, fused)] += part.executed;
    return work;
}

}  // namespace headcount
