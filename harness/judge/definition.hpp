// What is right: the function that a variant says it computes, and the answers that follow from it.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/op_cost.hpp"
#include "harness/core/problem.hpp"
#include "harness/core/settings.hpp"
#include "harness/core/tensor.hpp"

namespace headcount::judge {

/// One query row of one batch entry, all its heads.
struct Row {
    std::int64_t batch = 0, index = 0;
    friend auto operator<=>(const Row&, const Row&) = default;
};

using Tensors = std::map<std::string, Tensor, std::less<>>;

/// What a variant was given.
struct Question {
    Problem problem;
    Settings own{};  ///< with the options of the variant
    /// Whether scores are a tensor of the problem's dtype, and are rounded as such.
    bool stores_scores = true;
    Tensors inputs;   ///< x_q, x_kv (in projections scope context, too); in core scope q, k, v
    Tensors weights;  ///< as they are before a variant packs them
    /// For slope(): beside the data of an input or a weight, a float64 tensor of the same extents, the direction in
    /// which it moves. What is not named stands still.
    std::map<const void*, Tensor> directions{};
};

/// The right answer on some rows and how far from it rounding may carry a correct kernel; `width` columns a row.
struct ReferenceRows {
    std::vector<Row> rows;
    std::int64_t width = 0;
    std::vector<double> out, bound;
};

/// Made by defined_by(). Two are equal when they were made of the same definition.
struct Definition {
    /// In float64. Rows of one batch entry should follow each other: what they share is computed once.
    ReferenceRows (*answer)(const Question& question, std::vector<Row> rows) = nullptr;
    /// The operations that all rows require, by a scalar that counts them.
    OpCost (*required)(const Question& question) = nullptr;
    /// How fast sum(factors * outputs of `rows`) grows while inputs and weights move along their directions, by a
    /// scalar that carries derivatives. `factors` has as many numbers a row as the output has columns.
    double (*slope)(const Question& question, const std::vector<Row>& rows,
                    const std::vector<double>& factors) = nullptr;

    friend bool operator==(const Definition&, const Definition&) = default;
};

/// All rows of a small problem; of a long one the first and the last and seeded random ones.
std::vector<Row> rows_to_check(const Problem& problem, std::uint64_t seed);

}  // namespace headcount::judge
