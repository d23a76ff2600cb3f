// A claim understood: its metric, its kind, and how the points of its part fall into comparisons.
#include "harness/analysis/claims/claim_scope.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"

namespace headcount {

namespace {

bool contains(const std::vector<std::string>& list, std::string_view text) {
    return std::ranges::find(list, text) != list.end();
}

/// Fields in other words move together: what varies seq_len varies q_len and kv_len.
bool runs_over(const std::vector<std::string>& fields, const std::string& axis) {
    return std::ranges::any_of(
        fields, [&](const std::string& field) { return field == axis || one_sets_the_other(field, axis); });
}

}  // namespace

ClaimScope understand(const RecordSet& records, const ClaimSpec& spec) {
    try {
        ClaimScope claim{.spec = spec,
                         .metric = find_metric(spec.metric),
                         .kind = find_named(all_claim_kinds(), spec.kind, "claim kind"),
                         .part = records.part(spec.part),
                         .exact = true,
                         .own_fields = spec.across,
                         .combination_fields = {}};
        claim.exact = claim.kind.judges == Judges::either ? claim.metric.exact : claim.kind.judges == Judges::exact;
        if (claim.kind.grid != nullptr) {
            for (std::string& field : claim.kind.grid(spec)) claim.own_fields.push_back(std::move(field));
        }
        for (const std::string& field : claim.own_fields) records.fields().at(field);
        for (const auto& [field, value] : spec.base) records.fields().at(field);
        for (const auto& [field, values] : spec.where) records.fields().at(field);
        for (const std::string& axis : claim.part.fields) {
            if (!runs_over(claim.own_fields, axis)) claim.combination_fields.push_back(axis);
        }
        return claim;
    } catch (const UsageError& error) {
        if (!spec.location.empty() && std::string_view(error.what()).starts_with(spec.location)) throw;
        throw UsageError(
            fmt::format("{}: claim {}: {}", spec.location.empty() ? "config" : spec.location, spec.id, error.what()));
    }
}

bool ClaimScope::speaks_of(const Entry& entry) const {
    const bool base = !spec.base.empty() && is_base(entry);
    return std::ranges::all_of(spec.where, [&](const auto& wanted) {
        // The base belongs to its claim whatever `where` says of the fields that are compared.
        if (base && contains(spec.across, wanted.first)) return true;
        return contains(wanted.second, get_field(entry.point, wanted.first));
    });
}

std::string ClaimScope::combination_of(const Entry& entry) const {
    std::string text;
    for (const std::string& field : combination_fields) {
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field, get_field(entry.point, field));
    }
    return text;
}

bool ClaimScope::is_base(const Entry& entry) const {
    return std::ranges::all_of(
        spec.base, [&](const auto& wanted) { return get_field(entry.point, wanted.first) == wanted.second; });
}

}  // namespace headcount
