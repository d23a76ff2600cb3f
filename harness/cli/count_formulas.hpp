// What a variant costs as formulas, found from exact counts of dry runs and checked on others.
#pragma once

#include <string>
#include <vector>

#include "harness/core/point.hpp"

namespace headcount {

/// One metric of the required ledger as a polynomial in fields.
struct CountFormula {
    std::string metric;        ///< as `headcount list metrics` names it
    std::string formula{};     ///< as evaluate() reads it; empty: no polynomial was found
    std::string only_where{};  ///< "each length is at least 4 times each option"; empty: everywhere
};

struct CountFormulas {
    std::vector<std::string> fields{};        ///< that the formulas may speak of
    std::vector<std::string> suppositions{};  ///< "num_kv_heads = num_heads": what the other fields are
    std::vector<CountFormula> formulas{};     ///< parameters, multiplies, exps, cache; empty: it never runs
};

/// Fields that `given` sets are numbers in the formulas. A polynomial goes through dry runs on a grid, of the degree in
/// each field that differences along it show; it is kept when it says the count of 40 other points, too, whose sizes
/// are drawn. Where that does not hold for some count with two lengths, and does with one, there is one (seq_len).
/// Throws UsageError for an unknown variant or a field that it does not have.
CountFormulas count_formulas(const PointSpec& given);

/// Lines of a report.
std::string formulas_as_text(const CountFormulas& found);

}  // namespace headcount
