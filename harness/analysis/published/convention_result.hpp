// Counts one problem the way others do: their formulas beside what we count, with the reason where they say nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/exact/expression.hpp"
#include "harness/analysis/published/table_result.hpp"
#include "harness/core/convention.hpp"

namespace headcount {

/// One number of one convention: `value`, or the reason why it says nothing.
struct ConventionCell {
    std::optional<Rational> value;    ///< in the convention's own unit
    std::string formula;              ///< "" where there is none
    std::string silent;               ///< why there is no value
    std::optional<Rational> of_ours;  ///< value over ours, both as they are printed: a MAC is not made two FLOP
};

/// What is counted: softmax(QK^T)V; the four projections; the two together.
enum class ConventionPart : std::uint8_t { core, projections, layer };
std::string_view to_string(ConventionPart part);

struct ConventionRow {
    ConventionPart part = ConventionPart::core;
    ConventionCell forward, backward, both;
};

struct ConventionResult {
    Convention convention;
    std::vector<ConventionRow> rows;                        ///< core and projections scope have one each
    std::vector<std::string> differences{};                 ///< those that hold for this point
    std::vector<std::pair<std::string, Rational>> apart{};  ///< what it keeps apart, of the forward core

    const ConventionRow* find(ConventionPart part) const;
};

/// Every convention on one point, in their order; the one named kOurConvention is what `of_ours` divides by. `ledger`
/// is that of counted numbers. A pass that cannot be counted leaves its cells blank, with the reason. Formulas that
/// read no count speak of standard attention: they are blank for a variant with a mask or weights of its own.
///
/// Throws UsageError "file: formula: what is wrong" for a bad expression or an unknown name.
std::vector<ConventionResult> evaluate_conventions(const std::vector<Convention>& conventions, const Point& point,
                                                   Ledger ledger, const CountFunction& count);

}  // namespace headcount
