// Is the answer right? One forward pass against its variant's definition, before anything is timed.
#pragma once

#include <cstdint>
#include <map>

#include "harness/journal/record.hpp"
#include "harness/judge/definition.hpp"
#include "harness/measure/point/gradient_check.hpp"
#include "harness/measure/point/inputs.hpp"

namespace headcount {

/// What the judge is handed: the problem, its inputs and the canonical weights, as they were before forward() ran.
judge::Question question_of(const PointData& data);

/// Keeps the references of the last question, one for each set of inputs, because the points of a comparison group
/// often share their problem.
class ReferenceCache {
public:
    const judge::ReferenceRows& of(const PointData& data);
    const GradientReference& gradient_of(const PointData& data);

private:
    /// Forgets what it has unless it is of the same question.
    void ask(const PointData& data);

    bool filled_ = false;
    Problem problem_;
    Settings own_;  ///< the variant's options
    judge::Definition definition_;
    bool stores_scores_ = true;
    std::uint64_t seed_ = 0;
    std::map<std::uint64_t, judge::ReferenceRows> rows_;  ///< by PointData::input_set
    std::map<std::uint64_t, GradientReference> gradients_;
};

/// Writes the same number into every element of a dense tensor.
void fill(const Tensor& t, double value);
/// With NaN, so that what is not written afterwards is seen.
void poison(const Tensor& out);

/// max_error, bound and worst speak of the element whose error is largest in units of its bound; a non-finite output
/// anywhere counts as infinitely wrong.
CheckRecord compare(const Tensor& out, const judge::ReferenceRows& reference);

/// True when a check was made and every error lies within its bound.
bool passed(const CheckRecord& check);

/// Runs forward once on a poisoned output and compares; of a backward pass the derivatives (gradient_check.hpp). A
/// backend that does not execute gives `done` = false.
CheckRecord check_point(PointData& data, ReferenceCache* cache = nullptr);

}  // namespace headcount
