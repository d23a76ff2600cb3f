// From a definition, written once over its scalar, to the check and to the required ledger.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "harness/core/counted.hpp"
#include "harness/core/dual.hpp"
#include "harness/judge/definition.hpp"
#include "harness/judge/given.hpp"
#include "harness/judge/steps.hpp"

namespace headcount::judge {

/// Adds one row to `to`.
void append(const Known<double>& out, ReferenceRows& to);

/// `definition` is a generic lambda without captures, (const auto& given, Row row) -> Known of one output row; `given`
/// is Given<T> for some scalar T. It says itself which keys the row sees, and shares no line with a forward pass.
template <class F>
Definition defined_by(const F& /*definition*/) {
    return {.answer =
                [](const Question& question, std::vector<Row> rows) {
                    const Given<double> given(question);
                    ReferenceRows result;
                    for (const Row row : rows) append(F{}(given, row), result);
                    result.rows = std::move(rows);
                    return result;
                },
            .required =
                [](const Question& question) {
                    const Given<Counted> given(question);
                    Counted::tally() = {};
                    for (std::int64_t b = 0; b < question.problem.batch; ++b) {
                        for (std::int64_t i = 0; i < question.problem.q_len; ++i) {
                            F{}(given, Row{.batch = b, .index = i});
                        }
                    }
                    return Counted::tally();
                },
            .slope =
                [](const Question& question, const std::vector<Row>& rows, const std::vector<double>& factors) {
                    const Given<Dual> given(question);
                    double sum = 0;
                    auto factor = factors.begin();
                    for (const Row row : rows) {
                        for (const Dual& out : F{}(given, row).value) sum += *factor++ * out.slope();
                    }
                    return sum;
                }};
}

}  // namespace headcount::judge
