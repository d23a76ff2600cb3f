// What a variant is: one attention algorithm, written once over backend verbs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/field.hpp"
#include "harness/judge/attention.hpp"
#include "variants/pass.hpp"
#include "variants/weights.hpp"

namespace headcount {

struct Variant {
    std::string summary;        ///< one line for `headcount list variants`
    std::string source;         ///< where the algorithm comes from
    std::string equation = {};  ///< what forward() computes, in the source's words; a line each for what it is made of
    std::vector<Field> own = {};  ///< options of its own (core/options.hpp)
    /// The function of (inputs, weights, options) that forward() computes, written without it; the check and the
    /// required ledger of tests follow from it.
    judge::Definition definition = judge::attention();
    /// Why this point cannot run; empty when it can. Null: it runs everything.
    std::string (*unsupported)(const Point& point) = nullptr;
    /// The weights that the harness fills for it. Null: the canonical ones.
    std::vector<WeightShape> (*weights)(const Point& point) = nullptr;
    /// Makes of these what forward() wants, outside the timer. The pass has those weights and no inputs; new tensors
    /// come from its workspace and are filled with verbs, so a dry run prepares too. Null: the weights as they are.
    Weights (*prepare)(Pass& pass) = nullptr;
    void (*forward)(Pass& pass) = nullptr;
    /// What forward() does in projections scope, written by itself. Null: its projections are not asked for alone.
    void (*projections)(Pass& pass) = nullptr;
    /// Whether scores and weights are tensors of the point's dtype, not only a backend's scratch. The check's bound
    /// then allows for the rounding of each (bf16).
    bool stores_scores = true;
    /// Its options in the layer above, for a network whose layers see further and further. Null: it has no such
    /// network.
    Settings (*wider)(const Point& point) = nullptr;
};

/// The pass that the point asks for.
inline void run_variant(const Variant& variant, Pass& pass) {
    (pass.problem.scope == Scope::projections ? variant.projections : variant.forward)(pass);
}

/// Why the variant cannot run this point; empty when it can.
inline std::string why_unsupported(const Variant& variant, const Point& point) {
    if (point.problem.scope == Scope::projections && variant.projections == nullptr) {
        return point.variant + " has no projections that are run alone; set scope to layer, or take multi_head";
    }
    return variant.unsupported == nullptr ? "" : variant.unsupported(point);
}

}  // namespace headcount
