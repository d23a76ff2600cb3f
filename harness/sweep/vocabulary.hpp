// The names a config may use, handed in by the caller: sweep depends on neither variants nor analysis.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/field_table.hpp"
#include "harness/core/sweep.hpp"
#include "harness/sweep/preset.hpp"

namespace headcount {

struct Vocabulary {
    FieldTable fields{};  ///< those of every point and those that variants, backends and tasks declare
    std::vector<std::string> variants, backends, tasks, metrics, claim_kinds;
    /// Those for which `outcome` must be declared; a measured kind must not declare one.
    std::vector<std::string> exact_claim_kinds;
    /// Exact or measured as their metric is: one of these declares `outcome` unless the metric is measured.
    std::vector<std::string> either_claim_kinds{};
    std::vector<std::string> measured_metrics{};
    std::vector<Preset> presets;
    /// Optional: why this claim makes no sense (a malformed expression, say), or "". A UsageError thrown from
    /// here is reported the same way.
    std::function<std::string(const ClaimSpec&)> why_bad_claim = nullptr;

    /// Those that a field of names may have: variant, backend or task.
    const std::vector<std::string>& names(std::string_view field) const {
        if (field == "variant") return variants;
        return field == "backend" ? backends : tasks;
    }
};

}  // namespace headcount
